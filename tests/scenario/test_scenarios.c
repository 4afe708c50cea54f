/* test_scenarios - each *.scenario file of this folder says what happens; scenario.h says how it is written. */
#include "scenario.h"
#include "support/check.h"
#include "support/eol.h"
#include "support/site.h"
#include "support/slapd.h"

#include "base/hash.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define PEOPLE_MAX 32

struct person {
    const char *addr;
    struct pki_entity *entity; /* NULL: without a key */
};

struct stage {
    struct arena *arena;
    const char *path;
    struct site *site;
    struct slapd *slapd; /* NULL: there is no directory */
    struct person people[PEOPLE_MAX];
    size_t npeople;
    struct site_mail mail; /* that comes next */
    struct envelope connection;
};

static glob_t files;

#define fail_at(stage, line, ...)                                                                            \
    ck_abort_msg("%s:%u: %s", (stage)->path, (line), arena_printf((stage)->arena, __VA_ARGS__))

static const char *cut(const struct stage *stage, const char *text, size_t n)
{
    return arena_spandup(stage->arena, (struct span){text, n});
}

static struct pki_entity *entity_of(const struct stage *stage, const char *addr, unsigned line)
{
    for (size_t i = 0; i < stage->npeople; i++)
        if (strcmp(stage->people[i].addr, addr) == 0 && stage->people[i].entity != NULL)
            return stage->people[i].entity;
    fail_at(stage, line, "nobody of the site has the address and a key: %s", addr);
}

/* ---- the site ---- */

static void add_people(struct stage *stage, const struct part *part)
{
    for (size_t i = 0; i < part->n; i++) {
        const struct block *block = &part->blocks[i];
        struct person person = {.addr = block->rest};
        ck_assert_uint_lt(stage->npeople, PEOPLE_MAX);
        if (strcmp(block->word, "user") == 0)
            person.entity = site_user(stage->site, block->rest, PKI_P256);
        else if (strcmp(block->word, "partner") == 0)
            person.entity = site_partner(stage->site, block->rest, PKI_P256);
        else if (strcmp(block->word, "known") == 0)
            site_known(stage->site, block->rest, "");
        else
            continue;
        stage->people[stage->npeople++] = person;
    }
}

/* "{certificate ADDRESS}" becomes the fingerprint. */
static const char *with_fingerprints(struct stage *stage, const struct block *block)
{
    static const char mark[] = "{certificate ";
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    for (const char *at = block->text, *next; *at != '\0'; at = next) {
        next = strstr(at, mark);
        if (next == NULL) {
            buf_add_str(&out, at);
            break;
        }
        buf_add(&out, at, (size_t)(next - at));
        next += strlen(mark);
        const char *addr = cut(stage, next, strcspn(next, "}"));
        buf_add_str(&out, cert_info(entity_of(stage, addr, block->line)->cert)->fingerprint);
        next += strlen(addr) + 1;
    }
    return arena_strdup(stage->arena, buf_str(&out));
}

static void load_policy(struct stage *stage, const struct part *part)
{
    struct err err = ERR_INIT;
    struct policy_record record = {.text = with_fingerprints(stage, scenario_block(part, "policy")),
                                   .by = "test"};
    uint64_t version;
    record.files = arena_array(stage->arena, part->n, sizeof *record.files);
    record.digests = arena_array(stage->arena, part->n, sizeof *record.digests);
    for (size_t i = 0; i < part->n; i++) {
        if (strcmp(part->blocks[i].word, "file") != 0)
            continue;
        char *digest = arena_alloc(stage->arena, HASH_HEX_SIZE);
        ck_ok(store_put_list(stage->site->store, span_of(part->blocks[i].text), digest, &err));
        record.files[record.nfiles++] = part->blocks[i].rest;
        record.digests[record.ndigests++] = digest;
    }
    ck_ok(store_put_policy(stage->site->store, &record, &version, &err));
    snapshot_free(&stage->site->snapshot);
    ck_assert_msg(snapshot_load(stage->site->store, stage->site->settings, &stage->site->snapshot, &err) == 0,
                  "%s: %s", stage->path, err.msg);
}

static void check_policy(struct stage *stage)
{
    SEAL_CLEANUP(buf_fini) struct buf found = BUF_INIT(1u << 20);
    if (policy_check(stage->site->snapshot->policy, &found) > 0)
        ck_abort_msg("%s: %s", stage->path, buf_str(&found));
}

/* Those of the scenario, and where its directory is. */
static const char *settings_of(struct stage *stage, const struct part *part)
{
    const struct block *settings = scenario_block(part, "settings"),
                       *directory = scenario_block(part, "directory");
    const char *text = settings != NULL ? settings->text : "";
    if (directory == NULL)
        return text;
    stage->slapd = slapd_new(&(struct slapd_spec){.ldif = scenario_ldif(stage->arena, directory)});
    return arena_printf(stage->arena,
                        "%sdirectory = %s\ndirectory-starttls = no\ndirectory-base = dc=example\n", text,
                        stage->slapd->uri);
}

static void set_up(struct stage *stage, const struct part *part)
{
    ck_assert_msg(scenario_block(part, "policy") != NULL, "%s: no policy", stage->path);
    stage->site = site_new_with("our domains our.example\nrule \"all\"\n pass\n", settings_of(stage, part));
    add_people(stage, part);
    load_policy(stage, part);
    check_policy(stage);
}

/* ---- a message ---- */

/* "signed by A encrypted to B": what stands behind one of the words. */
static const char *word_after(struct stage *stage, const struct block *block, const char *words)
{
    const char *at = strstr(block->rest, words);
    if (at == NULL)
        return NULL;
    at += strlen(words);
    return cut(stage, at, strcspn(at, " "));
}

static struct span message_of(struct stage *stage, const struct block *block)
{
    const char *signer = word_after(stage, block, "signed by "),
               *to = word_after(stage, block, "encrypted to ");
    if (signer == NULL && to == NULL)
        return site_crlf(stage->site, block->text);
    const char *body = strstr(block->text, "\n\n");
    if (body == NULL)
        fail_at(stage, block->line, "expected header, empty line, entity");
    const char *headers = cut(stage, block->text, (size_t)(body + 1 - block->text)), *entity = body + 2;
    struct pki_entity *by = signer != NULL ? entity_of(stage, signer, block->line) : NULL;
    if (to == NULL)
        return site_signed(stage->site, headers, entity, by);
    struct span inner =
        by != NULL ? site_signed_entity(stage->site, entity, by, PKI_NOW) : site_crlf(stage->site, entity);
    return site_enveloped(stage->site, headers, inner, entity_of(stage, to, block->line));
}

static void read_message(struct stage *stage, const struct block *block)
{
    stage->mail.bytes = message_of(stage, block);
}

static void read_from(struct stage *stage, const struct block *block)
{
    stage->mail.from = *block->rest == '\0' ? NULL : block->rest;
}

static void read_to(struct stage *stage, const struct block *block)
{
    char *rest = arena_strdup(stage->arena, block->rest);
    size_t n = 0;
    memset(stage->mail.to, 0, sizeof stage->mail.to);
    for (char *at = strtok(rest, " "); at != NULL && n < SITE_TO_MAX; at = strtok(NULL, " "))
        stage->mail.to[n++] = at;
}

static void read_login(struct stage *stage, const struct block *block)
{
    stage->mail.login = *block->rest == '\0' ? NULL : block->rest;
}

static void read_local(struct stage *stage, const struct block *block)
{
    stage->mail.local = true;
    (void)block;
}

/* "192.0.2.7 host.example" */
static void read_client(struct stage *stage, const struct block *block)
{
    size_t n = strcspn(block->rest, " ");
    stage->mail.client = cut(stage, block->rest, n);
    stage->connection.client_name = block->rest[n] == '\0' ? NULL : block->rest + n + 1;
}

/* "587", "127.0.0.1:587", "587 submission" */
static void read_listener(struct stage *stage, const struct block *block)
{
    size_t n = strcspn(block->rest, " ");
    const char *where = cut(stage, block->rest, n), *colon = strrchr(where, ':');
    struct envelope *c = &stage->connection;
    c->listener_addr = colon == NULL ? "192.0.2.10" : cut(stage, where, (size_t)(colon - where));
    c->listener_port = (unsigned)strtoul(colon == NULL ? where : colon + 1, NULL, 10);
    c->listener_name = block->rest[n] == '\0' ? NULL : block->rest + n + 1;
}

static void read_tls(struct stage *stage, const struct block *block)
{
    stage->connection.tls_version = "TLSv1.3";
    stage->connection.tls_subject = *block->rest == '\0' ? NULL : block->rest;
}

/* "stopped"; at the site it says who is in it. */
static void read_directory(struct stage *stage, const struct block *block)
{
    if (strcmp(block->rest, "stopped") == 0)
        slapd_stop(stage->slapd);
}

/* ---- what is said of it ---- */

/* Blanks at the end of a line, and empty lines, are nothing that anybody sees. */
static const char *without_blanks(struct stage *stage, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    for (const char *at = text; *at != '\0'; at++) {
        bool begins = at == text || at[-1] == '\n';
        if (at[strspn(at, " ")] != '\n' || (*at == '\n' && !begins && out.ptr[out.len - 1] != '\n'))
            buf_add_char(&out, *at);
    }
    return arena_strdup(stage->arena, buf_str(&out));
}

static void same_text(struct stage *stage, const struct block *block, const char *text)
{
    const char *is = without_blanks(stage, text);
    if (strcmp(block->text, is) != 0)
        fail_at(stage, block->line, "%s is\n%s", block->word, is);
}

static void check_decision(struct stage *stage, const struct block *block)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    const struct outcome *outcome = stage->site->outcome;
    for (size_t i = 0; i < outcome->facts->nrcpts; i++) {
        buf_printf(&out, "%s: ", outcome->facts->rcpts[i].addr);
        decision_print(&outcome->decisions[i], &out);
        buf_add_char(&out, '\n');
    }
    same_text(stage, block, buf_str(&out));
}

static void check_plan(struct stage *stage, const struct block *block)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    plan_print(stage->site->outcome->plan, stage->site->outcome->facts, &out);
    same_text(stage, block, buf_str(&out));
}

static void check_verdict(struct stage *stage, const struct block *block)
{
    const struct outcome *outcome = stage->site->outcome;
    const char *is = outcome->reply == NULL ? verdict_name(outcome->verdict)
                                            : arena_printf(stage->arena, "%s %s",
                                                           verdict_name(outcome->verdict), outcome->reply);
    if (strcmp(is, block->rest) != 0)
        fail_at(stage, block->line, "the verdict is %s", is);
}

/* Each line stands in the text, or behind "without", does not. */
static void check_texts(struct stage *stage, const struct block *block, const char *in)
{
    static const char not [] = "without ";
    char *text = arena_strdup(stage->arena, block->text);
    unsigned line = block->line;
    for (char *at = strtok(text, "\n"); at != NULL; at = strtok(NULL, "\n")) {
        line++;
        bool absent = strncmp(at, not, strlen(not )) == 0;
        if ((strstr(in, absent ? at + strlen(not ) : at) != NULL) == absent)
            fail_at(stage, line, "%s %s\n%s", absent ? "there is" : "there is no", at, in);
    }
}

static void check_facts(struct stage *stage, const struct block *block)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    facts_print(stage->site->outcome->facts, &out);
    check_texts(stage, block, buf_str(&out));
}

/* What goes to an address: as a recipient, in place of one, or besides. */
static struct span message_for(struct stage *stage, const struct block *block)
{
    const struct outcome *outcome = stage->site->outcome;
    for (size_t i = 0; i < outcome->plan->ncopies; i++) {
        const struct copy *copy = &outcome->plan->copies[i];
        if (copy->to != NULL && strcmp(copy->to, block->rest) == 0)
            return site_copy(stage->site, i);
        for (size_t k = 0; k < copy->nrcpts && copy->to == NULL; k++)
            if (strcmp(outcome->facts->rcpts[copy->rcpts[k]].addr, block->rest) == 0)
                return site_copy(stage->site, i);
    }
    fail_at(stage, block->line, "nothing goes to %s", block->rest);
}

static void check_result(struct stage *stage, const struct block *block)
{
    check_texts(stage, block, without_cr(stage->arena, message_for(stage, block)));
}

static void check_notices(struct stage *stage, const struct block *block)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    const struct outcome *outcome = stage->site->outcome;
    for (size_t i = 0; i < outcome->plan->nnotices; i++)
        if (outcome->notices[i] != NULL)
            buf_add_str(&out, without_cr(stage->arena, spool_all(outcome->notices[i])));
    check_texts(stage, block, buf_str(&out));
}

static const struct word {
    const char *text;
    void (*act)(struct stage *stage, const struct block *block);
} in[] = {{"from", read_from},   {"to", read_to},           {"login", read_login},
          {"local", read_local}, {"client", read_client},   {"listener", read_listener},
          {"tls", read_tls},     {"message", read_message}, {"directory", read_directory}},
  out[] = {{"facts", check_facts},     {"decision", check_decision}, {"plan", check_plan},
           {"verdict", check_verdict}, {"result", check_result},     {"notice", check_notices}};

static size_t act_on(struct stage *stage, const struct part *part, const struct word *words, size_t nwords)
{
    size_t n = 0;
    for (size_t i = 0; i < part->n; i++)
        for (size_t k = 0; k < nwords; k++)
            if (strcmp(part->blocks[i].word, words[k].text) == 0) {
                words[k].act(stage, &part->blocks[i]);
                n++;
            }
    return n;
}

static void run_message(struct stage *stage, const struct part *usual, const struct part *part)
{
    stage->connection = (struct envelope){.queue_id = NULL};
    stage->mail = (struct site_mail){.connection = &stage->connection};
    act_on(stage, usual, in, SEAL_COUNT(in));
    size_t given = act_on(stage, part, in, SEAL_COUNT(in));
    if (site_run(stage->site, &stage->mail) < 0)
        fail_at(stage, part->line, "%s", stage->site->err.msg);
    size_t said = act_on(stage, part, out, SEAL_COUNT(out));
    if (said == 0 || given + said != part->n)
        fail_at(stage, part->line, "a word that nobody knows, or nothing is said of what happens");
    if (stage->slapd != NULL && stage->slapd->pid == 0)
        slapd_start(stage->slapd);
}

START_TEST(what_a_scenario_says_happens)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct stage stage = {.arena = arena, .path = files.gl_pathv[_i]};
    const struct scenario *scenario = scenario_read(arena, stage.path);
    ck_assert_msg(scenario->n > 1, "%s: no message", stage.path);
    set_up(&stage, &scenario->parts[0]);
    for (size_t i = 1; i < scenario->n; i++)
        run_message(&stage, &scenario->parts[0], &scenario->parts[i]);
    site_free(&stage.site);
    slapd_free(&stage.slapd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("scenario");
    TCase *t = tcase_create("scenarios");
    glob(TESTS_DIR "/scenario/*/*.scenario", 0, NULL, &files);
    tcase_add_loop_test(t, what_a_scenario_says_happens, 0, (int)files.gl_pathc);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
