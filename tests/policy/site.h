/*
 * site - a policy, settings and hand-made facts for tests of deciding and planning.
 *
 * A new site knows everything: users are registered, the sender's key signs, recipients added have a certificate each. A test takes away what
 * its case is about.
 */
#ifndef TESTS_POLICY_SITE_H
#define TESTS_POLICY_SITE_H

#include "policy/decide.h"
#include "policy/make_plan.h"

#define SITE_RCPTS_MAX 2100

struct site {
    struct arena *arena;
    struct policy *policy;
    struct settings *settings;
    struct facts facts;
    struct view views[4]; /* 0: as it came; 1: opened, signed well */
    struct trace trace;
    struct decision *decisions;
    struct plan *plan;
};

/* site_new - alice@example.org, logged in, writes; no recipients yet. Header fields are not protected.  Fails the test when the policy does not parse. Its files are
 * /partners (a.example, r2@b.example, *.x.example) and /others (bob@example.org, r?@b.example). */
struct site *site_new(const char *policy);
void site_free(struct site *site);

struct rcpt_facts *site_rcpt(struct site *site, const char *addr, enum direction direction);
/* site_rcpt_of_kind - with a certificate of this kind ("rsa", "ec"), or none when NULL. */
struct rcpt_facts *site_rcpt_of_kind(struct site *site, const char *addr, enum direction direction,
                                     const char *kind);
void site_key(struct key_fact *fact, int key, const char *kind);
void site_no_key(struct key_fact *fact);
/* site_arrives - the message comes from outside, encrypted; recipients with view 1 can open it. */
void site_arrives(struct site *site, enum method signed_by, enum method encrypted_by);
/* site_header - one header field more. */
void site_header(struct site *site, const char *name, const char *value);
void site_keyword(struct site *site, const char *name);

/* site_decide - all facts are there: fails the test when more are asked for. Recipient 0's decision. */
const struct decision *site_decide(struct site *site);
/* site_needs - what decide asks for. */
unsigned site_needs(struct site *site);
struct plan *site_plan(struct site *site); /* decides and plans */

/*
 * site_ops - "sign smime, encrypt smime aes256-cbc rsa", or "refuse 5.7.4", "hold "text""; then "> address" instead of the recipient,
 * "+ address: operations" besides, "! alert address". In the site's arena.
 */
const char *site_ops(struct site *site, size_t rcpt);
/*
 * site_plan_text - "accept"-like word, then the copies: "serve; a@x b@x: sign smime; c@x: "; "> d@x for a@x" and "+ d@x for a@x" go to
 * somebody else; "! alert d@x about a@x b@x".
 */
const char *site_plan_text(struct site *site);
bool site_noted(const struct decision *decision, const char *text); /* some note contains it */

#endif
