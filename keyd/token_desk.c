/* token_desk - one function a kind of question. */
#include "keyd/token_desk.h"

#include "token/key_try.h"

#include <string.h>

struct task {
    struct token_desk *desk;
    const struct wire_question *question;
    struct wire_answer *answer;
    /* what the answer points to */
    unsigned char data[WIRE_DATA_MAX];
    size_t used;
    struct buf public_key, report;
};

static void set_data(struct task *task, size_t n)
{
    task->used = n;
    task->answer->data = (struct span){(const char *)task->data, n};
}

static int copy_secret(struct task *task, const struct secret *secret, struct err *err)
{
    if (secret->len > sizeof task->data)
        return err_set(err, ERR_LIMIT, "a secret of %zu octets", secret->len);
    memcpy(task->data, secret->ptr, secret->len);
    set_data(task, secret->len);
    return 0;
}

/* The reader of packets saw to it that there is no NUL inside, and that it is not too long. */
static void copy_uri(struct span uri, char out[WIRE_URI_MAX + 1])
{
    uri = span_sub(uri, 0, WIRE_URI_MAX);
    memcpy(out, uri.ptr, uri.len);
    out[uri.len] = '\0';
}

static int answer_open(struct task *task, struct err *err)
{
    const struct wire_question *q = task->question;
    unsigned char id[WIRE_ID_SIZE];
    char uri[WIRE_URI_MAX + 1];
    struct key *key = NULL;
    if (q->wrapped.len > WIRE_URI_MAX || memchr(q->wrapped.ptr, '\0', q->wrapped.len) != NULL)
        return err_set(err, ERR_SYNTAX, "no URI of a key on a token");
    wire_key_id(q->owner, q->public_key, q->wrapped, id);
    struct opened *opened = cache_find(task->desk->cache, id);
    if (opened != NULL) {
        opened_release(&opened);
        return 0;
    }
    copy_uri(q->wrapped, uri);
    if (pkcs11_key(task->desk->p11, uri, q->public_key, &key, err) < 0)
        return -1;
    cache_add(task->desk->cache, id, "", key);
    return 0;
}

static int operate(struct task *task, struct key *key, struct err *err)
{
    const struct wire_question *q = task->question;
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    size_t len = sizeof task->data;
    if (q->op == WIRE_SIGN) {
        if (key_sign(key, q->digest, q->sign_padding, q->data, task->data, &len, err) < 0)
            return -1;
        set_data(task, len);
        return 0;
    }
    if ((q->op == WIRE_DECRYPT ? key_decrypt(key, q->wrap_padding, q->digest, q->data, &secret, err)
                               : key_derive(key, q->data, &secret, err)) < 0)
        return -1;
    return copy_secret(task, &secret, err);
}

static int answer_operation(struct task *task, struct err *err)
{
    SEAL_CLEANUP(opened_release)
    struct opened *opened = cache_find(task->desk->cache, task->question->id);
    if (opened == NULL)
        return err_set(err, ERR_ABSENT, "this key is not open here");
    return operate(task, opened->key, err);
}

static int answer_new_key(struct task *task, struct err *err)
{
    const struct wire_question *q = task->question;
    char uri[WIRE_URI_MAX + 1];
    copy_uri(q->uri, uri);
    if (pkcs11_generate(task->desk->p11, uri, q->type, q->bits, &task->public_key, err) < 0)
        return -1;
    task->answer->public_key = buf_span(&task->public_key);
    return 0;
}

static int answer_seal(struct task *task, struct err *err)
{
    const struct wire_question *q = task->question;
    char uri[WIRE_URI_MAX + 1];
    struct key *key = NULL;
    copy_uri(q->uri, uri);
    if (pkcs11_key(task->desk->p11, uri, q->public_key, &key, err) < 0)
        return -1;
    /* Whoever names a public key is about to forget the private one. */
    int result = q->public_key.len > 0 ? key_try_sign(key, err) : 0;
    buf_add_span(&task->public_key, key_public(key));
    key_free(&key);
    if (result < 0)
        return -1;
    task->answer->public_key = buf_span(&task->public_key);
    return buf_check(&task->public_key, err);
}

static int answer_import(struct task *task, struct err *err)
{
    const struct wire_question *q = task->question;
    char uri[WIRE_URI_MAX + 1];
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    copy_uri(q->uri, uri);
    if (secret_copy(&pkcs8, q->wrapped.ptr, q->wrapped.len, err) < 0 ||
        pkcs11_import(task->desk->p11, uri, &pkcs8, &task->public_key, err) < 0)
        return -1;
    task->answer->public_key = buf_span(&task->public_key);
    return 0;
}

static int find_master(struct task *task, struct kek **out, struct err *err)
{
    char uri[WIRE_URI_MAX + 1];
    copy_uri(task->question->uri, uri);
    return token_kek_get(&task->desk->master, task->desk->p11, uri, out, err);
}

static int answer_lock(struct task *task, struct err *err)
{
    const struct wire_question *q = task->question;
    struct kek *kek;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX);
    if (secret_copy(&data_key, q->data.ptr, q->data.len, err) < 0 || find_master(task, &kek, err) < 0 ||
        kek_lock(kek, &data_key, &locked, err) < 0)
        return -1;
    memcpy(task->data, locked.ptr, locked.len);
    set_data(task, locked.len);
    task->answer->public_key = kek_public(kek);
    return 0;
}

static int answer_unlock(struct task *task, struct err *err)
{
    struct kek *kek;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (find_master(task, &kek, err) < 0 || kek_unlock(kek, task->question->data, &data_key, err) < 0)
        return -1;
    return copy_secret(task, &data_key, err);
}

static int answer_status(struct task *task, struct err *err)
{
    pkcs11_report(task->desk->p11, &task->report);
    buf_printf(&task->report, "token-fence %s\n", task->desk->fence);
    task->answer->data = buf_span(&task->report);
    return buf_check(&task->report, err);
}

static int answer(struct task *task, struct err *err)
{
    switch (task->question->op) {
    case WIRE_OPEN:
        return answer_open(task, err);
    case WIRE_SIGN:
    case WIRE_DECRYPT:
    case WIRE_DERIVE:
        return answer_operation(task, err);
    case WIRE_GENERATE:
        return answer_new_key(task, err);
    case WIRE_SEAL:
        return answer_seal(task, err);
    case WIRE_IMPORT:
        return answer_import(task, err);
    case WIRE_LOCK:
        return answer_lock(task, err);
    case WIRE_UNLOCK:
        return answer_unlock(task, err);
    case WIRE_STATUS:
        return answer_status(task, err);
    case WIRE_SECRET:
    case WIRE_KEEP:
    case WIRE_RELOAD:
        break;
    }
    return err_set(err, ERR_UNSUPPORTED, "no question for a token");
}

static void write_failure(const struct err *why, struct buf *out)
{
    struct err err = ERR_INIT;
    enum err_code code = why->code == ERR_IO ? ERR_BUSY : why->code;
    const struct wire_answer refusal = {.code = code, .message = span_of(why->msg)};
    buf_clear(out);
    if (wire_write_answer(&refusal, out, &err) < 0)
        buf_clear(out);
}

bool token_desk_answer(struct token_desk *desk, struct span packet, struct buf *out)
{
    struct err err = ERR_INIT;
    struct wire_question question;
    struct wire_answer reply = {.code = ERR_NONE};
    struct task task;
    task.desk = desk;
    task.question = &question;
    task.answer = &reply;
    task.used = 0;
    task.public_key = (struct buf)BUF_INIT(WIRE_PUBLIC_MAX);
    task.report = (struct buf)BUF_INIT(WIRE_DATA_MAX);
    if (wire_read_question(packet, &question, &err) == 0 && answer(&task, &err) == 0)
        (void)!wire_write_answer(&reply, out, &err);
    if (err.code != ERR_NONE)
        write_failure(&err, out);
    explicit_bzero(task.data, task.used);
    buf_fini(&task.public_key);
    buf_fini(&task.report);
    return err.code != ERR_IO;
}
