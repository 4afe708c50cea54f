/*
 * conformance - what every backend of private keys must do, as one table of claims that is run over a table of backends (test_conformance.c).
 *
 * The judge is OpenSSL with the public key alone, or a program. A claim never asks which backend it is.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include "support/check.h"

#include "token/holder.h"

#include <openssl/evp.h>

#define ALICE  "alice@a.example"
#define DOMAIN "@a.example"
#define ROOT   "" /* the own authority */

enum kind {
    KIND_RSA2048,
    KIND_RSA3072,
    KIND_RSA4096,
    KIND_P256,
    KIND_P384,
    KIND_P521,
    KINDS
};

struct backend {
    const char *name;
    /* start - before the tests of this backend, which are processes forked from here; stop - after them. */
    void (*start)(void);
    void (*stop)(void);
    /* seal - a new key of an owner, between start and the tests; both appended. */
    void (*seal)(const char *owner, enum kind kind, struct buf *public_out, struct buf *wrapped_out);
    /* open - in a test. */
    int (*open)(const struct sealed_key *sealed, const char *addr, struct key **out,
                struct err *err) SEAL_CHECKED;
    bool has_no_owners; /* who is below a holder leaves the rules of owners to it */
};

extern const struct backend *conformance_backend;

/* conformance_pkcs8 - the private key that a backend may take for a kind; the caller frees it. */
void conformance_pkcs8(enum kind kind, struct secret *out);

/* conformance_sealed - ALICE has a key of each kind; DOMAIN and ROOT have KIND_P256. */
struct sealed_key conformance_sealed(const char *owner, enum kind kind);
/* conformance_open - ALICE's; the caller frees it. */
struct key *conformance_open(enum kind kind);
/* conformance_public - what a correspondent has; the caller frees it. */
EVP_PKEY *conformance_public(enum kind kind);

/* The claims; one test case each, with the backend started. */
void conformance_add_keys(Suite *suite);
void conformance_add_messages(Suite *suite);
/* conformance_fixture - for a test case of claims. */
void conformance_fixture(TCase *tcase);

#endif
