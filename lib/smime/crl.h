/*
 * crl - certificate revocation lists, read once into what is asked of them: sorted serial numbers. Immutable, usable from any thread.
 *
 * Complete lists of one issuer, signed by itself. Those of one distribution point or of users' or authorities' certificates alone are
 * read too: what they list is revoked, and beyond their scope they prove nothing. Delta and indirect lists, and lists of some reasons only,
 * are ERR_UNSUPPORTED.
 *
 * source  RFC 5280 5
 */
#ifndef SMIME_CRL_H
#define SMIME_CRL_H

#include "smime/cert.h"

#define CRL_DER_MAX     ((size_t)16 << 20)
#define CRL_ENTRIES_MAX 500000u
#define CRL_FILE_MAX    ((size_t)24 << 20) /* octets of a file: base64 takes a third more */
#define CRL_FILE_LISTS  100

struct crl;

struct crl_info {
    char id[HASH_HEX_SIZE];          /* of issuer, key and scope: the same for its successor */
    char fingerprint[HASH_HEX_SIZE]; /* SHA-256 of the DER */
    char signer[HASH_HEX_SIZE];
    const char *issuer; /* one line, escaped */
    int64_t this_update, next_update;
    unsigned entries;
};

/*
 * crl_find_signer - the authority that issued the list and whose key signed it.
 *
 * out     SHA-256 of that key (SubjectPublicKeyInfo)
 * return  0, or -1 with ERR_UNTRUSTED (none of these), ERR_UNSUPPORTED (signed with MD5 or SHA-1), ERR_SYNTAX, ERR_LIMIT
 */
int crl_find_signer(struct span der, struct cert *const *authorities, size_t n, char out[HASH_HEX_SIZE],
                    struct err *err) SEAL_CHECKED;
/* crl_parse - signer: from crl_find_signer(); the signature is not looked at again. ERR_SYNTAX, ERR_LIMIT, ERR_UNSUPPORTED. */
int crl_parse(struct span der, const char *signer, struct crl **out, struct err *err) SEAL_CHECKED;
void crl_free(struct crl **crl);
const struct crl_info *crl_info(const struct crl *crl);

/* crl_lists - whether it names this certificate, by issuer and serial number; *since_out: since when. */
bool crl_lists(const struct crl *crl, const struct cert *cert, int64_t *since_out);
/* crl_covers - whether it would name this certificate of this issuer, were it revoked; its age is not looked at. */
bool crl_covers(const struct crl *crl, const struct cert *cert, const struct cert *issuer);

/* Lists out of a file: DER, or PEM with several blocks. */
struct crl_file {
    struct buf *lists; /* DER */
    size_t n;
};
int crl_file_read(struct span bytes, struct crl_file *out, struct err *err) SEAL_CHECKED;
void crl_file_fini(struct crl_file *file);

#endif
