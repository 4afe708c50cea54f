/*
 * policy_internal - the parsed policy: what parse.c makes, and match.c, decide.c, check.c and print.c read. Private to policy/.
 *
 * A condition or step more is a row in its table in parse_condition.c or parse_step.c, a case in match.c or treat.c, and one in print.c:
 * -Wswitch-enum names them.
 */
#ifndef POLICY_POLICY_INTERNAL_H
#define POLICY_POLICY_INTERNAL_H

#include "model/op.h"
#include "policy/address_list.h"
#include "policy/policy.h"

/* Sets of directions and of methods. */
#define BIT(value) (1u << (value))

enum condition_kind {
    CONDITION_DIRECTION,
    CONDITION_FROM,
    CONDITION_TO,
    CONDITION_GROUP,
    CONDITION_FILE,
    CONDITION_ATTRIBUTE,
    CONDITION_KEYWORD,
    CONDITION_SIGNED,
    CONDITION_ENCRYPTED,
    CONDITION_SIZE_OVER,
    CONDITION_SIZE_UNDER,
    CONDITION_HEADER,
    CONDITION_REGISTERED,
    CONDITION_CLIENT,
    CONDITION_CLIENT_NAME,
    CONDITION_LISTENER,
    CONDITION_LOGIN,
    CONDITION_TLS,
    CONDITION_ATTACHMENT,
    CONDITION_PRIORITY,
    CONDITION_SENSITIVITY,
    CONDITION_TRAIT,
    CONDITION_POSSIBLE,
    CONDITION_VERIFIED,
};

/* How a text of the message's, or of a directory's, is compared with those of a condition. */
enum text_test {
    TEXT_PRESENT,
    TEXT_IS,
    TEXT_CONTAINS,
    TEXT_LIKE,
};

enum party {
    PARTY_SENDER,
    PARTY_RECIPIENT,
};

struct condition {
    enum condition_kind kind;
    bool negated;
    unsigned line;
    unsigned set; /* BIT() of directions, methods, parties, priorities, sensitivities, traits or signatures */
    uint64_t size;
    enum party party; /* GROUP, FILE, ATTRIBUTE: whose */
    size_t *groups;   /* GROUP, FILE: indexes into policy_groups(), any of them */
    size_t ngroups;
    size_t attribute; /* ATTRIBUTE: index into policy_attributes() */
    const char *name; /* of the header field or attribute */
    enum text_test test;
    const char **values; /* patterns, keywords, texts, networks: any of them */
    size_t nvalues;
    struct address_list *hashed; /* FROM, TO with many values: the same, found by hash; else NULL */
    const char **types;          /* ATTACHMENT: patterns of MIME types, any of them */
    size_t ntypes;
};

enum step_kind {
    STEP_PASS,
    STEP_VERBATIM,
    STEP_PROTECT,
    STEP_SIGN,
    STEP_ENCRYPT,
    STEP_DECRYPT,
    STEP_GENERATE,
    STEP_HARVEST,
    STEP_TAG,
    STEP_REFUSE,
    STEP_RETURN,
    STEP_DISCARD,
    STEP_HOLD,
    STEP_COPY,
    STEP_FORWARD,
    STEP_REDIRECT,
    STEP_HEADER,
    STEP_ATTACH,
    STEP_AUTOCRYPT,
    STEP_DETACH,
    STEP_NOTIFY,
    STEP_ALERT,
    STEP_CONTINUE,
    STEPS
};

/* What happens when a step cannot be done. */
enum otherwise {
    OTHERWISE_REFUSE,
    OTHERWISE_RETURN,
    OTHERWISE_SKIP,
};

/* What a tag can say. */
enum tag {
    TAG_OPENED,
    TAG_SIGNED,
    TAG_INVALID,
    TAG_UNAUTHENTICATED,
    TAGS
};

struct step {
    enum step_kind kind;
    enum otherwise otherwise;
    const char *
        text; /* of a refusal, return, hold; NULL: ours. A header field's value; Autocrypt's prefer-encrypt */
    enum method methods[METHODS]; /* in order of preference; none: any */
    size_t nmethods;
    enum sign_form form;
    enum protection protection; /* protect headers */
    const char *cipher;         /* NULL: what suits the recipient */
    const char *certificate;    /* encrypt to this one; NULL: to the recipient's own */
    size_t fixed;               /* its index in policy_certificates() */
    const char *tags[TAGS];     /* NULL: as in the settings; "": none */
    enum field_action action;
    const char *field;
    const char **to; /* copy, forward, redirect: one address; alert: those that are told; canonical */
    size_t nto;
    const char *subject; /* notify, alert: templates, see model/template.h; NULL and none: ours */
    const char **lines;
    size_t nlines;
    unsigned line;
};

struct rule {
    const char *name;
    unsigned line;
    struct condition *conditions; /* all of them must match */
    size_t nconditions;
    struct step *steps;
    size_t nsteps;
};

struct policy {
    struct arena *arena; /* holds everything below */
    const char *path;
    const char **domains; /* patterns */
    size_t ndomains;
    const char **aliases; /* patterns */
    size_t naliases;
    struct keyword *keywords;
    unsigned *keyword_lines;
    size_t nkeywords;
    struct sign_grant *grants;
    size_t ngrants;
    struct policy_group *groups;
    size_t ngroups;
    const char **attributes;
    size_t nattributes;
    struct address_list **lists; /* each file once */
    size_t nlists;
    struct rule *rules;
    size_t nrules;
    struct index *index;       /* of the rules */
    const char **certificates; /* that steps name, each once */
    size_t ncertificates;
    const char **tags; /* wordings of steps, each once */
    size_t ntags;
};

/* ---- rule.c ---- */

const struct step *rule_step(const struct rule *rule, enum step_kind kind); /* NULL: has none */
bool rule_continues(const struct rule *rule);
/* step_ends_alone - whether it settles the mail by itself: pass, pass verbatim, refuse, return, discard, hold. A rule has one at most. */
bool step_ends_alone(enum step_kind kind);
/* step_stands_beside - whether it may stand beside such a step: copy, forward, notify, alert. */
bool step_stands_beside(enum step_kind kind);
/* step_repeats - whether a rule may have several, which all count, also over `continue`. Of the others the first one counts. */
bool step_repeats(enum step_kind kind);
/* step_is_required - whether mail may not go on without it. */
bool step_is_required(const struct step *step);
/* rule_directions - BIT()s of the directions in which its conditions can be true. */
unsigned rule_directions(const struct rule *rule);
/* condition_asks_inside, rule_asks_inside - about what opening shows. */
bool condition_asks_inside(const struct condition *condition);
bool rule_asks_inside(const struct rule *rule);
bool rule_has_keyword(const struct rule *rule); /* some keyword is needed to match it */

/* What this build can do. */
bool method_is_available(enum method method);
/* step_has_method - whether some method that the step allows is available. */
bool step_has_method(const struct step *step);

/* ---- match_party.c, match_content.c, match_client.c ---- */

/* match_party - GROUP, FILE, ATTRIBUTE: of the sender or of a recipient. */
enum answer match_party(const struct policy *policy, const struct condition *condition,
                        const struct facts *facts, size_t rcpt, unsigned *needs);
bool match_text(const char *value, enum text_test test, const char *wanted);
/* match_any_text - whether one of the condition's values fits. */
bool match_any_text(const struct condition *condition, const char *value);
enum answer match_client(const struct condition *condition, const struct facts *facts);
enum answer match_client_name(const struct condition *condition, const struct facts *facts);
enum answer match_listener(const struct condition *condition, const struct facts *facts);
enum answer match_login(const struct condition *condition, const struct facts *facts);
enum answer match_tls(const struct condition *condition, const struct facts *facts);
bool match_attachment(const struct condition *condition, const struct facts *facts);
bool match_header(const struct condition *condition, const struct facts *facts);

/* ---- match.c ---- */

/* match_writer - who wrote it: the one mailbox in From; where From is not exactly one, the envelope's sender. */
const char *match_writer(const struct facts *facts);
enum answer match_yes_if(bool holds);
/* match_missing_keys - the class of facts that has what is not known of somebody's keys. */
unsigned match_missing_keys(const struct facts *facts, enum method method);

/*
 * match_rule - all its conditions. *failed_out is the one that settled an answer other than yes. One "no" outweighs the rest, but what is
 * inside ciphertext is asked only when all other conditions hold.
 */
enum answer match_rule(const struct policy *policy, const struct rule *rule, const struct facts *facts,
                       size_t rcpt, unsigned *needs, const struct condition **failed_out);

/* ---- print.c, print_condition.c, print_step.c ---- */

/* print_word - quoted where it could be taken for a word of the language. print_list - with a text between them. */
void print_word(const char *text, struct buf *out);
void print_list(const char *const *values, size_t n, const char *between, struct buf *out);
void print_condition(const struct policy *policy, const struct condition *condition, struct buf *out);
void print_step(const struct step *step, struct buf *out);
void print_step_name(enum step_kind kind, struct buf *out); /* "pass verbatim", "copy to" */

#endif
