/*
 * pgp - an engine in a folder of its own, our keys in its agent, and the world: a gpg home as strangers have.
 *
 *     struct pgp_rig *rig = pgp_rig_new();
 *     struct pgp_person alice = pgp_rig_person(rig, "alice@ours.example", "ed25519", PGP_OURS);
 *     ck_ok(pgp_sign(rig->engine, .., &alice.own, ..));
 *     ck_assert_int_eq(pgp_rig_gpg(rig, "--verify", .., NULL), 0);     in the world; files are in tool_dir(rig->tool)
 *     pgp_rig_free(&rig);                                              and the persons with it
 */
#ifndef SUPPORT_PGP_H
#define SUPPORT_PGP_H

#include "openpgp/crypt.h"
#include "support/tool.h"

struct pgp_rig {
    struct tool *tool;
    struct pgp_engine_conf conf;
    struct pgp_engine *engine;
    char home[80];    /* of the agent */
    char scratch[80]; /* of the engine */
    char world[80];
    char maker[80]; /* a home where our keys are made, on the engine's agent */
    struct secret *secrets[32];
    size_t nsecrets;
    char *fingerprints[32];
    size_t nfingerprints;
};

struct pgp_rig *pgp_rig_new(void);
/* pgp_rig_new_with - timeout and processes from conf; NULL in gpg, agent and limiter: the installed ones. */
struct pgp_rig *pgp_rig_new_with(const struct pgp_engine_conf *conf);
void pgp_rig_free(struct pgp_rig **rig);

enum pgp_whose {
    PGP_OURS,
    PGP_STRANGER,
};

struct pgp_person {
    const char *fingerprint;
    struct span key;    /* public, binary */
    struct pgp_own own; /* of ours */
};

/* pgp_rig_person - algorithm "ed25519" (with cv25519), "rsa2048", "rsa3072", "rsa1024". The world knows the public keys of all. */
struct pgp_person pgp_rig_person(struct pgp_rig *rig, const char *addr, const char *algorithm,
                                 enum pgp_whose whose);
/* pgp_rig_key - the public key again, after the world has changed it. */
struct span pgp_rig_key(struct pgp_rig *rig, const struct pgp_person *person);

/* pgp_rig_revocation - the certificate of revocation that gpg made with a stranger's key, an armour. pgp_rig_revoke - the world has it. */
struct span pgp_rig_revocation(struct pgp_rig *rig, const struct pgp_person *person);
void pgp_rig_revoke(struct pgp_rig *rig, const struct pgp_person *person);

/* pgp_rig_gpg - gpg in the world, quiet, yes to all; its exit status. What it says is the file "said". */
int pgp_rig_gpg(struct pgp_rig *rig, ...) __attribute__((sentinel));

#endif
