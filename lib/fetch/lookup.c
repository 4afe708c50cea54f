/* lookup - in rounds: the next question of each address that is not settled, all at once. */
#include "fetch/lookup.h"

#include "base/addr.h"
#include "fetch/host.h"
#include "fetch/http.h"
#include "fetch/url.h"

#include <string.h>

struct question {
    const struct key_server *server;
    const char *url;
    const char *host; /* NULL: the settings name it */
    bool instead;     /* of the one before, when that one's host does not exist */
};

struct state {
    struct lookup *lookup;
    struct question *questions;
    size_t n, at;
    bool failed;  /* some server could not be asked */
    bool reached; /* some server said something */
};

struct run {
    const struct lookup_settings *settings;
    struct arena *arena;
    const struct lookup_taker *taker;
    struct state *states;
    size_t n;
};

/* ---- whom to ask ---- */

static bool is_for(const struct key_server *server, const char *addr)
{
    for (size_t i = 0; i < server->patterns.n; i++)
        if (addr_matches(addr, server->patterns.items[i]))
            return true;
    return server->patterns.n == 0;
}

bool lookup_asks(const struct lookup_settings *settings, const char *addr)
{
    for (size_t i = 0; i < settings->nservers; i++)
        if (is_for(&settings->servers[i], addr))
            return true;
    return false;
}

bool lookup_asks_any_domain(const struct lookup_settings *settings)
{
    for (size_t i = 0; i < settings->nservers; i++) {
        const struct key_server *server = &settings->servers[i];
        if (server->kind == KEY_SERVER_WKD && server->base == NULL && server->patterns.n == 0)
            return true;
    }
    return false;
}

static void add_question(struct state *state, struct question question)
{
    if (question.url != NULL)
        state->questions[state->n++] = question;
}

static void add_questions(struct arena *arena, const struct key_server *server, struct state *state)
{
    const char *addr = state->lookup->addr;
    struct question question = {.server = server};
    if (server->kind == KEY_SERVER_HKP)
        question.url = url_hkp(arena, server->base, addr);
    else
        question.url =
            url_wkd_advanced(arena, server->base, addr, server->base == NULL ? &question.host : NULL);
    add_question(state, question);
    if (server->kind == KEY_SERVER_HKP || server->base != NULL)
        return;
    question.instead = true;
    question.url = url_wkd_direct(arena, addr, &question.host);
    add_question(state, question);
}

static void plan(struct run *run, struct lookup *lookup, struct state *state)
{
    state->lookup = lookup;
    state->questions = arena_array(run->arena, 2 * run->settings->nservers, sizeof *state->questions);
    for (size_t i = 0; i < run->settings->nservers; i++)
        if (is_for(&run->settings->servers[i], lookup->addr))
            add_questions(run->arena, &run->settings->servers[i], state);
    *lookup = (struct lookup){.addr = lookup->addr, .answer = FIND_ABSENT};
}

/* ---- what it said ---- */

static bool is_pending(const struct state *state)
{
    return state->lookup->answer != FIND_FOUND && state->at < state->n;
}

static void note(struct run *run, struct state *state, const char *why)
{
    const struct question *question = &state->questions[state->at];
    const char *before = state->lookup->why;
    const char *server = question->host != NULL ? question->host : question->server->name;
    state->lookup->why = arena_printf(run->arena, "%s%s%s: %s", before != NULL ? before : "",
                                      before != NULL ? "; " : "", server, why);
}

/* Nothing can be at a host that is not there; that a name server does not answer is another thing. */
static bool is_nowhere(const struct question *question, const struct http_get *get)
{
    return get->answer == FIND_FAILED && get->no_host && question->host != NULL &&
           host_exists(question->host) == ANSWER_NO;
}

static void go_on(struct state *state, bool nowhere)
{
    state->at++;
    while (!nowhere && state->at < state->n && state->questions[state->at].instead)
        state->at++;
}

static void settle(struct run *run, struct state *state, const struct http_get *get)
{
    const struct question *question = &state->questions[state->at];
    const char *why = get->err.msg;
    enum find answer = get->answer;
    bool nowhere = is_nowhere(question, get);
    state->reached |= answer != FIND_FAILED;
    if (answer == FIND_FOUND)
        answer = run->taker->take(run->taker->arg, (size_t)(state - run->states), question->server,
                                  buf_span(&get->body), &why);
    else if (answer == FIND_ABSENT)
        why = "has no key";
    switch (answer) {
    case FIND_FOUND:
        state->lookup->answer = FIND_FOUND;
        state->lookup->server = question->server;
        return;
    case FIND_FAILED:
        state->failed |= !nowhere;
        break;
    case FIND_ABSENT:
        break;
    }
    note(run, state, nowhere ? "there is no such host" : why);
    go_on(state, nowhere);
}

/* No server has it. */
static void settle_at_last(const struct state *state)
{
    struct lookup *lookup = state->lookup;
    if (lookup->answer == FIND_FOUND)
        return;
    lookup->answer = state->failed ? FIND_FAILED : FIND_ABSENT;
    lookup->no_host = !state->failed && !state->reached && state->n > 0;
}

/* ---- rounds ---- */

static unsigned share_of_time(const struct run *run)
{
    size_t rounds = 1;
    for (size_t i = 0; i < run->n; i++)
        rounds = run->states[i].n > rounds ? run->states[i].n : rounds;
    return run->settings->timeout * 1000 / (unsigned)rounds;
}

/* Returns how many were asked. */
static size_t ask_round(struct run *run, unsigned timeout_ms)
{
    struct http_get gets[LOOKUP_MAX];
    struct state *asked[LOOKUP_MAX];
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        struct state *state = &run->states[i];
        if (!is_pending(state))
            continue;
        const struct question *question = &state->questions[state->at];
        gets[n] = (struct http_get){.url = question->url,
                                    .place = question->host != NULL ? HTTP_PUBLIC : HTTP_NAMED,
                                    .ca_file = run->settings->ca_file,
                                    .timeout_ms = timeout_ms};
        asked[n++] = state;
    }
    http_get_all(gets, n);
    for (size_t i = 0; i < n; i++) {
        settle(run, asked[i], &gets[i]);
        buf_fini(&gets[i].body);
    }
    return n;
}

void lookup_all(const struct lookup_settings *settings, struct arena *arena, struct lookup *lookups, size_t n,
                const struct lookup_taker *taker)
{
    struct run run = {.settings = settings,
                      .arena = arena,
                      .taker = taker,
                      .states = arena_array(arena, n, sizeof *run.states),
                      .n = n};
    for (size_t i = 0; i < n; i++)
        plan(&run, &lookups[i], &run.states[i]);
    unsigned timeout_ms = share_of_time(&run);
    while (ask_round(&run, timeout_ms) > 0)
        continue;
    for (size_t i = 0; i < n; i++)
        settle_at_last(&run.states[i]);
}
