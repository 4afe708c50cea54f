/* fixture - a folder with a store for each test, and records to put into it. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/pgp.h"

#include <limits.h>

extern char fixture_dir[PATH_MAX];
extern char fixture_file[PATH_MAX]; /* the store's file in it */
extern struct arena *fixture_arena;
extern struct store *fixture_store;
extern struct err err;

void fixture_setup(void); /* a new store, open */
void fixture_teardown(void);
void fixture_reopen(void);
/* fixture_break - change one octet of the file, everywhere after this text. */
void fixture_break(const char *text);

/* fixture_fp - a fingerprint that begins with this text. */
const char *fixture_fp(const char *beginning);
struct cert_record fixture_cert(const char *beginning, const char *addr);
/* fixture_pgp - an OpenPGP key that names this address, with a fingerprint of 40 digits and the key id of its last 16. */
struct pgp_record fixture_pgp(const char *beginning, const char *addr);
struct key_record fixture_key(const char *beginning, const char *owner);

struct store_read *fixture_read(void);
size_t fixture_count_of(const char *addr); /* certificates */
size_t fixture_pgp_of(const char *addr);   /* OpenPGP keys */

#endif
