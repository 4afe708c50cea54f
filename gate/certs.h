/*
 * certs - caches that every message shares: parsed certificates, opened keys, chain verdicts.
 *
 * Certificates and keys are found by what they are (fingerprint; hash of the wrapped key and of the address that it is used for), so that
 * nothing ever grows stale; a chain verdict belongs to one set of anchors and a few minutes. Parsing a certificate costs more than signing with its key.
 *
 * threads  any; one lock, never held during parsing or cryptography
 */
#ifndef GATE_CERTS_H
#define GATE_CERTS_H

#include "smime/chain.h"
#include "store/store.h"
#include "token/holder.h"

struct certs;

/* certs_new - for max things at most; emptied when it is full. */
struct certs *certs_new(size_t max);
void certs_free(struct certs **certs);

/* certs_parse - as cert_parse, through the cache; certs is a struct certs. For smime_verify_conf. */
int certs_parse(void *certs, struct span der, struct cert **out, struct err *err) SEAL_CHECKED;

/* certs_get - a reference to the store's certificate of this fingerprint, parsed from der when it is not at hand. */
int certs_get(struct certs *certs, const char *fingerprint, struct span der, struct cert **out,
              struct err *err) SEAL_CHECKED;

/* certs_get_key - a reference to the key that a record holds, to be used for an address (token/holder.h). */
int certs_get_key(struct certs *certs, struct holder *holder, const struct key_record *record,
                  const char *addr, struct key **out, struct err *err) SEAL_CHECKED;

/* certs_chain - chain_check for a stored certificate, remembered. result_out->path holds references. */
int certs_chain(struct certs *certs, const struct anchors *anchors, uint64_t anchors_id, struct cert *leaf,
                enum chain_purpose purpose, int64_t now, unsigned min_rsa_bits,
                struct chain_result *result_out, struct err *err) SEAL_CHECKED;

#endif
