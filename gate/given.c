/*
 * given - what OP_ATTACH gives out, with the key that it names: every certificate and OpenPGP key of ours that has the From address, those of
 * its domain, and the certificates of whoever issued them, up to the root. Nothing rejected, revoked or ended, and no private half.
 */
#include "gate/internal.h"

#include "openpgp/certify.h"

#define PGP_OCTETS_MAX (256u << 10) /* of all keys */

static bool is_houses(const char *owner)
{
    return owner[0] == '@';
}

/* ---- S/MIME ---- */

/* cert_out: NULL when it is not given out. */
static int take_cert(struct work *work, const struct loaded_key *loaded, struct cert **cert_out,
                     struct err *err)
{
    const char *why;
    *cert_out = NULL;
    if (select_cert_fault(work, &loaded->cert, CERT_SIGN | CERT_ENCRYPT) != NULL)
        return 0;
    if (certs_get(work->gate->certs, loaded->cert.fingerprint, loaded->cert.der, cert_out, err) < 0)
        return -1;
    bool named =
        is_houses(loaded->key.owner) || cert_has_address(*cert_out, work->facts->from, ADDR_CASE_FOLD);
    if (!named || select_is_revoked(work, &loaded->cert, *cert_out, &why))
        cert_free(cert_out);
    return 0;
}

static void add_cert(struct given_out *given, struct cert *cert)
{
    if (given->ncerts < GIVEN_CERTS_MAX)
        given->certs[given->ncerts++] = cert_ref(cert);
}

static int add_with_issuers(struct work *work, struct cert *cert, struct err *err)
{
    struct given_out *given = &work->materials->keyring.given;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    enum chain_purpose purpose = (cert_info(cert)->usage & CERT_SIGN) != 0 ? CHAIN_SIGN : CHAIN_ENCRYPT;
    if (select_chain(work, cert, purpose, &chain, err) < 0)
        return -1;
    add_cert(given, cert);
    for (size_t i = 1; i < chain.npath; i++)
        add_cert(given, chain.path[i]);
    return 0;
}

static int collect_certs(struct work *work, struct err *err)
{
    for (size_t i = 0; i < work->sender.nkeys; i++) {
        const struct loaded_key *loaded = &work->sender.keys[i];
        SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
        if (take_cert(work, loaded, &cert, err) < 0) {
            if (!is_houses(loaded->key.owner))
                return -1;
            err_clear(err); /* a damaged one of the house stops nobody's mail */
        } else if (cert != NULL && add_with_issuers(work, cert, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- OpenPGP ---- */

static bool is_given_pgp(struct work *work, const struct loaded_pgp *loaded)
{
    return select_pgp_is_current(work, &loaded->key) &&
           (is_houses(loaded->own.owner) || pgp_record_names(&loaded->key, work->facts->from));
}

/* With what other keys of ours say of it. */
static struct span whole(struct arena *arena, const struct pgp_record *record)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(PGP_KEY_SIZE_MAX + CERTIFIED_MAX);
    if (record->certified.len == 0)
        return record->key;
    pgp_certified_join(record->key, record->certified, &out);
    return out.failed ? record->key : (struct span){arena_memdup(arena, out.ptr, out.len), out.len};
}

static void collect_pgps(struct work *work)
{
    struct given_out *given = &work->materials->keyring.given;
    size_t octets = 0;
    for (size_t i = 0; i < work->sender.npgp_keys && given->npgps < GIVEN_PGPS_MAX; i++) {
        const struct loaded_pgp *loaded = &work->sender.pgp_keys[i];
        if (!is_given_pgp(work, loaded))
            continue;
        struct span key = whole(work->arena, &loaded->key);
        if (key.len > PGP_OCTETS_MAX - octets)
            continue;
        octets += key.len;
        given->pgps[given->npgps++] = key;
    }
}

/* ---- both ---- */

void given_house_keys(struct work *work)
{
    struct facts *facts = work->facts;
    struct key_fact ignored;
    if (select_nobody_signs(work, &ignored))
        return;
    for (size_t i = 0; i < work->sender.nkeys && !facts->house_keys[METHOD_SMIME]; i++) {
        SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
        struct err damaged = ERR_INIT;
        if (!is_houses(work->sender.keys[i].key.owner))
            continue;
        facts->house_keys[METHOD_SMIME] =
            take_cert(work, &work->sender.keys[i], &cert, &damaged) == 0 && cert != NULL;
    }
    for (size_t i = 0; i < work->sender.npgp_keys && !pgp_is_off(work); i++)
        if (is_houses(work->sender.pgp_keys[i].own.owner) && is_given_pgp(work, &work->sender.pgp_keys[i]))
            facts->house_keys[METHOD_OPENPGP] = true;
}

static bool attaches(const struct plan *plan, enum method method)
{
    for (size_t i = 0; i < plan->ncopies; i++)
        for (size_t k = 0; k < plan->copies[i].nops; k++)
            if (plan->copies[i].ops[k].kind == OP_ATTACH && plan->copies[i].ops[k].method == method)
                return true;
    return false;
}

/* Once a message, though it may be decided anew. */
int given_collect(struct work *work, const struct plan *plan, struct err *err)
{
    const struct given_out *given = &work->materials->keyring.given;
    if (attaches(plan, METHOD_OPENPGP) && given->npgps == 0)
        collect_pgps(work);
    return attaches(plan, METHOD_SMIME) && given->ncerts == 0 ? collect_certs(work, err) : 0;
}
