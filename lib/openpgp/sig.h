/*
 * sig - a signature packet taken apart; no signature is checked.
 *
 * source  RFC 9580 5.2
 */
#ifndef OPENPGP_SIG_H
#define OPENPGP_SIG_H

#include "base/buf.h"

#define SIG_KEYID_OCTETS 8
#define SIG_FPR_OCTETS   20 /* of a version 4 key */

enum sig_type {
    SIG_CERTIFICATION = 0x10, /* of a User-ID; 0x11 to 0x13 too */
    SIG_CERTIFICATION_LAST = 0x13,
    SIG_SUBKEY_BINDING = 0x18,
    SIG_DIRECT_KEY = 0x1f,
    SIG_KEY_REVOCATION = 0x20,
    SIG_SUBKEY_REVOCATION = 0x28,
    SIG_CERTIFICATION_REVOCATION = 0x30,
};

struct sig {
    unsigned version; /* 3, 4 */
    unsigned type;
    uint32_t created;
    bool named; /* keyid is that of who made it, as it says; zeros when it names none, or several */
    unsigned char keyid[SIG_KEYID_OCTETS];
    bool has_fpr;
    unsigned char fpr[SIG_FPR_OCTETS];
    struct span covered;  /* version 4: up to the end of the subpackets that the signature covers; 3: all */
    struct span unhashed; /* subpackets that it does not cover */
    struct span value;    /* two octets of the digest, and the numbers */
};

enum sig_read {
    SIG_READ,
    SIG_UNSUPPORTED, /* another version */
    SIG_BROKEN,
};
enum sig_read sig_read(struct span body, struct sig *out);

/* sig_is_by - named as the maker is the key with this fingerprint. */
bool sig_is_by(const struct sig *sig, const unsigned char fpr[SIG_FPR_OCTETS]);
bool sig_eq(const struct sig *a, const struct sig *b); /* but for what they do not cover */

/* What a binding says of the key that it binds, where the signature covers it. */
#define SIG_FLAGS_ENCRYPT 0x0cu /* communications, storage */
/*
 * sig_flags - what the key may do; sig_features - what its owner's programs read; 0: it does not say. sig_lifetime - seconds from the key's
 * making; 0: for ever.
 */
unsigned sig_flags(const struct sig *sig);
unsigned sig_features(const struct sig *sig);
uint32_t sig_lifetime(const struct sig *sig);

/*
 * sig_write - append the body without what anybody can add: of the subpackets that it does not cover, issuer and embedded signature
 * stay. sig_size - of that.
 */
void sig_write(const struct sig *sig, struct buf *out);
size_t sig_size(const struct sig *sig);

#endif
