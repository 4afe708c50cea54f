/* remote - questions to sealkeyd as a holder and its keys. */
#include "token/remote.h"

#include "token/evp.h"
#include "token/holder_impl.h"
#include "token/kek.h"
#include "token/key_impl.h"
#include "token/lines.h"
#include "token/ossl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define OPENINGS_MAX 5 /* of one key for one operation */

struct remote {
    struct holder holder;
    struct lines *lines;
};

struct remote_key {
    struct key key;
    struct lines *lines;
    unsigned char id[WIRE_ID_SIZE];
    char *owner, *addr;
    struct buf wrapped; /* to open it again */
};

static struct lines *lines_of(struct holder *holder)
{
    return ((struct remote *)holder)->lines;
}

/* As lines_ask(), and what the answer refuses is an error too. */
static int ask(struct lines *lines, const struct wire_question *question, struct line **line_out,
               struct wire_answer *answer_out, struct err *err)
{
    if (lines_ask(lines, question, line_out, answer_out, err) < 0)
        return -1;
    if (answer_out->code == ERR_NONE)
        return 0;
    err_set(err, answer_out->code, "%.*s", SPAN_ARG(answer_out->message));
    lines_done(line_out);
    return -1;
}

static int open_it(struct remote_key *k, struct err *err)
{
    struct line *line;
    struct wire_answer answer;
    const struct wire_question question = {.op = WIRE_OPEN,
                                           .owner = span_of(k->owner),
                                           .public_key = key_public(&k->key),
                                           .wrapped = buf_span(&k->wrapped)};
    if (ask(k->lines, &question, &line, &answer, err) < 0)
        return -1;
    lines_done(&line);
    return 0;
}

/* Asks with the key; while sealkeyd does not know it (any more: it may be started again between two questions), opens it first. */
static int ask_key(struct key *key, struct wire_question *question, struct line **line_out,
                   struct wire_answer *answer_out, struct err *err)
{
    struct remote_key *k = (struct remote_key *)key;
    memcpy(question->id, k->id, WIRE_ID_SIZE);
    question->addr = span_of(k->addr);
    for (int i = 0; i < OPENINGS_MAX; i++) {
        if (ask(k->lines, question, line_out, answer_out, err) == 0)
            return 0;
        if (err->code != ERR_ABSENT)
            return -1;
        err_clear(err);
        if (open_it(k, err) < 0)
            return -1;
    }
    return err_set(err, ERR_BUSY, "the key process forgets keys as soon as they are open");
}

static int remote_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                       unsigned char *sig_out, size_t *len_inout, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    struct wire_question question = {
        .op = WIRE_SIGN, .digest = digest, .sign_padding = padding, .data = hash};
    if (ask_key(key, &question, &line, &answer, err) < 0)
        return -1;
    if (answer.data.len == 0 || answer.data.len > *len_inout)
        return err_set(err, ERR_CRYPTO, "a signature of %zu octets", answer.data.len);
    memcpy(sig_out, answer.data.ptr, answer.data.len);
    *len_inout = answer.data.len;
    return 0;
}

static int ask_for_secret(struct key *key, struct wire_question *question, struct secret *out,
                          struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    memset(out, 0, sizeof *out);
    if (ask_key(key, question, &line, &answer, err) < 0)
        return -1;
    return secret_copy(out, answer.data.ptr, answer.data.len, err);
}

static int remote_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                          struct secret *out, struct err *err)
{
    struct wire_question question = {
        .op = WIRE_DECRYPT, .wrap_padding = padding, .digest = oaep, .data = wrapped};
    return ask_for_secret(key, &question, out, err);
}

static int remote_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err)
{
    struct wire_question question = {.op = WIRE_DERIVE, .data = peer_point};
    return ask_for_secret(key, &question, out, err);
}

static void remote_key_free(struct key *key)
{
    struct remote_key *k = (struct remote_key *)key;
    free(k->owner);
    free(k->addr);
    buf_fini(&k->wrapped);
    key_fini(key);
    free(k);
}

static const struct key_ops key_ops = {"sealkeyd", remote_sign, remote_decrypt, remote_derive,
                                       remote_key_free};

static int read_public(struct span public_key, EVP_PKEY **out, struct err *err)
{
    ossl_begin();
    const unsigned char *p = (const unsigned char *)public_key.ptr;
    *out = public_key.len == 0 ? NULL : d2i_PUBKEY(NULL, &p, (long)public_key.len);
    return *out != NULL ? 0 : ossl_fail(err, ERR_CRYPTO, "public key of a private key cannot be read");
}

/* Type, size and public half are known here; the private half is where it was. */
static int init_key(struct remote_key *k, struct span public_key, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = NULL;
    if (read_public(public_key, &public, err) < 0 || key_init(&k->key, &key_ops, public, err) < 0)
        return -1;
    public = NULL;
    return 0;
}

static int open_key(struct holder *holder, const struct sealed_key *sealed, const char *addr,
                    struct key **out, struct err *err)
{
    struct remote_key *k = xcalloc(1, sizeof *k);
    if (init_key(k, sealed->public_key, err) < 0) {
        free(k);
        return -1;
    }
    k->lines = lines_of(holder);
    k->owner = xstrdup(sealed->owner);
    k->addr = xstrdup(addr);
    k->wrapped = (struct buf)BUF_INIT(WIRE_MAX);
    buf_add_span(&k->wrapped, sealed->wrapped);
    wire_key_id(span_of(sealed->owner), key_public(&k->key), sealed->wrapped, k->id);
    if (buf_check(&k->wrapped, err) == 0 && open_it(k, err) == 0) {
        *out = &k->key;
        return 0;
    }
    remote_key_free(&k->key);
    return -1;
}

static int open_secret(struct holder *holder, const char *owner, const char *fingerprint, struct span wrapped,
                       struct secret *out, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {
        .op = WIRE_SECRET, .owner = span_of(owner), .subject = span_of(fingerprint), .wrapped = wrapped};
    if (ask(lines_of(holder), &question, &line, &answer, err) < 0)
        return -1;
    return secret_copy(out, answer.data.ptr, answer.data.len, err);
}

static int keep_secret(struct holder *holder, const char *owner, const char *fingerprint,
                       const struct secret *secret, struct buf *wrapped_out, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {.op = WIRE_KEEP,
                                           .owner = span_of(owner),
                                           .subject = span_of(fingerprint),
                                           .data = {(const char *)secret->ptr, secret->len}};
    if (ask(lines_of(holder), &question, &line, &answer, err) < 0)
        return -1;
    buf_add_span(wrapped_out, answer.wrapped);
    return buf_check(wrapped_out, err);
}

static int ask_for_key(struct holder *holder, const struct wire_question *question, struct buf *public_out,
                       struct buf *wrapped_out, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    if (ask(lines_of(holder), question, &line, &answer, err) < 0)
        return -1;
    buf_add_span(public_out, answer.public_key);
    buf_add_span(wrapped_out, answer.wrapped);
    return buf_check(public_out, err) < 0 || buf_check(wrapped_out, err) < 0 ? -1 : 0;
}

int remote_generate_on_token(struct holder *remote, const char *owner, enum key_type type, unsigned bits,
                             const char *uri, struct buf *public_out, struct buf *wrapped_out,
                             struct err *err)
{
    const struct wire_question question = {
        .op = WIRE_GENERATE, .owner = span_of(owner), .type = type, .bits = bits, .uri = span_of(uri)};
    return ask_for_key(remote, &question, public_out, wrapped_out, err);
}

static int generate(struct holder *holder, const char *owner, enum key_type type, unsigned bits,
                    struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    return remote_generate_on_token(holder, owner, type, bits, "", public_out, wrapped_out, err);
}

int remote_seal(struct holder *remote, const char *owner, struct span public_key, const char *uri,
                struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    const struct wire_question question = {
        .op = WIRE_SEAL, .owner = span_of(owner), .public_key = public_key, .uri = span_of(uri)};
    return ask_for_key(remote, &question, public_out, wrapped_out, err);
}

int remote_import(struct holder *remote, const struct sealed_key *sealed, const char *uri,
                  struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    const struct wire_question question = {.op = WIRE_IMPORT,
                                           .owner = span_of(sealed->owner),
                                           .public_key = sealed->public_key,
                                           .wrapped = sealed->wrapped,
                                           .uri = span_of(uri)};
    return ask_for_key(remote, &question, public_out, wrapped_out, err);
}

int remote_lock(struct holder *remote, const char *uri, const struct secret *data_key, struct buf *locked_out,
                struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {
        .op = WIRE_LOCK, .data = {(const char *)data_key->ptr, data_key->len}, .uri = span_of(uri)};
    if (ask(lines_of(remote), &question, &line, &answer, err) < 0)
        return -1;
    if (answer.data.len <= KEK_HEAD_SIZE)
        return err_set(err, ERR_CRYPTO, "locked data key of %zu octets", answer.data.len);
    buf_add_span(locked_out, answer.data);
    if (public_out != NULL)
        buf_add_span(public_out, answer.public_key);
    return buf_check(locked_out, err) < 0 || (public_out != NULL && buf_check(public_out, err) < 0) ? -1 : 0;
}

int remote_unlock(struct holder *remote, const char *uri, struct span locked, struct secret *out,
                  struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {.op = WIRE_UNLOCK, .data = locked, .uri = span_of(uri)};
    memset(out, 0, sizeof *out);
    if (ask(lines_of(remote), &question, &line, &answer, err) < 0)
        return -1;
    return secret_copy(out, answer.data.ptr, answer.data.len, err);
}

int remote_status(struct holder *remote, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {.op = WIRE_STATUS};
    if (ask(lines_of(remote), &question, &line, &answer, err) < 0)
        return -1;
    buf_add_span(out, answer.data);
    return buf_check(out, err);
}

static int ask_to_reload(struct holder *remote, struct err *err)
{
    SEAL_CLEANUP(lines_done) struct line *line = NULL;
    struct wire_answer answer;
    const struct wire_question question = {.op = WIRE_RELOAD};
    return ask(lines_of(remote), &question, &line, &answer, err);
}

int remote_reload(struct holder *remote, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(WIRE_MAX);
    return ask_to_reload(remote, err) < 0 ? -1 : remote_status(remote, &said, err);
}

static void remote_free(struct holder *holder)
{
    struct remote *remote = (struct remote *)holder;
    lines_free(&remote->lines);
    free(remote);
}

static const struct holder_ops holder_ops = {"sealkeyd",  open_key, open_secret,
                                             keep_secret, generate, remote_free};

struct holder *remote_new_on(struct lines *lines)
{
    struct remote *remote = xcalloc(1, sizeof *remote);
    remote->holder.ops = &holder_ops;
    remote->lines = lines;
    return &remote->holder;
}

int remote_new(const char *socket_path, unsigned timeout_ms, struct holder **out, struct err *err)
{
    *out = NULL;
    if (strlen(socket_path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return err_set(err, ERR_CONFIG, "%s: too long for the name of a socket", socket_path);
    *out = remote_new_on(lines_new(socket_path, timeout_ms));
    return 0;
}
