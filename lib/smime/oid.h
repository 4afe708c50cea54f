/* oid - object identifiers of hostile structures, as OpenSSL's numbers. */
#ifndef SMIME_OID_H
#define SMIME_OID_H

#include "base/arena.h"

/* oid_nid - an OBJECT IDENTIFIER element; NID_undef when unknown or malformed. */
int oid_nid(struct span element);
/* oid_text - its numbers ("1.2.840.113549.1.7.1"); "?" when malformed. */
const char *oid_text(struct arena *arena, struct span element);

/* oid_algorithm_nid - the algorithm of an AlgorithmIdentifier element. */
int oid_algorithm_nid(struct span algorithm);
/* oid_algorithm_oid - its OBJECT IDENTIFIER element; empty when malformed. params_out: what stands behind it. */
struct span oid_algorithm_oid(struct span algorithm, struct span *params_out);

#endif
