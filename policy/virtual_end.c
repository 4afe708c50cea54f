/* virtual_end - what nobody stated of a virtual message. */
#include "policy/submitter.h"
#include "policy/virtual.h"

#include <string.h>
#include <strings.h>

#define SUBMITTED (BIT(DIRECTION_OUTBOUND) | BIT(DIRECTION_INTERNAL))

/* A client of which nothing is stated is in no network, and came in by no listener. */
static void end_client(struct virtual *v)
{
    struct facts *facts = v->facts;
    const struct envelope *env = &v->envelope;
    bool has_listener = env->listener_addr != NULL || env->listener_port != 0 || env->listener_name != NULL;
    facts->client_addr = env->client_addr != NULL || v->client_untold ? env->client_addr : "";
    facts->client_name = env->client_name;
    facts->login = env->login;
    facts->tls_version = env->tls_version;
    facts->tls_subject = env->tls_subject;
    facts->listener_addr = env->listener_addr;
    facts->listener_port = env->listener_port;
    facts->listener_name = has_listener || v->listener_untold ? env->listener_name : "";
}

static void end_submitter(struct virtual *v)
{
    struct facts *facts = v->facts;
    bool ours = facts->from != NULL && policy_is_ours(v->policy, facts->from);
    if (!v->placed && (v->directions != 0 ? (v->directions & SUBMITTED) != 0 : ours))
        v->envelope.login = facts->from != NULL ? facts->from : "somebody";
    facts->submitter = submitter_of(v->settings, v->policy, &v->envelope);
    end_client(v);
}

static enum answer registered_by_default(const struct virtual *v, enum answer stated, const char *addr)
{
    if (stated != ANSWER_UNASKED)
        return stated;
    return addr != NULL && policy_is_ours(v->policy, addr) ? ANSWER_YES : ANSWER_NO;
}

static bool says(const struct header_fact *field, const struct keyword *keyword)
{
    if (keyword->subject != NULL)
        return strcasecmp(field->name, "Subject") == 0 && strcasestr(field->value, keyword->subject) != NULL;
    return strcasecmp(field->name, keyword->header) == 0 &&
           strcasecmp(field->value, keyword->header_value) == 0;
}

static bool has_keyword(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->nkeywords; i++)
        if (strcmp(facts->keywords[i], name) == 0)
            return true;
    return false;
}

static void end_keywords(struct virtual *v)
{
    struct facts *facts = v->facts;
    for (size_t i = 0; i < v->policy->nkeywords && facts->submitter != SUBMITTER_NONE; i++) {
        const struct keyword *keyword = &v->policy->keywords[i];
        bool said = false;
        for (size_t k = 0; k < facts->nheaders; k++)
            said = said || says(&facts->headers[k], keyword);
        if (!said || has_keyword(facts, keyword->name))
            continue;
        facts->keywords = arena_grow(v->arena, facts->keywords, facts->nkeywords, &v->keywords_cap,
                                     sizeof *facts->keywords);
        facts->keywords[facts->nkeywords++] = keyword->name;
    }
}

static void add_header(struct virtual *v, const char *name, const char *value)
{
    struct facts *facts = v->facts;
    for (size_t i = 0; i < facts->nheaders; i++)
        if (strcasecmp(facts->headers[i].name, name) == 0)
            return;
    facts->headers =
        arena_grow(v->arena, facts->headers, facts->nheaders, &v->headers_cap, sizeof *facts->headers);
    facts->headers[facts->nheaders++] = (struct header_fact){.name = name, .value = value};
}

/* Something said of one method's key says nothing of the other's. */
static enum answer signing_answer(const struct virtual *v, enum method method)
{
    const struct facts *facts = v->facts;
    if (v->signing[method] != ANSWER_UNASKED || method != METHOD_SMIME)
        return v->signing[method] == ANSWER_UNASKED ? ANSWER_NO : v->signing[method];
    return facts->sender_registered == ANSWER_YES && facts->may_sign ? ANSWER_YES : ANSWER_NO;
}

static void end_keys(struct virtual *v)
{
    struct facts *facts = v->facts;
    facts->may_sign = submitter_may_sign(v->policy, facts, &v->envelope);
    for (enum method m = METHOD_NONE; m < METHODS; m++) {
        enum answer usable = signing_answer(v, m);
        facts->sign[m] =
            (struct key_fact){.usable = usable,
                              .key = usable == ANSWER_YES ? 0 : -1,
                              .fingerprint = "virtual",
                              .kind = "rsa",
                              .why = facts->may_sign ? "stated" : "the client may not sign for From"};
    }
    facts->autocrypt = facts->sign[METHOD_OPENPGP];
    facts->fixed = arena_array(v->arena, v->policy->ncertificates, sizeof *facts->fixed);
    for (size_t i = 0; i < v->policy->ncertificates; i++)
        facts->fixed[i] = (struct key_fact){.usable = ANSWER_YES,
                                            .key = (int)(1 + facts->nrcpts + i),
                                            .fingerprint = v->policy->certificates[i],
                                            .kind = "rsa",
                                            .cipher = "aes256-cbc",
                                            .why = "taken to be there"};
}

static struct view view_of(const struct virtual *v, enum decryption decryption, enum signature signature)
{
    const char *from = v->facts->from;
    bool opened = decryption == DECRYPTION_OPENED, has_signer = signature != SIGNATURE_NONE;
    return (struct view){.decryption = decryption,
                         .signature = signature,
                         .decryption_why = decryption == DECRYPTION_NO_KEY        ? "no key of the recipient"
                                           : decryption == DECRYPTION_UNSUPPORTED ? "not by S/MIME"
                                                                                  : NULL,
                         .signer = has_signer ? from : NULL,
                         .signer_fp = has_signer ? "virtual" : NULL,
                         .opened = opened ? 0 : -1,
                         .signer_cert = has_signer && from != NULL ? 0 : -1,
                         .may_harvest = from != NULL &&
                                        (signature == SIGNATURE_GOOD || signature == SIGNATURE_UNTRUSTED)};
}

static bool is_opened(const struct virtual *v, size_t i)
{
    const struct rcpt_facts *rcpt = &v->facts->rcpts[i];
    bool here = rcpt->direction == DIRECTION_INBOUND || rcpt->direction == DIRECTION_INTERNAL;
    if (v->facts->encrypted_by != METHOD_SMIME || !here)
        return false;
    return v->rcpts[i].opened == ANSWER_UNASKED ? rcpt->registered == ANSWER_YES
                                                : v->rcpts[i].opened == ANSWER_YES;
}

/* Keys that are attached to what anybody can read are taken to be stored by then. */
static void carry_keys(struct virtual *v)
{
    static const struct carried_key kept = {.kept = ANSWER_YES, .name = "key.asc", .fingerprint = "virtual"};
    struct facts *facts = v->facts;
    for (size_t i = 0; i < facts->nattachments; i++) {
        if (strcasecmp(facts->attachments[i].type, "application/pgp-keys") != 0 ||
            facts->encrypted_by != METHOD_NONE || facts->signed_by != METHOD_NONE)
            continue;
        facts->brings_keys = true;
        facts->views[0].carried = arena_memdup(v->arena, &kept, sizeof kept);
        facts->views[0].ncarried = 1;
    }
}

/* View 0 is the message as it came; who opens it sees it as stated for him. */
static void end_views(struct virtual *v)
{
    struct facts *facts = v->facts;
    enum signature outside = SIGNATURE_NONE;
    for (size_t i = 0; i < facts->nrcpts; i++)
        if (!is_opened(v, i) && v->rcpts[i].verified > SIGNATURE_NONE && facts->signed_by == METHOD_NONE)
            facts->signed_by = METHOD_SMIME;
    if (facts->signed_by == METHOD_SMIME && facts->encrypted_by == METHOD_NONE)
        outside = SIGNATURE_GOOD;
    facts->views = arena_array(v->arena, 1 + facts->nrcpts, sizeof *facts->views);
    facts->nviews = 1;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        int stated = v->rcpts[i].verified;
        facts->rcpts[i].view = is_opened(v, i) ? facts->nviews : 0;
        if (is_opened(v, i))
            facts->views[facts->nviews++] =
                view_of(v, DECRYPTION_OPENED, stated >= 0 ? (enum signature)stated : SIGNATURE_NONE);
        else if (stated >= 0)
            outside = (enum signature)stated;
    }
    enum decryption decryption = facts->encrypted_by == METHOD_NONE    ? DECRYPTION_NONE
                                 : facts->encrypted_by == METHOD_SMIME ? DECRYPTION_NO_KEY
                                                                       : DECRYPTION_UNSUPPORTED;
    facts->views[0] = view_of(v, decryption, outside);
    carry_keys(v);
}

static const char *end_rcpts(struct virtual *v)
{
    struct facts *facts = v->facts;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        struct rcpt_facts *rcpt = &facts->rcpts[i];
        rcpt->direction = submitter_direction(v->policy, facts->submitter, rcpt->addr);
        rcpt->registered = registered_by_default(v, rcpt->registered, rcpt->addr);
        if (v->directions != 0 && (v->directions & BIT(rcpt->direction)) == 0)
            return arena_printf(v->arena, "is stated to be otherwise, but for %s it is %s", rcpt->addr,
                                direction_name(rcpt->direction));
    }
    return NULL;
}

const char *virtual_end(struct virtual *v)
{
    struct facts *facts = v->facts;
    if (facts->nrcpts == 0)
        return "has no 'to'";
    if (facts->from == NULL)
        return "has no 'from'";
    if (facts->sender == NULL)
        facts->sender = facts->from;
    end_submitter(v);
    facts->is_report = (facts->traits & BIT(TRAIT_REPORT)) != 0 || *facts->sender == '\0';
    if (*facts->sender == '\0')
        facts->traits |= BIT(TRAIT_AUTOMATIC);
    facts->sender_registered = registered_by_default(v, facts->sender_registered, facts->from);
    const char *why = end_rcpts(v);
    add_header(v, "From", facts->from);
    end_keywords(v);
    end_keys(v);
    end_views(v);
    facts->have = FACTS_BASE | FACTS_USERS | FACTS_KEYS | FACTS_OPENED | FACTS_DIRECTORY | FACTS_LOOKUPS |
                  FACTS_CARRIED;
    return why;
}
