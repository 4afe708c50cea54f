/*
 * gpg_home - somebody else's gpg: a home of his own in a tool's folder, with a key of his.
 *
 *     gpg_home_new(tool, "bob", "Bob <bob@their.example>", "ed25519/cert,sign+cv25519/encr");
 *     struct span key = gpg_home_key(tool, "bob");
 *     gpg_home_learn(tool, "bob", alices_key);
 *     ck_assert_int_eq(gpg_home_run(tool, "bob", "--decrypt", "--output", "plain", "in.asc", NULL), 0);
 *     gpg_home_end(tool, "bob");
 */
#ifndef SUPPORT_GPG_HOME_H
#define SUPPORT_GPG_HOME_H

#include "support/tool.h"

/* algorithm: as gpg's --quick-gen-key takes it; "default" adds a subkey to encrypt. */
void gpg_home_new(struct tool *tool, const char *name, const char *user_id, const char *algorithm);
void gpg_home_end(struct tool *tool, const char *name);
/* gpg_home_key - his public key, binary; lives until tool_free(). */
struct span gpg_home_key(struct tool *tool, const char *name);
/* gpg_home_revocation - the certificate of revocation, armoured, that gpg made beside his key; "*": he has one key. */
struct span gpg_home_revocation(struct tool *tool, const char *name, const char *fingerprint);
/* gpg_home_learn - trusts it as well. */
void gpg_home_learn(struct tool *tool, const char *name, struct span key);
/* gpg_home_run - gpg with these words, in the tool's folder. Returns its exit status; what it says is in the file "said". */
int gpg_home_run(struct tool *tool, const char *name, ...) __attribute__((sentinel));

#endif
