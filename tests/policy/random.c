#include "random.h"

#include <stdio.h>
#include <string.h>

/* A generator of our own (xorshift64*), so that a seed gives the same case everywhere. */
static uint64_t state;

void random_seed(uint64_t n)
{
    state = n * 0x9e3779b97f4a7c15u + 1;
}

unsigned random_below(unsigned n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1du) >> 33) % n;
}

#define PICK(array) ((array)[random_below(SEAL_COUNT(array))])

static bool one_in(unsigned n)
{
    return random_below(n) == 0;
}

/* ---- policies ---- */

static const char *const patterns[] = {"a.example",      "b.example",    "*.a.example",       "r1@a.example",
                                       "r2@b.example",   "r?@a.example", "*@b.example",       "*",
                                       "r3@*",           "example.org",  "alice@example.org", "bob@*.org",
                                       "nobody.example", "x.a.example"};

static const char *const conditions[] = {
    "outbound",
    "inbound",
    "internal or outbound",
    "transit",
    "keyword k",
    "keyword k or l",
    "signed",
    "signed with smime",
    "encrypted",
    "encrypted with openpgp",
    "size over 1K",
    "size under 1K",
    "registered sender",
    "registered recipient",
    "registered sender or recipient",
    "header X-A",
    "header X-A is one or two",
    "header X-A contains wo",
    "header X-A like t*",
    "subject contains hello",
    "subject is \"hello world\"",
    "from group Board or Staff",
    "to group Board",
    "from group \"In a file\"",
    "from file /partners",
    "to file /partners or /others",
    "to attribute mail",
    "from attribute department is sales or law",
    "to attribute department like s*",
    "client 192.0.2.0/24",
    "client 2001:db8::/32 or 192.0.2.7",
    "client 192.0.2.0/28",
    "client 2001:db8::1",
    "client name *.example.org",
    "listener 587",
    "listener submission or 127.0.0.1:25",
    "login",
    "login alice*",
    "tls",
    "tls CN=billing",
    "attachment",
    "attachment name *.pdf or *.exe",
    "attachment type image/*",
    "attachment name like *.pdf type application/*",
    "priority high",
    "priority low or normal",
    "sensitivity private or personal",
    "sensitivity company-confidential",
    "calendar",
    "tnef",
    "list",
    "automatic",
    "report",
    "possible smime",
    "possible smime or openpgp",
    "verified",
    "verified good or weak",
    "verified none",
    "verified bad or mismatch",
};

static void add_address_condition(struct buf *out)
{
    unsigned n = one_in(8) ? 20 : 1 + random_below(3); /* many are hashed */
    buf_add_str(out, one_in(3) ? "from " : "to ");
    for (unsigned i = 0; i < n; i++)
        buf_printf(out, "%s%s", i > 0 ? " or " : "", PICK(patterns));
}

static const char *const directions[] = {"outbound", "inbound", "internal", "transit"};

static void add_conditions(struct buf *out)
{
    unsigned n = random_below(4);
    for (unsigned i = 0; i < n; i++) {
        buf_add_str(out, i > 0 ? ", " : "  when ");
        buf_add_str(out, one_in(4) ? "not " : "");
        if (i == 0 && one_in(3)) /* as rules of people begin */
            buf_add_str(out, PICK(directions));
        else if (one_in(3))
            add_address_condition(out);
        else
            buf_add_str(out, PICK(conditions));
    }
    buf_add_str(out, n > 0 ? "\n" : "");
}

#define FINGERPRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const alone[] = {"pass",          "pass verbatim", "refuse",
                                    "refuse \"no\"", "return",        "return \"not you\"",
                                    "discard",       "hold",          "hold \"look at it\""};
static const char *const beside[] = {
    "copy to archive@example.org",
    "copy to r0@a.example",
    "forward to r1@b.example",
    "forward to deputy@example.org",
    "notify sender",
    "notify sender subject \"Sent: {subject}\" \"To {recipients}.\" \"{date}\"",
    "alert admin@example.org subject \"{rule}\"",
    "alert admin@example.org or boss@example.org"};
static const char *const headers[] = {"add header X-A \"one\"", "replace header X-B \"{two}\"",
                                      "delete header X-C"};
static const char *const signs[] = {"sign", "sign if possible", "sign opaque",
                                    "sign with smime detached, else refuse \"unsigned\"",
                                    "sign, else return \"unsigned\""};
static const char *const encrypts[] = {"encrypt",
                                       "encrypt if possible",
                                       "encrypt, else refuse \"no key\"",
                                       "encrypt, else return \"no key\"",
                                       "encrypt with openpgp or smime",
                                       "encrypt, else clear",
                                       "encrypt using aes256-gcm",
                                       "encrypt with smime to certificate " FINGERPRINT};
static const char *const protects[] = {"protect headers no", "protect headers plain",
                                       "protect headers baseline"};
static const char *const opens[] = {"decrypt", "decrypt, else refuse \"closed\"", "decrypt, else return"};
static const char *const tags[] = {"tag", "tag opened \"[open]\" signed \"[good]\"", "tag invalid \"[bad]\""};

/* One of them, in some rules. */
#define MAYBE(array, n, out)                                                                                 \
    do {                                                                                                     \
        if (one_in(n))                                                                                       \
            buf_printf((out), "  %s\n", PICK(array));                                                        \
    } while (0)

static void add_steps(struct buf *out)
{
    MAYBE(opens, 3, out);
    MAYBE(signs, 3, out);
    MAYBE(encrypts, 2, out);
    MAYBE(headers, 6, out);
    MAYBE(headers, 6, out);
    MAYBE(protects, 5, out);
    buf_add_str(out, one_in(4) ? "  generate key\n" : "");
    buf_add_str(out, one_in(8) ? "  generate key openpgp\n" : "");
    buf_add_str(out, one_in(2) ? "  attach keys\n" : "");
    buf_add_str(out, one_in(2) ? "  add autocrypt\n" : "");
    buf_add_str(out, one_in(8) ? "  redirect to deputy@example.org\n" : "");
    buf_add_str(out, one_in(5) ? "  harvest\n" : "");
    buf_add_str(out, one_in(2) ? "  detach keys\n" : "");
    MAYBE(tags, 4, out);
}

static void add_rule(struct buf *out, unsigned number)
{
    buf_printf(out, "rule \"%u\"\n", number);
    add_conditions(out);
    bool ends = one_in(4);
    MAYBE(beside, 6, out);
    MAYBE(beside, 8, out);
    if (ends)
        buf_printf(out, "  %s\n", PICK(alone));
    else
        add_steps(out);
    buf_add_str(out, ends ? "" : "  add header X-R \"some step\"\n");
    buf_add_str(out, !ends && one_in(3) ? "  continue\n" : "");
}

void random_policy(struct buf *out)
{
    static const char *const ends[] = {"encrypt", "sign if possible\n  encrypt if possible",
                                       "decrypt\n  harvest\n  tag"};
    unsigned rules = random_below(10);
    buf_add_str(out, "our domains example.org\nkeyword k subject \"[k]\"\nkeyword l header X-L is l\n"
                     "group Staff is directory \"cn=staff,dc=example,dc=org\"\n"
                     "group \"In a file\" is file /partners\n");
    for (unsigned i = 0; i < rules; i++)
        add_rule(out, i);
    buf_printf(out, "rule \"end\"\n  %s\n", PICK(ends));
}

/* ---- facts ---- */

static enum answer any_answer(void)
{
    return one_in(12) ? ANSWER_UNKNOWN : one_in(3) ? ANSWER_NO : ANSWER_YES;
}

static void random_key(struct key_fact *fact, int key)
{
    site_key(fact, key, one_in(3) ? "ec" : "rsa");
    fact->usable = any_answer();
    fact->cipher = one_in(4) ? "aes256-gcm" : "aes256-cbc";
    fact->reads_protected = one_in(3);
}

static struct party_facts random_party(struct site *site)
{
    static const char *const values[] = {"sales", "law", "support"};
    size_t ngroups, nattributes;
    policy_groups(site->policy, &ngroups);
    policy_attributes(site->policy, &nattributes);
    struct party_facts party = {.groups = arena_array(site->arena, ngroups + 1, sizeof *party.groups),
                                .attributes =
                                    arena_array(site->arena, nattributes + 1, sizeof *party.attributes)};
    for (size_t i = 0; i < ngroups; i++)
        party.groups[i] = any_answer();
    for (size_t i = 0; i < nattributes; i++) {
        const char **value = arena_alloc(site->arena, sizeof *value);
        *value = PICK(values);
        party.attributes[i] = (struct attribute_fact){.known = any_answer(), .values = value, .n = 1};
    }
    return party;
}

static enum direction direction_of(const struct site *site, const char *domain)
{
    bool ours = strcmp(domain, "example.org") == 0;
    if (site->facts.submitter != SUBMITTER_NONE)
        return ours ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
    return ours ? DIRECTION_INBOUND : DIRECTION_TRANSIT;
}

static void random_rcpts(struct site *site)
{
    static const char *const domains[] = {"a.example", "b.example", "x.a.example", "example.org"};
    unsigned n = 1 + random_below(RANDOM_RCPTS_MAX);
    for (unsigned i = 0; i < n; i++) {
        char addr[40];
        const char *domain = PICK(domains);
        snprintf(addr, sizeof addr, "r%u@%s", i, domain);
        struct rcpt_facts *rcpt = site_rcpt(site, addr, direction_of(site, domain));
        random_key(&rcpt->encrypt[METHOD_SMIME], (int)random_below(7));
        rcpt->registered = any_answer();
        rcpt->hidden = one_in(3);
        rcpt->view = random_below((unsigned)site->facts.nviews);
        rcpt->party = random_party(site);
    }
}

static void random_payload(struct view *view)
{
    view->subject = one_in(5) ? NULL : "inside";
    view->protects_header = view->subject != NULL || one_in(2);
}

static void random_carried(struct site *site, struct view *view)
{
    view->ncarried = 1 + random_below(2);
    view->carried = arena_array(site->arena, 3, sizeof *view->carried);
    for (size_t i = 0; i < view->ncarried; i++)
        view->carried[i] = (struct carried_key){.kept = any_answer(),
                                                .teaches = one_in(2),
                                                .name = "k.asc",
                                                .fingerprint = "f",
                                                .why = one_in(4) ? "signed" : NULL};
}

void random_views(struct site *site)
{
    if (site->facts.encrypted_by == METHOD_NONE && site->facts.signed_by != METHOD_NONE) {
        site->views[0].signature = (enum signature)random_below(8);
        random_payload(&site->views[0]);
    }
    for (size_t i = 1; i < site->facts.nviews; i++) {
        site->views[i] = (struct view){.decryption = (enum decryption)random_below(6),
                                       .signature = (enum signature)random_below(8),
                                       .opened = (int)i - 1};
        random_payload(&site->views[i]);
    }
    site->facts.brings_keys = !one_in(4);
    site->facts.taught = one_in(3);
    for (size_t i = 0; i < site->facts.nviews; i++)
        random_carried(site, &site->views[i]);
}

static void random_structure(struct facts *facts)
{
    facts->signed_by = one_in(3) ? METHOD_SMIME : METHOD_NONE;
    facts->encrypted_by = one_in(3) ? METHOD_SMIME : METHOD_NONE;
    facts->opaque_why = one_in(8) ? "ambiguous" : NULL;
    facts->size = random_below(2000);
    facts->priority = (enum priority)random_below(3);
    facts->sensitivity = (enum sensitivity)random_below(4);
    facts->traits = random_below(1u << TRAITS) & random_below(1u << TRAITS);
    facts->is_report = (facts->traits & 1u << TRAIT_REPORT) != 0;
}

static void random_client(struct facts *facts)
{
    static const char *const addrs[] = {"192.0.2.7", "2001:db8::1", "198.51.100.1", NULL};
    static const char *const logins[] = {"alice@example.org", "bob", NULL};
    facts->submitter = one_in(2) ? SUBMITTER_NONE : SUBMITTER_LOGIN;
    facts->client_addr = PICK(addrs);
    facts->client_name = one_in(2) ? "mail.example.org" : "elsewhere.example";
    facts->login = facts->submitter == SUBMITTER_LOGIN ? PICK(logins) : NULL;
    facts->tls_version = one_in(2) ? "TLSv1.3" : NULL;
    facts->tls_subject = facts->tls_version != NULL && one_in(2) ? "CN=billing" : NULL;
    facts->listener_addr = "127.0.0.1";
    facts->listener_port = one_in(2) ? 587 : 25;
    facts->listener_name = one_in(2) ? "submission" : "smtpd";
}

static void random_words(struct site *site)
{
    static struct attachment_fact attachments[] = {
        {"invoice.pdf", "application/pdf"}, {"a.png", "image/png"}, {"", "text/plain"}};
    static const char *const senders[] = {"alice@example.org", "bob@example.org", "kurt@a.example", ""};
    struct facts *facts = &site->facts;
    facts->sender = PICK(senders);
    facts->from = one_in(5) ? NULL : PICK(senders);
    facts->from = facts->from != NULL && *facts->from == '\0' ? NULL : facts->from;
    facts->subject = one_in(2) ? "hello world" : "";
    if (*facts->subject != '\0')
        site_header(site, "Subject", facts->subject);
    if (one_in(2))
        site_header(site, "X-A", one_in(2) ? "two" : "three");
    facts->attachments = attachments;
    facts->nattachments = random_below(4);
    if (facts->submitter != SUBMITTER_NONE && one_in(3))
        site_keyword(site, one_in(2) ? "k" : "l");
}

static const char *const protections[] = {"no", "plain", "learned", "baseline"};

static void random_facts(struct site *site)
{
    struct facts *facts = &site->facts;
    size_t ncertificates;
    site->settings->header_protection = PICK(protections);
    site->settings->header_protection_signed = one_in(4);
    random_client(facts);
    random_structure(facts);
    random_words(site);
    facts->sender_registered = any_answer();
    facts->sender_party = random_party(site);
    facts->may_sign = facts->from != NULL && facts->submitter != SUBMITTER_NONE && one_in(2);
    facts->generated = one_in(3);
    random_key(&facts->sign[METHOD_SMIME], 0);
    random_key(&facts->autocrypt, 8);
    policy_certificates(site->policy, &ncertificates);
    facts->fixed = arena_array(site->arena, ncertificates + 1, sizeof *facts->fixed);
    for (size_t i = 0; i < ncertificates; i++)
        random_key(&facts->fixed[i], 7);
    facts->nviews = facts->encrypted_by == METHOD_NONE ? 1 : SEAL_COUNT(site->views);
    random_views(site);
    random_rcpts(site);
}

struct site *random_site(uint64_t seed)
{
    SEAL_CLEANUP(buf_fini) struct buf policy = BUF_INIT(1u << 20);
    random_seed(seed + 1);
    random_policy(&policy);
    struct site *site = site_new(buf_str(&policy));
    random_facts(site);
    site->settings->max_hidden = random_below(4);
    site->settings->max_copies = 2 + random_below(12);
    return site;
}
