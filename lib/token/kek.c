/* kek - which kind it is, tried before it is used. */
#include "token/kek.h"

#include "base/hash.h"
#include "token/kek_impl.h"
#include "token/ossl.h"
#include "token/pkcs11.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

static const enum kek_method rsa_methods[] = {KEK_RSA_OAEP_SHA256, KEK_RSA_OAEP_SHA1, KEK_RSA_PKCS1};

int kek_data_key(struct secret *out, struct err *err)
{
    if (secret_init(out, KEK_DATA_SIZE, err) < 0)
        return -1;
    return RAND_priv_bytes(out->ptr, KEK_DATA_SIZE) == 1 ? 0 : ossl_fail(err, ERR_CRYPTO, "no random octets");
}

void kek_name(struct span what, char out[KEK_NAME_SIZE])
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(what, digest);
    memcpy(out, digest, KEK_NAME_SIZE);
}

int kek_check(const char name[KEK_NAME_SIZE], struct span locked, struct err *err)
{
    if (locked.len <= KEK_HEAD_SIZE || locked.len > KEK_MAX)
        return err_set(err, ERR_CRYPTO, "locked data key of %zu octets", locked.len);
    return memcmp(name, locked.ptr, KEK_NAME_SIZE) == 0
               ? 0
               : err_set(err, ERR_CRYPTO, "it is wrapped under another token's key (master-key-token =)");
}

int kek_lock(struct kek *kek, const struct secret *data_key, struct buf *out, struct err *err)
{
    if (data_key->len != KEK_DATA_SIZE)
        return err_set(err, ERR_SYNTAX, "data key of %zu octets", data_key->len);
    buf_add(out, kek->name, KEK_NAME_SIZE);
    buf_add_char(out, (char)kek->method);
    return kek->rsa != NULL ? kek_rsa_lock(kek, data_key, out, err) : kek_aes_lock(kek, data_key, out, err);
}

int kek_unlock(struct kek *kek, struct span locked, struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (kek_check(kek->name, locked, err) < 0)
        return -1;
    const enum kek_method method = (enum kek_method)locked.ptr[KEK_NAME_SIZE];
    struct span octets = span_sub(locked, KEK_HEAD_SIZE, locked.len);
    if (kek->rsa != NULL)
        return kek_rsa_unlock(kek, method, octets, out, err);
    return method == KEK_AES_CBC ? kek_aes_unlock(kek, octets, out, err)
                                 : err_set(err, ERR_UNSUPPORTED, "data key locked by method %d", (int)method);
}

static int try_it(struct kek *kek, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL}, back = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX);
    if (kek_data_key(&data_key, err) < 0 || kek_lock(kek, &data_key, &locked, err) < 0 ||
        kek_unlock(kek, buf_span(&locked), &back, err) < 0)
        return -1;
    return back.len == KEK_DATA_SIZE && CRYPTO_memcmp(back.ptr, data_key.ptr, KEK_DATA_SIZE) == 0
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "the token's key does not undo what it did");
}

static int open_rsa(struct kek *kek, struct err *err)
{
    if (kek_rsa_open(kek, err) < 0)
        return -1;
    for (size_t i = 0; i < SEAL_COUNT(rsa_methods); i++) {
        err_clear(err);
        kek->method = rsa_methods[i];
        if (try_it(kek, err) == 0)
            return 0;
        if (err->code != ERR_UNSUPPORTED && err->code != ERR_CRYPTO) /* of data that was made here */
            return -1;
    }
    return -1;
}

int kek_of_key(struct key *key, struct kek **out, struct err *err)
{
    struct kek *kek = xcalloc(1, sizeof *kek);
    kek->rsa = key_ref(key);
    *out = kek;
    if (open_rsa(kek, err) == 0)
        return 0;
    kek_free(out);
    return -1;
}

/* 1: there is one, or there are several; 0: there is none. */
static int has(struct pkcs11_object *object, ck_object_class_t cls, const struct pkcs11_uri *uri,
               struct err *err)
{
    struct span id = {(const char *)uri->id, uri->id_len};
    if (pkcs11_object_find(object, cls, uri->object, id, err) == 0)
        return 1;
    if (err->code != ERR_ABSENT && err->code != ERR_KEY_UNUSABLE)
        return -1;
    int found = err->code == ERR_KEY_UNUSABLE;
    err_clear(err);
    return found;
}

/* 1: it is a secret key; 0: a private one, or none. */
static int is_secret(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct err *err)
{
    if (uri->is_secret || uri->is_private)
        return uri->is_secret;
    int private = has(object, CKO_PRIVATE_KEY, uri, err);
    int secret = private < 0 ? -1 : has(object, CKO_SECRET_KEY, uri, err);
    if (private == 1 && secret == 1)
        return err_set(err, ERR_CONFIG,
                       "token %s has a private and a secret key of this name: type=private or "
                       "type=secret-key tells them apart",
                       object->token->label);
    return secret;
}

static int open_secret(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct kek *kek,
                       struct err *err)
{
    struct span id = {(const char *)uri->id, uri->id_len};
    return pkcs11_object_find(object, CKO_SECRET_KEY, uri->object, id, err) < 0
               ? -1
               : kek_aes_open(kek, object, err);
}

/* In a session that is given back before the key is operated, which takes one itself. As is_secret(). */
static int find(struct pkcs11 *p11, const struct pkcs11_uri *uri, struct kek *kek, struct err *err)
{
    struct pkcs11_object object = {.handle = 0};
    if (pkcs11_token_open(p11, uri, &object.token, err) < 0 ||
        pkcs11_session_take(object.token, &object.session, err) < 0)
        return -1;
    int secret = is_secret(&object, uri, err);
    if (secret == 1 && open_secret(&object, uri, kek, err) < 0)
        secret = -1;
    pkcs11_session_give(object.token, object.session, secret < 0 ? CKR_GENERAL_ERROR : CKR_OK);
    return secret;
}

static int open_it(struct pkcs11 *p11, const char *text, struct kek *kek, struct err *err)
{
    struct pkcs11_uri uri;
    int secret = pkcs11_uri_parse(text, &uri, err) < 0 ? -1 : find(p11, &uri, kek, err);
    if (secret < 0)
        return -1;
    if (secret == 0)
        return pkcs11_key(p11, text, SPAN_LIT(""), &kek->rsa, err) < 0 ? -1 : open_rsa(kek, err);
    return kek_aes_name(kek, err) < 0 ? -1 : try_it(kek, err);
}

int kek_open(struct pkcs11 *p11, const char *uri, struct kek **out, struct err *err)
{
    *out = xcalloc(1, sizeof **out);
    if (open_it(p11, uri, *out, err) == 0)
        return 0;
    kek_free(out);
    return -1;
}

void kek_free(struct kek **kek)
{
    if (*kek == NULL)
        return;
    key_free(&(*kek)->rsa);
    free(*kek);
    *kek = NULL;
}

struct span kek_public(const struct kek *kek)
{
    return kek->rsa != NULL ? key_public(kek->rsa) : (struct span){NULL, 0};
}
