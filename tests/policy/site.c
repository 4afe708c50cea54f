#include "site.h"

#include "support/check.h"

#include <string.h>

static const unsigned all_facts =
    FACTS_BASE | FACTS_USERS | FACTS_KEYS | FACTS_OPENED | FACTS_DIRECTORY | FACTS_LOOKUPS | FACTS_CARRIED;

#define PARTNERS "a.example # all of them\nr2@b.example\n*.x.example\n"
#define OTHERS   "bob@example.org\nr?@b.example\n"
static const struct policy_file files[] = {
    {"/partners", {PARTNERS, sizeof PARTNERS - 1}},
    {"/others", {OTHERS, sizeof OTHERS - 1}},
};

struct site *site_new(const char *policy)
{
    struct err err = ERR_INIT;
    struct site *site = xcalloc(1, sizeof *site);
    site->arena = arena_new(256u << 20);
    ck_ok(policy_parse("policy.conf", span_of(policy), files, SEAL_COUNT(files), &site->policy, &err));
    ck_ok(settings_parse(
        site->arena, "sealmilter.conf",
        span_of("hostname = mx.example.org\ninject = 127.0.0.1:10026\nheader-protection = no\n"),
        &site->settings, &err));
    site->facts = (struct facts){.have = all_facts,
                                 .submitter = SUBMITTER_LOGIN,
                                 .sender = "alice@example.org",
                                 .from = "alice@example.org",
                                 .size = 1000,
                                 .subject = "",
                                 .sender_registered = ANSWER_YES,
                                 .views = site->views,
                                 .nviews = 1};
    site->facts.rcpts = arena_array(site->arena, SITE_RCPTS_MAX, sizeof *site->facts.rcpts);
    site->views[0] = (struct view){.opened = -1, .signer_cert = -1};
    site_key(&site->facts.sign[METHOD_SMIME], 0, "rsa");
    site_no_key(&site->facts.sign[METHOD_OPENPGP]);
    site_no_key(&site->facts.autocrypt);
    return site;
}

void site_free(struct site *site)
{
    policy_free(&site->policy);
    arena_free(&site->arena);
    free(site);
}

void site_key(struct key_fact *fact, int key, const char *kind)
{
    static const char *const names[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};
    *fact = (struct key_fact){.usable = ANSWER_YES,
                              .key = key,
                              .fingerprint = names[key % 8],
                              .kind = kind,
                              .cipher = "aes256-cbc",
                              .why = "newest"};
}

void site_no_key(struct key_fact *fact)
{
    *fact = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "none known"};
}

struct rcpt_facts *site_rcpt_of_kind(struct site *site, const char *addr, enum direction direction,
                                     const char *kind)
{
    ck_assert_uint_lt(site->facts.nrcpts, SITE_RCPTS_MAX);
    struct rcpt_facts *rcpt = &site->facts.rcpts[site->facts.nrcpts++];
    *rcpt = (struct rcpt_facts){
        .addr = arena_strdup(site->arena, addr), .direction = direction, .registered = ANSWER_YES};
    for (enum method m = METHOD_SMIME; m < METHODS; m++)
        site_no_key(&rcpt->encrypt[m]);
    if (kind != NULL)
        site_key(&rcpt->encrypt[METHOD_SMIME], (int)site->facts.nrcpts, kind);
    return rcpt;
}

struct rcpt_facts *site_rcpt(struct site *site, const char *addr, enum direction direction)
{
    return site_rcpt_of_kind(site, addr, direction, "rsa");
}

void site_arrives(struct site *site, enum method signed_by, enum method encrypted_by)
{
    struct facts *facts = &site->facts;
    facts->submitter = SUBMITTER_NONE;
    facts->sender = facts->from = "kurt@bank.example";
    facts->sender_registered = ANSWER_NO;
    facts->signed_by = signed_by;
    facts->encrypted_by = encrypted_by;
    facts->nviews = 2;
    site_no_key(&facts->sign[METHOD_SMIME]);
    if (encrypted_by != METHOD_NONE) {
        site->views[0].decryption = DECRYPTION_NO_KEY;
    } else if (signed_by != METHOD_NONE) {
        site->views[0].signature = SIGNATURE_GOOD;
        site->views[0].may_harvest = true;
    }
    site->views[1] = (struct view){.decryption = DECRYPTION_OPENED,
                                   .signature = SIGNATURE_GOOD,
                                   .signer = "kurt@bank.example",
                                   .opened = 0,
                                   .may_harvest = true};
}

void site_header(struct site *site, const char *name, const char *value)
{
    struct facts *facts = &site->facts;
    size_t cap = 0; /* a new array each time: tests have few fields */
    struct header_fact *headers = arena_grow(site->arena, NULL, 0, &cap, sizeof *headers);
    ck_assert_uint_lt(facts->nheaders, cap);
    if (facts->nheaders > 0)
        memcpy(headers, facts->headers, facts->nheaders * sizeof *headers);
    headers[facts->nheaders++] = (struct header_fact){.name = name, .value = value};
    facts->headers = headers;
}

void site_keyword(struct site *site, const char *name)
{
    struct facts *facts = &site->facts;
    const char **keywords = arena_array(site->arena, facts->nkeywords + 1, sizeof *keywords);
    for (size_t i = 0; i < facts->nkeywords; i++)
        keywords[i] = facts->keywords[i];
    keywords[facts->nkeywords++] = name;
    facts->keywords = keywords;
}

unsigned site_needs(struct site *site)
{
    struct err err = ERR_INIT;
    int needs =
        decide(site->policy, site->settings, &site->facts, site->arena, &site->trace, &site->decisions, &err);
    ck_assert_msg(needs >= 0, "%s", err.msg);
    return (unsigned)needs;
}

const struct decision *site_decide(struct site *site)
{
    ck_assert_uint_eq(site_needs(site), 0);
    return site->decisions;
}

struct plan *site_plan(struct site *site)
{
    struct err err = ERR_INIT;
    site_decide(site);
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    return site->plan;
}

static void print_ops(const struct op *ops, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        op_print(&ops[i], out);
    }
}

static void print_reply(const char *status, const char *text, struct buf *out)
{
    if (status != NULL)
        buf_printf(out, " %s", status);
    else if (text != NULL)
        buf_printf(out, " \"%s\"", text);
}

const char *site_ops(struct site *site, size_t rcpt)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    const struct decision *decision = &site->decisions[rcpt];
    if (decision->disposition != DISPOSITION_SERVE) {
        buf_add_str(&out, disposition_name(decision->disposition));
        print_reply(decision->reply_status, decision->reply_text, &out);
    } else {
        print_ops(decision->ops, decision->nops, &out);
    }
    if (decision->redirect != NULL)
        buf_printf(&out, " > %s", decision->redirect);
    for (size_t i = 0; i < decision->nextras; i++) {
        buf_printf(&out, " + %s: ", decision->extras[i].to);
        print_ops(decision->extras[i].ops, decision->extras[i].nops, &out);
    }
    for (size_t i = 0; i < decision->nnotices; i++) {
        buf_printf(&out, " ! %s", notice_kind_name(decision->notices[i].kind));
        for (size_t k = 0; k < decision->notices[i].nto; k++)
            buf_printf(&out, " %s", decision->notices[i].to[k]);
    }
    return arena_strdup(site->arena, buf_str(&out));
}

static void print_rcpts(const struct site *site, const size_t *rcpts, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, " %s", site->facts.rcpts[rcpts[i]].addr);
}

const char *site_plan_text(struct site *site)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    const struct plan *plan = site->plan;
    buf_add_str(&out, disposition_name(plan->disposition));
    for (size_t i = 0; i < plan->ncopies; i++) {
        const struct copy *copy = &plan->copies[i];
        buf_add_str(&out, ";");
        if (copy->to != NULL)
            buf_printf(&out, " %s %s for", copy->extra ? "+" : ">", copy->to);
        print_rcpts(site, copy->rcpts, copy->nrcpts, &out);
        buf_add_str(&out, ": ");
        print_ops(copy->ops, copy->nops, &out);
    }
    for (size_t i = 0; i < plan->nnotices; i++) {
        buf_printf(&out, "; ! %s", notice_kind_name(plan->notices[i].kind));
        for (size_t k = 0; k < plan->notices[i].nto; k++)
            buf_printf(&out, " %s", plan->notices[i].to[k]);
        buf_add_str(&out, " about");
        print_rcpts(site, plan->notices[i].rcpts, plan->notices[i].nrcpts, &out);
    }
    return arena_strdup(site->arena, buf_str(&out));
}

bool site_noted(const struct decision *decision, const char *text)
{
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], text) != NULL)
            return true;
    return false;
}
