/* holder - each question goes to the kind of holder, after the checks that all share. */
#include "token/holder.h"

#include "token/holder_impl.h"

#include <ctype.h>
#include <string.h>

#define FINGERPRINT_MIN 40
#define FINGERPRINT_MAX 64

/* A domain's key works for every address of the domain; the own CA's for nobody. */
bool holder_owns(const char *owner, const char *addr)
{
    const char *at = strrchr(addr, '@');
    return strcmp(owner, addr) == 0 || (owner[0] == '@' && at != NULL && strcmp(owner, at) == 0);
}

int holder_open_key(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err)
{
    *out = NULL;
    if (!holder_owns(sealed->owner, addr))
        return err_set(err, ERR_KEY_UNUSABLE, "a key of %s is not used for %s", sealed->owner, addr);
    return holder->ops->open_key(holder, sealed, addr, out, err);
}

/* A private key's subject is its public key, which is never hex digits alone: what this opens is no private key. */
bool holder_is_fingerprint(const char *text)
{
    size_t n = 0;
    while (isxdigit((unsigned char)text[n]))
        n++;
    return text[n] == '\0' && n >= FINGERPRINT_MIN && n <= FINGERPRINT_MAX;
}

int holder_open_secret(struct holder *holder, const char *owner, const char *fingerprint, struct span wrapped,
                       struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (!holder_is_fingerprint(fingerprint))
        return err_set(err, ERR_CRYPTO, "no fingerprint of an OpenPGP key");
    return holder->ops->open_secret(holder, owner, fingerprint, wrapped, out, err);
}

int holder_keep_secret(struct holder *holder, const char *owner, const char *fingerprint,
                       const struct secret *secret, struct buf *wrapped_out, struct err *err)
{
    if (!holder_is_fingerprint(fingerprint))
        return err_set(err, ERR_CRYPTO, "no fingerprint of an OpenPGP key");
    return holder->ops->keep_secret(holder, owner, fingerprint, secret, wrapped_out, err);
}

int holder_generate(struct holder *holder, const char *owner, enum key_type type, unsigned bits,
                    struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    return holder->ops->generate(holder, owner, type, bits, public_out, wrapped_out, err);
}

void holder_free(struct holder **holder)
{
    struct holder *h = *holder;
    *holder = NULL;
    if (h != NULL)
        h->ops->free(h);
}
