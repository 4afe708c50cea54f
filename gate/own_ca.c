/* own_ca - private half, certificate, record. */
#include "gate/own_ca.h"

#include "smime/ca.h"
#include "token/wrap.h"

#define PUBLIC_MAX 8192

int own_ca_find(struct store_read *read, struct own_ca *out, struct err *err)
{
    struct ca_record *records;
    size_t n, i = 0;
    if (store_cas(read, &records, &n, err) < 0)
        return -1;
    while (i < n && !records[i].own)
        i++;
    if (i == n)
        return err_set(err, ERR_ABSENT, "there is no own CA; next: sealadm init");
    out->record = records[i];
    switch (store_find_key(read, records[i].fingerprint, &out->key, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return err_set(err, ERR_STORE_DAMAGED, "the own CA %.16s has no key: restore the store from a backup",
                       records[i].fingerprint);
    case FIND_FAILED:
        break;
    }
    return -1;
}

static int issue(const struct own_ca *ca, struct holder *holder, const struct own_ca_request *request,
                 struct span public, struct cert **out, struct err *err)
{
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    SEAL_CLEANUP(key_free) struct key *key = NULL;
    const struct sealed_key sealed = {ca->key.owner, ca->key.public_key, ca->key.wrapped};
    if (cert_parse(ca->record.der, &cert, err) < 0 || holder_open_key(holder, &sealed, "", &key, err) < 0)
        return -1;
    int64_t since = cert_info(cert)->not_before;
    const struct ca_request wanted = {.addr = request->addr,
                                      .name = *request->name == '\0' ? NULL : request->name,
                                      .public_key = public,
                                      .not_before = request->not_before > since ? request->not_before : since,
                                      .not_after = request->not_after};
    return ca_issue(cert, key, &wanted, out, err);
}

static struct span keep(struct arena *arena, struct span octets)
{
    return (struct span){arena_memdup(arena, octets.ptr, octets.len), octets.len};
}

int own_ca_certify(const struct own_ca *ca, struct holder *holder, const struct own_ca_request *request,
                   struct span public_key, struct span wrapped, struct arena *arena, struct cert **cert_out,
                   struct key_record *key_out, struct err *err)
{
    if (issue(ca, holder, request, public_key, cert_out, err) < 0)
        return -1;
    *key_out = (struct key_record){.fingerprint = arena_strdup(arena, cert_info(*cert_out)->fingerprint),
                                   .owner = arena_strdup(arena, request->addr),
                                   .public_key = keep(arena, public_key),
                                   .wrapped = keep(arena, wrapped)};
    return 0;
}

int own_ca_issue(const struct own_ca *ca, struct holder *holder, const struct own_ca_request *request,
                 struct arena *arena, struct cert **cert_out, struct key_record *key_out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX), wrapped = BUF_INIT(WRAP_MAX);
    if (holder_generate(holder, request->addr, request->type, request->bits, &public, &wrapped, err) < 0)
        return -1;
    return own_ca_certify(ca, holder, request, buf_span(&public), buf_span(&wrapped), arena, cert_out,
                          key_out, err);
}
