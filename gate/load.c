/* load - what the store holds for an address: certificates that name it, keys that it owns. */
#include "gate/internal.h"

#include "base/addr.h"

#include <string.h>

/* A failed look-up is noted once; what was read before it does not count (could not find out is not "less"). */
static void note_failure(struct work *work, struct loaded *out, struct err *err)
{
    if (out->failed == NULL)
        out->failed = arena_strdup(work->arena, err->msg);
    err_clear(err);
}

/* A certificate or key may belong to a whole domain: its address is "@domain" then. */
static const char *domain_key(struct work *work, const char *addr)
{
    return arena_printf(work->arena, "@%s", addr_domain(addr));
}

/* Those of the domain stand behind the address's own. */
static void *joined(struct work *work, void *own, size_t nown, void *domains, size_t ndomains, size_t size)
{
    if (nown == 0 || ndomains == 0)
        return nown == 0 ? domains : own;
    char *all = arena_array(work->arena, nown + ndomains, size);
    memcpy(all, own, nown * size);
    memcpy(all + nown * size, domains, ndomains * size);
    return all;
}

void load_certs(struct work *work, struct store_read *read, const char *addr, struct loaded *out)
{
    struct err err = ERR_INIT;
    const char *domain = domain_key(work, addr);
    struct loaded more = {.ncerts = 0};
    if (store_certs_of(read, addr, &out->certs, &out->ncerts, &err) < 0 ||
        store_certs_of(read, domain, &more.certs, &more.ncerts, &err) < 0 ||
        store_pgp_of(read, addr, &out->pgps, &out->npgps, &err) < 0 ||
        store_pgp_of(read, domain, &more.pgps, &more.npgps, &err) < 0) {
        note_failure(work, out, &err);
        return;
    }
    out->certs = joined(work, out->certs, out->ncerts, more.certs, more.ncerts, sizeof *out->certs);
    out->ncerts += more.ncerts;
    out->pgps = joined(work, out->pgps, out->npgps, more.pgps, more.npgps, sizeof *out->pgps);
    out->npgps += more.npgps;
}

int load_signers(struct work *work, struct store_read *read, struct err *err)
{
    if (work->facts->from == NULL)
        return 0;
    return store_pgp_of(read, work->facts->from, &work->signers, &work->nsigners, err);
}

void load_fixed(struct work *work, struct store_read *read)
{
    const char *const *fingerprints = policy_certificates(work->snapshot->policy, &work->nfixed);
    work->fixed = arena_array(work->arena, work->nfixed, sizeof *work->fixed);
    for (size_t i = 0; i < work->nfixed; i++) {
        struct err err = ERR_INIT;
        struct loaded_fixed *fixed = &work->fixed[i];
        fixed->found = store_find_cert(read, fingerprints[i], &fixed->cert, &err);
        if (fixed->found == FIND_FAILED)
            fixed->failed = arena_strdup(work->arena, err.msg);
    }
}

/* owner: addr itself, or its domain's. */
static void add_keys(struct work *work, struct store_read *read, const char *owner, const char *addr,
                     struct loaded *out)
{
    struct err err = ERR_INIT;
    struct key_record *keys;
    size_t n;
    if (store_keys_of(read, owner, &keys, &n, &err) < 0) {
        note_failure(work, out, &err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct loaded_key loaded = {.addr = addr, .key = keys[i]};
        switch (store_find_cert(read, keys[i].fingerprint, &loaded.cert, &err)) {
        case FIND_FOUND:
            out->keys = arena_grow(work->arena, out->keys, out->nkeys, &out->keys_cap, sizeof *out->keys);
            out->keys[out->nkeys++] = loaded;
            break;
        case FIND_ABSENT: /* a key whose certificate was deleted opens nothing */
            break;
        case FIND_FAILED:
            note_failure(work, out, &err);
            break;
        }
    }
}

static void add_pgp_keys(struct work *work, struct store_read *read, const char *owner, struct loaded *out)
{
    struct err err = ERR_INIT;
    struct pgp_own_record *owns;
    size_t n;
    if (store_pgp_own_of(read, owner, &owns, &n, &err) < 0) {
        note_failure(work, out, &err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct loaded_pgp loaded = {.own = owns[i]};
        switch (store_find_pgp(read, owns[i].fingerprint, &loaded.key, &err)) {
        case FIND_FOUND:
            out->pgp_keys = arena_grow(work->arena, out->pgp_keys, out->npgp_keys, &out->pgp_keys_cap,
                                       sizeof *out->pgp_keys);
            out->pgp_keys[out->npgp_keys++] = loaded;
            break;
        case FIND_ABSENT: /* gpg needs the public half as well */
            break;
        case FIND_FAILED:
            note_failure(work, out, &err);
            break;
        }
    }
}

/* All that this owner has, in any format; those of S/MIME stand for an address. */
static void add_keys_of(struct work *work, struct store_read *read, const char *owner, const char *addr,
                        struct loaded *out)
{
    add_keys(work, read, owner, addr, out);
    add_pgp_keys(work, read, owner, out);
}

void load_keys(struct work *work, struct store_read *read, const char *addr, struct loaded *out)
{
    struct err err = ERR_INIT;
    struct user_record user;
    add_keys_of(work, read, addr, addr, out);
    switch (store_find_user(read, addr, &user, &err)) {
    case FIND_FOUND:
        if (strcmp(user.addr, addr) != 0)
            add_keys_of(work, read, user.addr, user.addr, out);
        for (size_t i = 0; i < user.nmore; i++)
            if (strcmp(user.more[i], addr) != 0)
                add_keys_of(work, read, user.more[i], user.more[i], out);
        break;
    case FIND_ABSENT:
        break;
    case FIND_FAILED:
        note_failure(work, out, &err);
        break;
    }
    add_keys_of(work, read, domain_key(work, addr), addr, out);
}
