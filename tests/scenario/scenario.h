/*
 * scenario - a text that says what happens: a policy, who there is, messages, and for each of them what the gate makes of it.
 *
 *     Why it is so, in prose.
 *
 *     policy
 *         our domains our.example ..        {certificate ADDRESS} stands for a fingerprint
 *     settings
 *         max-hidden = 3                    lines of sealmilter.conf(5)
 *     file /path                            a file of addresses that the policy names
 *         bank.example
 *     directory                             an LDAP server; values without blanks
 *         person bob@their.example title=lead
 *         group Friends bob@their.example
 *     user alice@our.example                registered, with certificate and key
 *     partner bob@their.example             a certificate of his is known
 *     known nobody@our.example              registered, without a key
 *
 *     from .. to .. message ..              what holds for all messages that do not say otherwise
 *
 *     = what this message shows
 *     login alice@our.example               and: client ADDRESS [NAME], listener [ADDRESS:]PORT [NAME], tls SUBJECT, local
 *     directory stopped                     nobody answers
 *     from alice@our.example                the envelope; nothing behind it: the null sender
 *     to bob@their.example ..
 *     message [signed by ADDRESS] [encrypted to ADDRESS]
 *         From: alice@our.example           with signed or encrypted: its header, an empty line, the entity
 *         ..
 *     facts                                 each line is a fact
 *         from: alice@our.example
 *     decision                              all of it, a recipient a line
 *         bob@their.example: serve; rules: "x"; operations: sign smime
 *     plan                                  all of it
 *         plan: serve
 *     verdict reject 550 5.7.1 No
 *     result bob@their.example              the message that he gets: texts in it; behind "without" such as are not
 *         Subject: Hello
 *         without [confidential]
 *     notice                                texts of the notices, all together
 *         Subject: ..
 */
#ifndef TESTS_SCENARIO_SCENARIO_H
#define TESTS_SCENARIO_SCENARIO_H

#include "base/arena.h"

struct block {
    const char *word; /* "result" */
    const char *rest; /* what stands behind it; "" */
    const char *text; /* the indented lines below, without the indentation */
    unsigned line;
};

/* A message, and what is said of it; the first of a file is about the site: policy, users. */
struct part {
    const char *title;
    unsigned line;
    struct block *blocks;
    size_t n, cap;
};

struct scenario {
    struct part *parts;
    size_t n, cap;
};

struct scenario *scenario_read(struct arena *arena, const char *path);
/* scenario_block - the first block of a word; NULL: none. */
const struct block *scenario_block(const struct part *part, const char *word);
/* scenario_ldif - what a block says of people and groups, below dc=example. */
const char *scenario_ldif(struct arena *arena, const struct block *block);

#endif
