/*
 * pgp_site - a site (support/site.h) with OpenPGP: alice@our.example has a key of ours, bob@their.example a gpg of his own and trust.
 *
 *     struct pgp_site *s = pgp_site_new(policy, "openpgp-inline = yes\n");
 *     pgp_site_run(s, &(struct site_mail){.from = .., .to = {"bob@their.example"}, .text = ..});
 *     struct span inside = pgp_site_decrypted(s, "bob", site_copy_for(s->site, "bob@their.example"));
 *     pgp_site_free(&s);
 *
 * Time is gpg's own clock.
 */
#ifndef SUPPORT_PGP_SITE_H
#define SUPPORT_PGP_SITE_H

#include "openpgp/key.h"
#include "support/gpg_home.h"
#include "support/site.h"

struct pgp_site {
    struct site *site;
    struct tool *tool;
    struct pgp_engine *engine;
    struct pgp_key alice;
    int64_t now;
};

struct pgp_site *pgp_site_new(const char *policy, const char *settings);
void pgp_site_free(struct pgp_site **s);

/* pgp_site_partner - somebody's key, made by a gpg home of this name; gpg_home_end() it. */
void pgp_site_partner(struct pgp_site *s, const char *name, const char *addr, const char *algorithm,
                      enum trust trust);
/* pgp_site_put - a public key for an address, straight into the store. */
void pgp_site_put(struct pgp_site *s, const struct pgp_key *key, const char *addr, enum trust trust);

/* pgp_site_own - a new key of ours with this address in its User-ID; owner: an address or "@domain". */
void pgp_site_own(struct pgp_site *s, const char *addr, const char *owner, struct pgp_key *out);

/* pgp_site_run - the gate, now; it must accept. */
void pgp_site_run(struct pgp_site *s, struct site_mail mail);

/* pgp_site_commit - keys of the last run into the store, as the daemon does. What no key is in is no fault. */
void pgp_site_commit(struct pgp_site *s);
/* pgp_site_is_noted - whether a note on the first recipient of the last run holds this. */
bool pgp_site_is_noted(const struct pgp_site *s, const char *needle);

/* pgp_site_part - n-th child of the root: header and body, or the body alone. */
enum pgp_site_extent {
    PART_WHOLE,
    PART_BODY
};
struct span pgp_site_part(struct pgp_site *s, struct span message, size_t n, enum pgp_site_extent extent);
/* pgp_site_decrypted - what is inside, by the word of this home's gpg, which must succeed; what it says is in the file "said". */
struct span pgp_site_decrypted(struct pgp_site *s, const char *name, struct span copy);
/* pgp_site_armor - an entity, or a text, encrypted by bob's gpg to alice, signed or not. */
enum pgp_site_signed {
    BOB_SIGNS,
    NOBODY_SIGNS
};
struct span pgp_site_armor(struct pgp_site *s, struct span content, enum pgp_site_signed by);
/* pgp_site_mime - multipart/encrypted with these header lines; an armour of others or of pgp_site_armor(). */
struct span pgp_site_mime(struct pgp_site *s, const char *headers, struct span armor);

#endif
