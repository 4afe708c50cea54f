/* lookup - in rounds: the next question of each address that is not settled, all at once. */
#include "fetch/lookup.h"

#include "base/addr.h"
#include "directory/directory.h"
#include "fetch/host.h"
#include "fetch/http.h"
#include "fetch/url.h"

#include <string.h>

struct question {
    const struct key_server *server;
    const char *url;  /* NULL: a server of LDAP needs none */
    const char *host; /* NULL: the settings name it */
    bool instead;     /* of the one before, when that one's host does not exist */
};

struct state {
    struct lookup *lookup;
    struct question *questions;
    size_t n, at;
    const struct question *now; /* of this round; NULL: none */
    bool failed;                /* some server could not be asked */
    bool reached;               /* some server said something */
};

struct run {
    const struct lookup_settings *settings;
    int64_t (*clock_ms)(void);
    struct directory *shared; /* NULL: none */
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
    state->questions[state->n++] = question;
}

/* No directory has an address whose domain is no host. */
static void add_wkd(struct arena *arena, const struct key_server *server, struct state *state)
{
    const char *addr = state->lookup->addr;
    struct question question = {.server = server};
    question.url = url_wkd_advanced(arena, server->base, addr, server->base == NULL ? &question.host : NULL);
    if (question.url == NULL)
        return;
    add_question(state, question);
    if (server->base != NULL)
        return;
    question.instead = true;
    question.url = url_wkd_direct(arena, addr, &question.host);
    add_question(state, question);
}

static void add_questions(struct arena *arena, const struct key_server *server, struct state *state)
{
    switch (server->kind) {
    case KEY_SERVER_WKD:
        add_wkd(arena, server, state);
        break;
    case KEY_SERVER_HKP:
        add_question(state, (struct question){.server = server,
                                              .url = url_hkp(arena, server->base, state->lookup->addr)});
        break;
    case KEY_SERVER_LDAP:
        add_question(state, (struct question){.server = server});
        break;
    }
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
    const struct question *question = state->now;
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

/* The answer to one question. */
struct said {
    enum find answer; /* FIND_FAILED: and yet there may be some keys */
    bool nowhere;
    const struct directory_key *keys;
    size_t nkeys;
    const char *why;
};

/* All of them, though one would do: of the others too one learns what became of them. */
static enum find take_keys(struct run *run, const struct state *state, const struct said *said,
                           const char **why)
{
    bool found = false, failed = said->answer == FIND_FAILED;
    *why = said->why;
    for (size_t i = 0; i < said->nkeys; i++) {
        const struct lookup_offer offer = {
            .server = state->now->server, .octets = said->keys[i].octets, .revoked = said->keys[i].revoked};
        const char *reason = NULL;
        switch (run->taker->take(run->taker->arg, (size_t)(state - run->states), &offer, &reason)) {
        case FIND_FOUND:
            found = true;
            break;
        case FIND_FAILED:
            failed = true;
            *why = reason;
            break;
        case FIND_ABSENT:
            *why = failed ? *why : reason;
            break;
        }
    }
    return found ? FIND_FOUND : failed ? FIND_FAILED : FIND_ABSENT;
}

static void settle(struct run *run, struct state *state, const struct said *said)
{
    const char *why;
    enum find answer = take_keys(run, state, said, &why);
    state->reached |= said->answer != FIND_FAILED;
    switch (answer) {
    case FIND_FOUND:
        state->lookup->answer = FIND_FOUND;
        state->lookup->server = state->now->server;
        return;
    case FIND_FAILED:
        state->failed |= !said->nowhere;
        break;
    case FIND_ABSENT:
        break;
    }
    note(run, state, said->nowhere ? "there is no such host" : why);
    go_on(state, said->nowhere);
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

static void settle_get(struct run *run, struct state *state, const struct http_get *get)
{
    const struct directory_key body = {.octets = buf_span(&get->body)};
    settle(run, state,
           &(struct said){.answer = get->answer,
                          .nowhere = is_nowhere(state->now, get),
                          .keys = &body,
                          .nkeys = get->answer == FIND_FOUND,
                          .why = get->answer == FIND_ABSENT ? "has no key" : get->err.msg});
}

static void ask_http(struct run *run, unsigned timeout_ms)
{
    struct http_get gets[LOOKUP_MAX];
    struct state *asked[LOOKUP_MAX];
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        const struct question *question = run->states[i].now;
        if (question == NULL || question->url == NULL)
            continue;
        gets[n] = (struct http_get){.url = question->url,
                                    .place = question->host != NULL ? HTTP_PUBLIC : HTTP_NAMED,
                                    .ca_file = run->settings->ca_file,
                                    .timeout_ms = timeout_ms};
        asked[n++] = &run->states[i];
    }
    http_get_all(gets, n);
    for (size_t i = 0; i < n; i++) {
        settle_get(run, asked[i], &gets[i]);
        buf_fini(&gets[i].body);
    }
}

static bool is_asked(const struct run *run, const struct key_server *server)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->states[i].now != NULL && run->states[i].now->server == server)
            return true;
    return false;
}

static struct directory *take_directory(const struct run *run, const struct key_server *server)
{
    return run->shared != NULL && directory_is_of(run->shared, server->directory)
               ? directory_ref(run->shared)
               : directory_new(server->directory, run->clock_ms);
}

/* All addresses over one connection. */
static void ask_ldap(struct run *run, const struct key_server *server, unsigned timeout_ms)
{
    struct directory_keys keys[LOOKUP_MAX];
    struct state *asked[LOOKUP_MAX];
    size_t n = 0;
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct directory *directory = take_directory(run, server);
    for (size_t i = 0; i < run->n; i++) {
        if (run->states[i].now == NULL || run->states[i].now->server != server)
            continue;
        keys[n] = (struct directory_keys){.addr = run->states[i].lookup->addr};
        asked[n++] = &run->states[i];
    }
    int status = directory_find_keys(directory, arena, timeout_ms, keys, n, &err);
    for (size_t i = 0; i < n; i++)
        settle(run, asked[i],
               status < 0 ? &(struct said){.answer = FIND_FAILED, .why = err.msg}
                          : &(struct said){.answer = keys[i].answer,
                                           .keys = keys[i].keys,
                                           .nkeys = keys[i].nkeys,
                                           .why = keys[i].why});
    directory_free(&directory);
    arena_free(&arena);
}

/* Those of HTTP at once, then each of LDAP: so many shares of the round's time. */
static unsigned count_shares(const struct run *run)
{
    unsigned http = 0, ldap = 0;
    for (size_t i = 0; i < run->settings->nservers; i++) {
        const struct key_server *server = &run->settings->servers[i];
        if (!is_asked(run, server))
            continue;
        if (server->kind == KEY_SERVER_LDAP)
            ldap++;
        else
            http = 1;
    }
    return http + ldap;
}

/* false: nobody is left to be asked. */
static bool ask_round(struct run *run, unsigned timeout_ms)
{
    for (size_t i = 0; i < run->n; i++) {
        struct state *state = &run->states[i];
        state->now = is_pending(state) ? &state->questions[state->at] : NULL;
    }
    unsigned shares = count_shares(run);
    if (shares == 0)
        return false;
    ask_http(run, timeout_ms / shares);
    for (size_t i = 0; i < run->settings->nservers; i++) {
        const struct key_server *server = &run->settings->servers[i];
        if (server->kind == KEY_SERVER_LDAP && is_asked(run, server))
            ask_ldap(run, server, timeout_ms / shares);
    }
    return true;
}

void lookup_all(const struct lookup_settings *settings, int64_t (*clock_ms)(void), struct directory *shared,
                struct arena *arena, struct lookup *lookups, size_t n, const struct lookup_taker *taker)
{
    struct run run = {.settings = settings,
                      .clock_ms = clock_ms,
                      .shared = shared,
                      .arena = arena,
                      .taker = taker,
                      .states = arena_array(arena, n, sizeof *run.states),
                      .n = n};
    for (size_t i = 0; i < n; i++)
        plan(&run, &lookups[i], &run.states[i]);
    unsigned timeout_ms = share_of_time(&run);
    while (ask_round(&run, timeout_ms))
        continue;
    for (size_t i = 0; i < n; i++)
        settle_at_last(&run.states[i]);
}
