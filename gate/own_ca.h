/* own_ca - keys and certificates that the site's own authority issues: for `sealadm key generate`, and for rules that generate keys. */
#ifndef GATE_OWN_CA_H
#define GATE_OWN_CA_H

#include "smime/cert.h"
#include "store/store.h"
#include "token/holder.h"

#define OWN_CA_DAYS 730 /* that a certificate is valid, unless somebody says otherwise */

/* Found in one read session, used after it: no transaction is open while a key is generated. */
struct own_ca {
    struct ca_record record;
    struct key_record key;
};

/* own_ca_find - ERR_ABSENT: there is none. */
int own_ca_find(struct store_read *read, struct own_ca *out, struct err *err) SEAL_CHECKED;

struct own_ca_request {
    const char *addr; /* canonical: whose key it becomes */
    const char *name; /* "": none */
    enum key_type type;
    unsigned bits; /* RSA */
    int64_t not_before;
    int64_t not_after;
};

/*
 * own_ca_issue - a new private key, wrapped, and its certificate. Nothing is stored: store the key first, or somebody encrypts to what nobody can
 * open.
 *
 * key_out  in arena
 * return   0, or -1 with ERR_STORE_DAMAGED, ERR_CRYPTO, and what the holder and ca_issue() say
 */
int own_ca_issue(const struct own_ca *ca, struct holder *holder, const struct own_ca_request *request,
                 struct arena *arena, struct cert **cert_out, struct key_record *key_out,
                 struct err *err) SEAL_CHECKED;
/* own_ca_certify - the same for a private key that is there: on a token. type and bits of the request are not read. */
int own_ca_certify(const struct own_ca *ca, struct holder *holder, const struct own_ca_request *request,
                   struct span public_key, struct span wrapped, struct arena *arena, struct cert **cert_out,
                   struct key_record *key_out, struct err *err) SEAL_CHECKED;

#endif
