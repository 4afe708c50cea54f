/*
 * gather - step 3: what can be known of a message, a class of facts at a time, for all recipients at once.
 *
 * The base class needs no look-up. The others read the store in one transaction, and judge what they read after it: none is open during
 * cryptography. A look-up that fails leaves ANSWER_UNKNOWN in the fact; deciding tempfails where a rule depends on it.
 */
#include "gate/internal.h"

#include "base/addr.h"
#include "mime/date.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* R7: exactly one From field with exactly one mailbox, or nobody is taken to have sent this. */
static int gather_from(struct work *work, const struct header *header, struct err *err)
{
    struct facts *facts = work->facts;
    size_t n = header_count(header, "From");
    if (n != 1) {
        facts->from_why = n == 0 ? "no From field" : "several From fields";
        return 0;
    }
    struct mailbox_list list;
    if (header_addresses(work->arena, header_find(header, "From", 0)->value, &list, err) < 0)
        return -1;
    if (list.trouble != NULL)
        facts->from_why = list.trouble;
    else if (list.n != 1 || list.group)
        facts->from_why = "From does not name exactly one mailbox";
    else {
        facts->from = list.boxes[0].addr;
        work->from_exact = list.boxes[0].exact;
    }
    return 0;
}

static void gather_headers(struct work *work, const struct header *header)
{
    struct facts *facts = work->facts;
    facts->headers = arena_array(work->arena, header->n, sizeof *facts->headers);
    facts->nheaders = header->n;
    facts->subject = "";
    for (size_t i = 0; i < header->n; i++) {
        const struct field *field = &header->fields[i];
        struct header_fact *fact = &facts->headers[i];
        fact->name = arena_spandup(work->arena, field->name);
        fact->value = header_decode(work->arena, field->value);
        if (strcasecmp(fact->name, "Subject") == 0 && *facts->subject == '\0')
            facts->subject = fact->value;
    }
}

static void gather_date(struct work *work, const struct header *header)
{
    const struct field *field = header_find(header, "Date", 0);
    work->date = field == NULL ? 0 : date_parse(field->value);
}

/* policy/policy.h's keywords as xform's; the arrays live in the message's arena. */
const struct xform_keyword *gather_keywords(struct work *work, size_t *n_out)
{
    const struct keyword *keywords = policy_keywords(work->snapshot->policy, n_out);
    struct xform_keyword *copies = arena_array(work->arena, *n_out, sizeof *copies);
    for (size_t i = 0; i < *n_out; i++)
        copies[i] = (struct xform_keyword){.name = keywords[i].name,
                                           .subject = keywords[i].subject,
                                           .header = keywords[i].header,
                                           .header_value = keywords[i].header_value};
    return copies;
}

const char *const *gather_marks(struct work *work, size_t *n_out)
{
    const struct settings *s = work->snapshot->settings;
    const char *const own[] = {s->tag_opened, s->tag_signed, s->tag_invalid, s->tag_unauthenticated};
    size_t n;
    const char *const *tags = policy_tags(work->snapshot->policy, &n);
    const char **all = arena_array(work->arena, SEAL_COUNT(own) + n, sizeof *all);
    memcpy(all, own, sizeof own);
    for (size_t i = 0; i < n; i++)
        all[SEAL_COUNT(own) + i] = tags[i];
    *n_out = SEAL_COUNT(own) + n;
    return all;
}

static bool has_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Keywords act on submitted mail only (R5). */
static void find_keywords(struct work *work)
{
    struct facts *facts = work->facts;
    if (facts->submitter == SUBMITTER_NONE)
        return;
    size_t n;
    const struct xform_keyword *keywords = gather_keywords(work, &n);
    facts->keywords = arena_array(work->arena, n, sizeof *facts->keywords);
    for (size_t i = 0; i < n; i++)
        if (!has_name(facts->keywords, facts->nkeywords, keywords[i].name) &&
            keyword_find(facts->headers, facts->nheaders, &keywords[i]))
            facts->keywords[facts->nkeywords++] = keywords[i].name;
}

struct addresses {
    const char **items;
    size_t n, cap;
};

static int compare_addresses(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Addresses that every recipient can read in the header, sorted; who is not among them is hidden. */
static int listed_addresses(struct work *work, const struct header *header, struct addresses *out,
                            struct err *err)
{
    static const char *const names[] = {"To", "Cc", "Resent-To", "Resent-Cc"};
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        const struct field *field;
        for (size_t k = 0; (field = header_find(header, names[i], k)) != NULL; k++) {
            struct mailbox_list list;
            if (header_addresses(work->arena, field->value, &list, err) < 0)
                return -1;
            for (size_t b = 0; b < list.n; b++) {
                out->items = arena_grow(work->arena, out->items, out->n, &out->cap, sizeof *out->items);
                out->items[out->n++] = list.boxes[b].addr;
            }
        }
    }
    if (out->n > 1)
        qsort(out->items, out->n, sizeof *out->items, compare_addresses);
    return 0;
}

static bool is_listed(const struct addresses *listed, const char *addr)
{
    return listed->n > 0 &&
           bsearch(&addr, listed->items, listed->n, sizeof *listed->items, compare_addresses) != NULL;
}

/*
 * "b%far.example@our.example", "far.example!b", "\"b@far.example\"@our.example": the MTA takes its own domain away and sends the rest
 * on to a place for which nothing was decided. It lets only those do so who submit.
 */
static bool is_routed(const struct work *work, const char *addr)
{
    const char *domain = addr_domain(addr);
    const char *host =
        work->envelope->mta_host != NULL ? work->envelope->mta_host : work->snapshot->settings->hostname;
    size_t local = *domain != '\0' ? (size_t)(domain - 1 - addr) : 0;
    if (work->facts->submitter == SUBMITTER_NONE || strcspn(addr, "%!@") >= local)
        return false;
    return policy_is_ours(work->snapshot->policy, addr) || strcasecmp(domain, host) == 0;
}

static int gather_rcpts(struct work *work, const struct header *header, struct err *err)
{
    struct facts *facts = work->facts;
    struct addresses listed = {.n = 0};
    if (listed_addresses(work, header, &listed, err) < 0)
        return -1;
    facts->nrcpts = work->envelope->nrcpts;
    facts->rcpts = arena_array(work->arena, facts->nrcpts, sizeof *facts->rcpts);
    work->rcpts = arena_array(work->arena, facts->nrcpts, sizeof *work->rcpts);
    for (size_t i = 0; i < facts->nrcpts; i++) {
        struct rcpt_facts *rcpt = &facts->rcpts[i];
        rcpt->addr = work->envelope->rcpts[i].addr;
        if (is_routed(work, rcpt->addr))
            return err_set(err, ERR_SYNTAX, "recipient %s: a route in the local part", rcpt->addr);
        rcpt->direction = submitter_direction(work->snapshot->policy, facts->submitter, rcpt->addr);
        rcpt->hidden = !is_listed(&listed, rcpt->addr);
        for (size_t m = 0; m < METHODS; m++)
            rcpt->encrypt[m].key = -1;
    }
    return 0;
}

/* What is too large to be looked into stays as it is: never taken for ciphertext, opened or called signed. */
static int gather_structure(struct work *work, struct err *err)
{
    struct facts *facts = work->facts;
    facts->opaque_why = work->table.opaque_why;
    if (structure_look(work->arena, work->message, &work->table, &work->gate->spool, &work->structure, err) <
        0) {
        if (err->code != ERR_LIMIT)
            return -1;
        facts->opaque_why = arena_strdup(work->arena, err->msg);
        err_clear(err);
        structure_fini(&work->structure);
        work->structure = (struct structure){.signed_by = METHOD_NONE};
    }
    if (work->snapshot->settings->openpgp.in_text)
        structure_allow_text(&work->structure);
    if (work->structure.encrypted_by == METHOD_OPENPGP && pgp_is_off(work))
        work->structure.outside = (struct outside){.why = "OpenPGP is switched off"};
    facts->signed_by = work->structure.signed_by;
    facts->encrypted_by = work->structure.encrypted_by;
    facts->encrypted_in_text = work->structure.in_text;
    facts->signed_inside = work->structure.signed_part_inside;
    return 0;
}

/* A name that the MTA could not verify is none: Postfix says "unknown", Sendmail puts the address in brackets. */
static const char *verified_name(const char *name)
{
    return name == NULL || *name == '[' || strcasecmp(name, "unknown") == 0 ? NULL : name;
}

static void gather_client(struct facts *facts, const struct envelope *envelope)
{
    facts->client_addr = envelope->client_addr;
    facts->client_name = verified_name(envelope->client_name);
    facts->login = envelope->login;
    facts->tls_version = envelope->tls_version;
    facts->tls_subject = envelope->tls_subject;
    facts->listener_addr = envelope->listener_addr;
    facts->listener_port = envelope->listener_port;
    facts->listener_name = envelope->listener_name;
}

int gather_base(struct work *work, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct facts *facts = work->facts;
    if (part_parse(work->arena, work->message, &limits, &work->table, err) < 0)
        return -1;
    const struct header *header = &work->table.parts[0].header;
    facts->have = FACTS_BASE;
    facts->sender = work->envelope->sender != NULL ? work->envelope->sender : "";
    facts->submitter = submitter_of(work->snapshot->settings, work->snapshot->policy, work->envelope);
    facts->size = work->message.len;
    gather_headers(work, header);
    gather_date(work, header);
    if (gather_from(work, header, err) < 0 || gather_rcpts(work, header, err) < 0 ||
        gather_structure(work, err) < 0)
        return -1;
    gather_client(facts, work->envelope);
    facts->may_sign = submitter_may_sign(work->snapshot->policy, facts, work->envelope);
    gather_content(work);
    find_keywords(work);
    facts->is_report = *facts->sender == '\0' || part_is(&work->table.parts[0], "multipart", "report");
    for (size_t m = 0; m < METHODS; m++)
        facts->sign[m].key = -1;
    facts->autocrypt.key = -1;
    return arena_check(work->arena, err);
}

static enum answer answer_registered(struct store_read *read, const char *addr)
{
    struct user_record user;
    struct err ignored = ERR_INIT; /* the answer says it: could not find out */
    switch (store_find_user(read, addr, &user, &ignored)) {
    case FIND_FOUND:
        return user.enabled ? ANSWER_YES : ANSWER_NO;
    case FIND_ABSENT:
        return ANSWER_NO;
    case FIND_FAILED:
        break;
    }
    return ANSWER_UNKNOWN;
}

static void gather_users(struct work *work, struct store_read *read)
{
    struct facts *facts = work->facts;
    const char *sender = facts->from != NULL ? facts->from : facts->sender;
    facts->sender_registered = *sender == '\0' ? ANSWER_NO : answer_registered(read, sender);
    for (size_t i = 0; i < facts->nrcpts; i++)
        facts->rcpts[i].registered = answer_registered(read, facts->rcpts[i].addr);
}

static bool is_ours_to_open(const struct rcpt_facts *rcpt)
{
    return rcpt->direction == DIRECTION_INBOUND || rcpt->direction == DIRECTION_INTERNAL;
}

static int load(struct work *work, struct store_read *read, unsigned classes, struct err *err)
{
    struct facts *facts = work->facts;
    if ((classes & FACTS_USERS) != 0)
        gather_users(work, read);
    if ((classes & FACTS_KEYS) != 0 && facts->from != NULL)
        load_keys(work, read, facts->from, &work->sender);
    if ((classes & FACTS_KEYS) != 0)
        load_fixed(work, read);
    if ((classes & FACTS_KEYS) != 0)
        lookup_recall(work, read);
    if ((classes & FACTS_DIRECTORY) != 0)
        recall_parties(work, read);
    if ((classes & FACTS_OPENED) != 0 && load_signers(work, read, err) < 0)
        return -1;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        struct rcpt_facts *rcpt = &facts->rcpts[i];
        if ((classes & FACTS_KEYS) != 0)
            load_certs(work, read, rcpt->addr, &work->rcpts[i]);
        if ((classes & FACTS_OPENED) != 0 && is_ours_to_open(rcpt))
            load_keys(work, read, rcpt->addr, &work->rcpts[i]);
    }
    return 0;
}

int gather(struct work *work, unsigned classes, struct err *err)
{
    if ((classes & work->facts->have) != 0)
        return err_set(err, ERR_BUG, "facts asked for twice: %u", classes & work->facts->have);
    struct store_read *read = NULL;
    if (store_read_begin(work->gate->store, work->arena, &read, err) < 0)
        return -1;
    int status = load(work, read, classes, err);
    store_read_end(&read);
    if (status < 0)
        return -1;
    if ((classes & FACTS_DIRECTORY) != 0 && ask_directory(work, err) < 0)
        return -1;
    if ((classes & FACTS_KEYS) != 0 && select_keys(work, err) < 0)
        return -1;
    if ((classes & FACTS_LOOKUPS) != 0 && lookup_keys(work, err) < 0)
        return -1;
    if ((classes & FACTS_OPENED) != 0 && open_views(work, err) < 0)
        return -1;
    if ((classes & FACTS_CARRIED) != 0)
        gather_carried(work);
    work->facts->have |= classes;
    return arena_check(work->arena, err);
}
