/*
 * socketdir - keeps GnuPG's sockets in its homes.
 *
 * While a user has a login session, and so a folder /run/user/UID, gpg and gpg-agent look for the agent's socket of each home there, in
 * gnupg/d.HASH, which they make: a gateway whose administrator logs in as its user would lose its agent until he leaves. Where a
 * plain file has that name they stay in the home.
 *
 * source  GnuPG 2.2, common/homedir.c, _gnupg_socketdir_internal. Private to lib/openpgp.
 */
#ifndef OPENPGP_SOCKETDIR_H
#define OPENPGP_SOCKETDIR_H

/* socketdir_shun - as good as it can be done; home is an absolute path. Cheap when there is no session. */
void socketdir_shun(const char *home);
void socketdir_forget(const char *home);

#endif
