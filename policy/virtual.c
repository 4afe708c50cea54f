/* virtual - facts as they are stated. */
#include "policy/virtual.h"

#include "conf/network.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct rcpt_facts *last_rcpt(const struct virtual *v)
{
    return v->facts->nrcpts == 0 ? NULL : &v->facts->rcpts[v->facts->nrcpts - 1];
}

/* ---- envelope ---- */

static void new_party(const struct virtual *v, struct party_facts *party)
{
    party->groups = arena_array(v->arena, v->policy->ngroups, sizeof *party->groups);
    party->attributes = arena_array(v->arena, v->policy->nattributes, sizeof *party->attributes);
    for (size_t i = 0; i < v->policy->ngroups; i++)
        party->groups[i] = ANSWER_NO;
    for (size_t i = 0; i < v->policy->nattributes; i++)
        party->attributes[i].known = ANSWER_NO;
}

void virtual_begin(struct virtual *v, const struct policy *policy, const struct settings *settings,
                   struct arena *arena)
{
    *v = (struct virtual){.policy = policy,
                          .settings = settings,
                          .arena = arena,
                          .facts = arena_alloc(arena, sizeof *v->facts)};
    *v->facts = (struct facts){.size = 10000, .subject = "", .sender_registered = ANSWER_UNASKED};
    new_party(v, &v->facts->sender_party);
}

static const char *add_rcpt(struct virtual *v, const char *addr)
{
    struct facts *facts = v->facts;
    size_t n = facts->nrcpts++;
    facts->rcpts = arena_grow(v->arena, facts->rcpts, n, &v->rcpts_cap, sizeof *facts->rcpts);
    v->rcpts = arena_grow(v->arena, v->rcpts, n, &v->more_rcpts_cap, sizeof *v->rcpts);
    facts->rcpts[n] = (struct rcpt_facts){.addr = addr, .registered = ANSWER_UNASKED};
    for (enum method m = METHOD_NONE; m < METHODS; m++)
        facts->rcpts[n].encrypt[m] = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "none known"};
    v->rcpts[n] = (struct virtual_rcpt){.opened = ANSWER_UNASKED, .verified = -1};
    new_party(v, &facts->rcpts[n].party);
    return NULL;
}

static const char *one_address(const struct condition *c)
{
    return c->nvalues == 1 && strchr(c->values[0], '@') != NULL && strpbrk(c->values[0], "*?") == NULL
               ? c->values[0]
               : NULL;
}

static const char *state_address(struct virtual *v, const struct condition *c)
{
    const char *addr = one_address(c);
    if (addr == NULL)
        return "a message has one From address, and each recipient a 'to' of its own: no wildcards, no "
               "domains";
    if (c->kind == CONDITION_TO)
        return add_rcpt(v, addr);
    v->facts->from = addr;
    return NULL;
}

/* ---- who sends it ---- */

static const char *state_listener(struct virtual *v, const char *text)
{
    char host[256];
    struct err why = ERR_INIT;
    if (strspn(text, "0123456789") == strlen(text)) {
        v->envelope.listener_port = (unsigned)strtoul(text, NULL, 10);
        return NULL;
    }
    if (strchr(text, ':') == NULL) {
        v->envelope.listener_name = text;
        return NULL;
    }
    if (endpoint_split(text, host, sizeof host, &v->envelope.listener_port, &why) < 0)
        return "expected PORT, ADDRESS:PORT or a name";
    v->envelope.listener_addr = arena_strdup(v->arena, host);
    return NULL;
}

static const char *state_client(struct virtual *v, const struct condition *c)
{
    const char *value = c->nvalues > 0 ? c->values[0] : NULL;
    v->placed = true;
    if (c->nvalues > 1)
        return "expected one value";
    if (c->kind == CONDITION_CLIENT)
        v->envelope.client_addr = value;
    else if (c->kind == CONDITION_CLIENT_NAME)
        v->envelope.client_name = value;
    else if (c->kind == CONDITION_LISTENER)
        return state_listener(v, value);
    else if (c->kind == CONDITION_LOGIN)
        v->envelope.login = value != NULL ? value : "somebody";
    else {
        v->envelope.tls_version = "TLSv1.3";
        v->envelope.tls_subject = value;
    }
    return NULL;
}

static const char *state_untold(struct virtual *v, const struct condition *c)
{
    *(c->kind == CONDITION_CLIENT ? &v->client_untold : &v->listener_untold) = true;
    return NULL;
}

/* ---- what is in it ---- */

static const char *state_header(struct virtual *v, const struct condition *c)
{
    struct facts *facts = v->facts;
    if (c->nvalues != 1 || c->test != TEXT_IS)
        return "expected 'is' and one value";
    facts->headers =
        arena_grow(v->arena, facts->headers, facts->nheaders, &v->headers_cap, sizeof *facts->headers);
    facts->headers[facts->nheaders++] = (struct header_fact){.name = c->name, .value = c->values[0]};
    if (strcasecmp(c->name, "Subject") == 0)
        facts->subject = c->values[0];
    return NULL;
}

static const char *state_keywords(struct virtual *v, const struct condition *c)
{
    struct facts *facts = v->facts;
    for (size_t i = 0; i < c->nvalues; i++) {
        facts->keywords = arena_grow(v->arena, facts->keywords, facts->nkeywords, &v->keywords_cap,
                                     sizeof *facts->keywords);
        facts->keywords[facts->nkeywords++] = c->values[i];
    }
    return NULL;
}

static const char *state_attachment(struct virtual *v, const struct condition *c)
{
    struct facts *facts = v->facts;
    if (c->nvalues > 1 || c->ntypes > 1)
        return "expected one name and one type";
    facts->attachments = arena_grow(v->arena, facts->attachments, facts->nattachments, &v->attachments_cap,
                                    sizeof *facts->attachments);
    facts->attachments[facts->nattachments++] =
        (struct attachment_fact){.name = c->nvalues > 0 ? c->values[0] : "",
                                 .type = c->ntypes > 0 ? c->types[0] : "application/octet-stream"};
    return NULL;
}

/* The lowest value of a set. */
static unsigned value_of(unsigned set)
{
    return (unsigned)__builtin_ctz(set);
}

static const char *state_verified(struct virtual *v, const struct condition *c)
{
    if (last_rcpt(v) == NULL)
        return "expected 'to' before what a recipient may see";
    v->rcpts[v->facts->nrcpts - 1].verified = (int)value_of(c->set);
    return NULL;
}

/* ---- what is looked up ---- */

static const char *state_registered(struct virtual *v, const struct stated *stated)
{
    if ((stated->condition->set & BIT(PARTY_SENDER)) != 0)
        v->facts->sender_registered = stated->answer;
    if ((stated->condition->set & BIT(PARTY_RECIPIENT)) == 0)
        return NULL;
    if (last_rcpt(v) == NULL)
        return "expected 'to' before what is true of a recipient";
    last_rcpt(v)->registered = stated->answer;
    return NULL;
}

static const char *state_possible(struct virtual *v, const struct stated *stated)
{
    struct rcpt_facts *rcpt = last_rcpt(v);
    if (rcpt == NULL)
        return "expected 'to' before what is possible for a recipient";
    for (enum method m = METHOD_SMIME; m < METHODS; m++) {
        bool usable = stated->answer == ANSWER_YES;
        if ((stated->condition->set & BIT(m)) != 0)
            rcpt->encrypt[m] = (struct key_fact){.usable = stated->answer,
                                                 .key = usable ? (int)v->facts->nrcpts : -1,
                                                 .fingerprint = "virtual",
                                                 .kind = "rsa",
                                                 .cipher = "aes256-cbc",
                                                 .why = "stated"};
    }
    return NULL;
}

static struct party_facts *party_of(struct virtual *v, const struct condition *c)
{
    if (c->party == PARTY_SENDER)
        return &v->facts->sender_party;
    return last_rcpt(v) != NULL ? &last_rcpt(v)->party : NULL;
}

static const char *state_group(struct virtual *v, const struct stated *stated, const char *name)
{
    for (size_t i = 0; i < v->policy->ngroups; i++) {
        const struct policy_group *group = &v->policy->groups[i];
        if (group->name == NULL || strcmp(group->name, name) != 0)
            continue;
        if (group->list != NULL)
            return "the group is a file: the address tells who is in it";
        party_of(v, stated->condition)->groups[i] = stated->answer;
        return NULL;
    }
    return "no rule of the policy asks for this group";
}

static const char *state_groups(struct virtual *v, const struct stated *stated)
{
    const struct condition *c = stated->condition;
    const char *why = NULL;
    if (party_of(v, c) == NULL)
        return "expected 'to' before the groups of a recipient";
    for (size_t i = 0; i < c->ngroups && why == NULL; i++) {
        const char *name = stated->words->groups[c->groups[i]].name;
        why = name == NULL ? "whether an address stands in a file is told by the address"
                           : state_group(v, stated, name);
    }
    return why;
}

static const char *state_attribute(struct virtual *v, const struct stated *stated)
{
    const struct condition *c = stated->condition;
    struct party_facts *party = party_of(v, c);
    if (party == NULL)
        return "expected 'to' before the attributes of a recipient";
    if (stated->answer == ANSWER_YES && c->test != TEXT_IS)
        return "expected 'is' and its values";
    for (size_t i = 0; i < v->policy->nattributes; i++) {
        if (strcasecmp(v->policy->attributes[i], c->name) != 0)
            continue;
        party->attributes[i] =
            (struct attribute_fact){.known = stated->answer, .values = c->values, .n = c->nvalues};
        return NULL;
    }
    return "no rule of the policy asks for this attribute";
}

/* ---- all of them ---- */

static const char *state_look_up(struct virtual *v, const struct stated *stated)
{
    if (stated->condition->kind == CONDITION_REGISTERED)
        return state_registered(v, stated);
    if (stated->condition->kind == CONDITION_POSSIBLE)
        return state_possible(v, stated);
    return stated->condition->kind == CONDITION_ATTRIBUTE ? state_attribute(v, stated)
                                                          : state_groups(v, stated);
}

static const char *state_plain(struct virtual *v, const struct condition *c)
{
    struct facts *facts = v->facts;
    switch (c->kind) {
    case CONDITION_DIRECTION:
        v->directions |= c->set;
        return NULL;
    case CONDITION_FROM:
    case CONDITION_TO:
        return state_address(v, c);
    case CONDITION_CLIENT:
    case CONDITION_CLIENT_NAME:
    case CONDITION_LISTENER:
    case CONDITION_LOGIN:
    case CONDITION_TLS:
        return state_client(v, c);
    case CONDITION_HEADER:
        return state_header(v, c);
    case CONDITION_KEYWORD:
        return state_keywords(v, c);
    case CONDITION_ATTACHMENT:
        return state_attachment(v, c);
    case CONDITION_SIGNED:
        facts->signed_by = value_of(c->set);
        return NULL;
    case CONDITION_ENCRYPTED:
        facts->encrypted_by = value_of(c->set);
        return NULL;
    case CONDITION_PRIORITY:
        facts->priority = value_of(c->set);
        return NULL;
    case CONDITION_SENSITIVITY:
        facts->sensitivity = value_of(c->set);
        return NULL;
    case CONDITION_TRAIT:
        facts->traits |= c->set;
        return NULL;
    case CONDITION_VERIFIED:
        return state_verified(v, c);
    case CONDITION_SIZE_OVER:
    case CONDITION_SIZE_UNDER:
        facts->size = (size_t)c->size;
        return NULL;
    case CONDITION_GROUP:
    case CONDITION_FILE:
    case CONDITION_ATTRIBUTE:
    case CONDITION_REGISTERED:
    case CONDITION_POSSIBLE:
        break;
    }
    return "cannot be stated";
}

static bool is_look_up(enum condition_kind kind)
{
    return kind == CONDITION_REGISTERED || kind == CONDITION_POSSIBLE || kind == CONDITION_GROUP ||
           kind == CONDITION_FILE || kind == CONDITION_ATTRIBUTE;
}

static bool is_told_by_the_mta(enum condition_kind kind)
{
    return kind == CONDITION_CLIENT || kind == CONDITION_LISTENER;
}

const char *virtual_state(struct virtual *v, const struct stated *stated)
{
    if (is_look_up(stated->condition->kind))
        return state_look_up(v, stated);
    if (stated->answer == ANSWER_UNKNOWN && is_told_by_the_mta(stated->condition->kind))
        return state_untold(v, stated->condition);
    if (stated->answer != ANSWER_YES)
        return "what is not stated is not so: 'not' and 'unknown' stand before registered, possible, group, "
               "attribute, opened and key, and 'unknown' before client and listener";
    return state_plain(v, stated->condition);
}
