/* pkcs11_pin - from a file, or what was typed when sealkeyd was started. */
#include "token/pkcs11_pin.h"

#include <string.h>
#include <sys/stat.h>

#define PIN_MAX 255

/* What the file is now; false when it cannot be looked at. */
static bool identify(const char *path, struct pkcs11_refused *out)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return false;
    *out = (struct pkcs11_refused){true,       (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
                                   st.st_mtim, st.st_ctim};
    return true;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct pkcs11_refused *a, const struct pkcs11_refused *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

static int read_file(const struct pkcs11_pin *pin, struct secret *out, struct err *err)
{
    struct pkcs11_refused now;
    if (pin->refused->is_set && identify(pin->path, &now) && same_file(&now, pin->refused))
        return err_set(err, ERR_CONFIG,
                       "token %s refused the PIN in %s: it is not tried again before the file changes",
                       pin->token, pin->path);
    pin->refused->is_set = false;
    if (secret_read_file(out, pin->path, secret_mode_of(pin->path), err) < 0)
        return -1;
    while (out->len > 0 && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
        out->ptr[--out->len] = '\0';
    return 0;
}

static int read_asked(const struct pkcs11_pin *pin, struct secret *out, struct err *err)
{
    if (pin->refused->is_set)
        return err_set(err, ERR_CONFIG, "token %s refused the PIN: start sealkeyd again to be asked for it",
                       pin->token);
    return secret_copy(out, pin->asked->ptr, pin->asked->len, err);
}

int pkcs11_pin_read(const struct pkcs11_pin *pin, struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if ((pin->path != NULL ? read_file : read_asked)(pin, out, err) < 0)
        return -1;
    if (out->len > 0 && out->len <= PIN_MAX)
        return 0;
    size_t len = out->len;
    secret_fini(out);
    return err_set(err, ERR_CONFIG, "PIN of token %s: %zu characters", pin->token, len);
}

void pkcs11_pin_refuse(const struct pkcs11_pin *pin)
{
    if (pin->path == NULL || !identify(pin->path, pin->refused))
        pin->refused->is_set = true;
}
