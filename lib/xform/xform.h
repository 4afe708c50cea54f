/*
 * xform - runs operations: spool in, new spool out. Knows no store, no policy, no MTA.
 *
 * Operations refer to certificates, keys and opened entities by index into struct xform_in; the gate filled them, and owns them.
 */
#ifndef XFORM_XFORM_H
#define XFORM_XFORM_H

#include "base/secret.h"
#include "conf/settings.h"
#include "mime/part.h"
#include "model/plan.h"
#include "openpgp/engine.h"
#include "smime/sign.h"
#include "spool/spool.h"
#include "xform/keyword.h"

/* One certificate or OpenPGP key, perhaps with its private half, that an operation of this message uses. */
struct keyring_entry {
    struct cert *cert;      /* owned reference; NULL: it is an OpenPGP key */
    struct key *key;        /* owned reference, or NULL */
    struct cert *chain[10]; /* to be included in signatures; owned references */
    size_t nchain;
    struct span pgp;           /* the public key's packets; borrowed, as the fingerprint */
    const char *pgp_fp;        /* of the primary key */
    struct secret *passphrase; /* owned, malloc'd; NULL: not ours */
};

#define GIVEN_CERTS_MAX 32
#define GIVEN_PGPS_MAX  8

/* What OP_ATTACH attaches beside the key that it names: further ones of the sender's, those of his house, and whoever issued them. */
struct given_out {
    struct cert *certs[GIVEN_CERTS_MAX]; /* owned references; some may stand there twice */
    size_t ncerts;
    struct span pgps[GIVEN_PGPS_MAX]; /* borrowed; all of them, also the one that it names */
    size_t npgps;
};

struct keyring {
    struct keyring_entry *entries; /* malloc'd */
    size_t n, cap;
    struct given_out given;
};
/* keyring_add - takes the references; returns the entry's index. */
int keyring_add(struct keyring *keyring, struct keyring_entry entry);
void keyring_fini(struct keyring *keyring);

/* What was inside an envelope, ready to stand in for the message's body; of its header only the content fields count (R21). */
struct opened {
    struct spool *entity; /* owned: a MIME entity made safe for SMTP (mime/canon.h) */
};

struct xform_in {
    struct span message;            /* as it came */
    const struct part_table *table; /* of message */
    const struct settings *settings;
    const struct facts *facts;
    const struct keyring *keyring;
    struct pgp_engine *pgp; /* NULL when no operation is OpenPGP's */
    const struct opened *opened;
    size_t nopened;
    const struct xform_keyword *keywords;
    size_t nkeywords;
    const char *const *marks; /* every wording of ours in front of a Subject: settings' and rules' */
    size_t nmarks;
    struct spool_conf spool;
    int64_t now;
};

/*
 * xform_run - every copy of a plan. Copies whose operations begin alike share that work.
 *
 * progress  called between and inside operations; may be NULL
 * out       plan->ncopies spools, each a whole message; NULL where nothing changes. Owned by the caller, also after failure.
 */
int xform_run(const struct xform_in *in, const struct plan *plan, void (*progress)(void *),
              void *progress_arg, struct spool **out, struct err *err) SEAL_CHECKED;

#endif
