/* parser - what the files that read the language share. Private to policy/. */
#ifndef POLICY_PARSER_H
#define POLICY_PARSER_H

#include "conf/lex.h"
#include "policy/names.h"
#include "policy/policy_internal.h"

/* What a file of addresses that was not given is. */
enum parser_files {
    FILES_NEEDED, /* an error */
    FILES_WANTED, /* empty, and remembered: policy_files() */
};

struct parser {
    struct policy *policy;
    struct arena *scratch; /* tokens, and lists while they grow */
    struct lex lex;
    const struct token *at; /* what comes next */
    const struct policy_file *files;
    size_t nfiles;
    enum parser_files missing_files;
    size_t domains_cap, aliases_cap, keywords_cap, keyword_lines_cap, grants_cap, rules_cap;
    size_t groups_cap, attributes_cap, lists_cap;
    size_t certificates_cap, tags_cap;
    struct rule *rule;            /* the one being read */
    struct condition *conditions; /* room for those of one rule, in scratch */
    struct step *steps;
    size_t conditions_cap, steps_cap;
    struct condition *condition; /* the one being read */
    struct step *step;           /* the one being read */
};

/* A word that begins a statement, condition or step. */
struct word {
    const char *text;
    /* Reads what follows the word, which is p->at[-1]. NULL: a known word that this build has nothing for. */
    int (*read)(struct parser *p, struct err *err);
};
struct vocabulary {
    const char *what; /* "a condition" */
    const struct word *words;
    size_t n;
};
extern const struct vocabulary statement_vocabulary, condition_vocabulary, step_vocabulary;

/* parser_read_word - takes a word of the vocabulary and reads on; the error names the nearest word, or says "not available". */
int parser_read_word(struct parser *p, const struct vocabulary *vocabulary, struct err *err) SEAL_CHECKED;

/* parser_expected - "found .., expected ..", and the nearest of the words that what names ("smime, openpgp or nothing more"). */
int parser_expected(struct parser *p, struct err *err, const char *what);
int parser_unavailable(struct parser *p, struct err *err);
bool parser_next_is(const struct parser *p, const char *text);
bool parser_has_text(const struct parser *p);         /* the next token is a word or string */
bool parser_at_end(const struct parser *p);           /* of a condition or step, by comma or end of line */
bool parser_take(struct parser *p, const char *text); /* the next token, when it is this */
int parser_need(struct parser *p, const char *text, struct err *err) SEAL_CHECKED;
int parser_need_end(struct parser *p, struct err *err) SEAL_CHECKED; /* takes the end of the line */

/* parser_text - a word or string, in the policy's arena; what says what is expected. NULL with *err. */
const char *parser_text(struct parser *p, const char *what, struct err *err);
/* parser_field_name - a header field's name (RFC 5322 2.2). */
const char *parser_field_name(struct parser *p, struct err *err);
/* parser_reply - a string that can stand in an SMTP reply: printable ASCII, not empty, limited. */
const char *parser_reply(struct parser *p, struct err *err);

enum pattern_form {
    PATTERN_ANY,
    PATTERN_ADDRESS,
    PATTERN_DOMAIN
};
/* parser_pattern - an address or domain, perhaps with wildcards, in canonical form. */
const char *parser_pattern(struct parser *p, enum pattern_form form, struct err *err);
/* parser_method - one of smime, openpgp, pdf, portal; METHOD_NONE with *err. */
enum method parser_method(struct parser *p, struct err *err);

/* parser_value - one more for the condition being read; value may be NULL: -1. */
int parser_value(struct parser *p, const char *value, size_t *cap) SEAL_CHECKED;
/* parser_values - texts with `or` between them. */
int parser_values(struct parser *p, const char *what, struct err *err) SEAL_CHECKED;
/* parser_set - names with `or` between them, into the set of the condition being read. */
int parser_set(struct parser *p, const struct names *names, struct err *err) SEAL_CHECKED;
/* parser_text_test - is, contains, like; false: none of them is next. */
bool parser_text_test(struct parser *p);

/* ---- parse_party.c ---- */

/* parser_from, parser_to - what stands behind them. */
int parser_from(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_to(struct parser *p, struct err *err) SEAL_CHECKED;
/* parser_group - the statement. */
int parser_group(struct parser *p, struct err *err) SEAL_CHECKED;

/* ---- parse_content.c ---- */

int parser_header(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_subject(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_attachment(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_priority(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_sensitivity(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_trait(struct parser *p, struct err *err) SEAL_CHECKED;

/* ---- parse_client.c ---- */

int parser_client(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_listener(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_login(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_tls(struct parser *p, struct err *err) SEAL_CHECKED;
/* parser_address - one address without wildcards, canonical. */
const char *parser_address(struct parser *p, struct err *err);
/* parser_once - where text stands in a list of the policy's that holds each once; added when it is new. */
size_t parser_once(struct parser *p, const char ***list, size_t *n, size_t *cap, const char *text);

/* What follows the word of a step: parse_protect.c, parse_send.c, parse_field.c. */
int parser_sign(struct parser *p, struct err *err);
int parser_encrypt(struct parser *p, struct err *err);
int parser_protect(struct parser *p, struct err *err);
int parser_attach(struct parser *p, struct err *err);
int parser_generate(struct parser *p, struct err *err);
int parser_copy(struct parser *p, struct err *err);
int parser_forward(struct parser *p, struct err *err);
int parser_redirect(struct parser *p, struct err *err);
int parser_notify(struct parser *p, struct err *err);
int parser_alert(struct parser *p, struct err *err);
int parser_add(struct parser *p, struct err *err);
int parser_replace(struct parser *p, struct err *err);
int parser_delete(struct parser *p, struct err *err);
/* parser_otherwise - `if possible`, or what stands behind `, else`. */
int parser_otherwise(struct parser *p, struct err *err) SEAL_CHECKED;

/* parser_condition, parser_step - one of them, added to p->rule. */
int parser_condition(struct parser *p, struct err *err) SEAL_CHECKED;
int parser_step(struct parser *p, struct err *err) SEAL_CHECKED;

#endif
