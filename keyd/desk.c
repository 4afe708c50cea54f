/* desk - one function a question. */
#include "keyd/desk.h"

#include "keyd/open_key.h"
#include "token/kek.h"
#include "token/remote.h"
#include "token/soft.h"

#include <stdio.h>
#include <string.h>

/* One question on its way. */
struct turn {
    struct desk *desk;
    const struct peer *peer;
    const struct wire_question *question;
    struct wire_answer *answer;
    struct audit_entry *entry;
    /* what the answer points to */
    unsigned char data[WIRE_DATA_MAX];
    size_t used;
    struct buf public_key, wrapped;
};

/* Ends in NUL; the reader of packets saw to it that there is none inside, and that it is not too long. */
static void copy_text(char *out, size_t size, struct span text)
{
    size_t n = text.len < size ? text.len : size - 1;
    if (n > 0)
        memcpy(out, text.ptr, n);
    out[n] = '\0';
}

static void set_data(struct turn *turn, size_t n)
{
    turn->used = n;
    turn->answer->data = (struct span){(const char *)turn->data, n};
}

static int copy_secret(struct turn *turn, const struct secret *secret, struct err *err)
{
    if (secret->len > sizeof turn->data)
        return err_set(err, ERR_LIMIT, "a secret of %zu octets", secret->len);
    memcpy(turn->data, secret->ptr, secret->len);
    set_data(turn, secret->len);
    return 0;
}

static enum limits_peer kind_of(const struct peer *peer)
{
    return peer->privileged ? LIMITS_PRIVILEGED_PEER : LIMITS_ANY_PEER;
}

static int limit_wrap(const struct turn *turn, const unsigned char subject[HASH_SIZE], struct err *err)
{
    return limits_wrap(turn->desk->limits, kind_of(turn->peer), turn->peer->uid, subject, err);
}

/* Not of what WIRE_KEEP wrapped, which anybody may have chosen: any number of keys could be made of one so. */
static int check_public(struct span public_key, struct err *err)
{
    char name[WIRE_ADDR_MAX + 1];
    copy_text(name, sizeof name, public_key);
    return holder_is_fingerprint(name) ? err_set(err, ERR_CRYPTO, "a fingerprint is no public key") : 0;
}

static int answer_open(struct turn *turn, struct err *err)
{
    unsigned char id[WIRE_ID_SIZE], public_hash[HASH_SIZE];
    char owner[WIRE_ADDR_MAX + 1];
    const struct wire_question *q = turn->question;
    struct key *key = NULL;
    wire_key_id(q->owner, q->public_key, q->wrapped, id);
    struct opened *opened = cache_find(turn->desk->cache, id);
    if (opened != NULL) {
        opened_release(&opened);
        audit_event(turn->entry, ""); /* nothing was done */
        return 0;
    }
    copy_text(owner, sizeof owner, q->owner);
    hash_bytes(q->public_key, public_hash);
    fpr_of(public_hash, turn->entry->fpr);
    copy_text(turn->entry->addr, sizeof turn->entry->addr, q->owner);
    if (limit_wrap(turn, public_hash, err) < 0 || check_public(q->public_key, err) < 0 ||
        open_key(turn->desk, owner, q, &key, err) < 0)
        return -1;
    cache_add(turn->desk->cache, id, owner, key);
    return 0;
}

/* The key that is asked with, when it may be used for this address now. */
static struct opened *find_key(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    copy_text(turn->entry->addr, sizeof turn->entry->addr, q->addr);
    struct opened *opened = cache_find(turn->desk->cache, q->id);
    if (opened == NULL) {
        audit_event(turn->entry, "");
        err_set(err, ERR_ABSENT, "this key is not open here");
        return NULL;
    }
    memcpy(turn->entry->fpr, opened->fpr, FPR_SIZE);
    if (!holder_owns(opened->owner, turn->entry->addr))
        err_set(err, ERR_KEY_UNUSABLE, "a key of %s is not used for %s", opened->owner, turn->entry->addr);
    else if (limits_use(turn->desk->limits, opened->public_hash, err) == 0)
        return opened;
    opened_release(&opened);
    return NULL;
}

static int answer_sign(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    SEAL_CLEANUP(opened_release) struct opened *opened = find_key(turn, err);
    size_t len = sizeof turn->data;
    if (opened == NULL ||
        key_sign(opened->key, q->digest, q->sign_padding, q->data, turn->data, &len, err) < 0)
        return -1;
    set_data(turn, len);
    return 0;
}

static int answer_decrypt(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    SEAL_CLEANUP(opened_release) struct opened *opened = find_key(turn, err);
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    if (opened == NULL || key_decrypt(opened->key, q->wrap_padding, q->digest, q->data, &secret, err) < 0)
        return -1;
    return copy_secret(turn, &secret, err);
}

static int answer_derive(struct turn *turn, struct err *err)
{
    SEAL_CLEANUP(opened_release) struct opened *opened = find_key(turn, err);
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    if (opened == NULL || key_derive(opened->key, turn->question->data, &secret, err) < 0)
        return -1;
    return copy_secret(turn, &secret, err);
}

/* Whose passphrase: an OpenPGP key's, by its fingerprint. */
static int read_place(struct turn *turn, char owner[WIRE_ADDR_MAX + 1], struct err *err)
{
    const struct wire_question *q = turn->question;
    char subject[WIRE_ADDR_MAX + 1];
    unsigned char name[HASH_SIZE];
    copy_text(owner, WIRE_ADDR_MAX + 1, q->owner);
    copy_text(subject, sizeof subject, q->subject);
    copy_text(turn->entry->addr, sizeof turn->entry->addr, q->owner);
    copy_text(turn->entry->fpr, sizeof turn->entry->fpr, q->subject);
    if (!holder_is_fingerprint(subject))
        return err_set(err, ERR_CRYPTO, "no fingerprint of an OpenPGP key");
    hash_bytes(q->subject, name);
    return limit_wrap(turn, name, err);
}

static int answer_secret(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    char owner[WIRE_ADDR_MAX + 1];
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    if (read_place(turn, owner, err) < 0 ||
        vault_unwrap(turn->desk->vault, owner, q->subject, q->wrapped, &secret, err) < 0)
        return -1;
    return copy_secret(turn, &secret, err);
}

static int answer_keep(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    char owner[WIRE_ADDR_MAX + 1];
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    if (read_place(turn, owner, err) < 0 || secret_copy(&secret, q->data.ptr, q->data.len, err) < 0 ||
        vault_wrap(turn->desk->vault, owner, q->subject, &secret, &turn->wrapped, err) < 0)
        return -1;
    turn->answer->wrapped = buf_span(&turn->wrapped);
    return 0;
}

static int answer_lock(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX);
    if (!turn->peer->privileged)
        return err_set(err, ERR_KEY_UNUSABLE, "only root and the user of sealkeyd wrap for the token");
    if (q->data.len != KEK_DATA_SIZE)
        return err_set(err, ERR_KEY_UNUSABLE, "data key of %zu octets", q->data.len);
    if (secret_copy(&data_key, q->data.ptr, q->data.len, err) < 0 ||
        vault_lock(turn->desk->vault, q->uri, &data_key, &locked, err) < 0)
        return -1;
    memcpy(turn->data, locked.ptr, locked.len);
    set_data(turn, locked.len);
    return 0;
}

/* Who could ask this would open every record. */
static int answer_unlock(struct turn *turn, struct err *err)
{
    (void)turn;
    return err_set(err, ERR_KEY_UNUSABLE, "nobody unlocks data keys but sealkeyd");
}

static int generate_soft(struct turn *turn, const char *owner, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    if (limits_generate(turn->desk->limits, kind_of(turn->peer), turn->peer->uid, err) < 0 ||
        soft_generate(turn->question->type, turn->question->bits, &pkcs8, err) < 0 ||
        soft_public(&pkcs8, &turn->public_key, err) < 0)
        return -1;
    return vault_wrap(turn->desk->vault, owner, buf_span(&turn->public_key), &pkcs8, &turn->wrapped, err);
}

/* WIRE_GENERATE; WIRE_SEAL and WIRE_IMPORT, which have a URI always. */
static int answer_new_key(struct turn *turn, struct err *err)
{
    const struct wire_question *q = turn->question;
    char owner[WIRE_ADDR_MAX + 1];
    unsigned char public_hash[HASH_SIZE];
    copy_text(owner, sizeof owner, q->owner);
    copy_text(turn->entry->addr, sizeof turn->entry->addr, q->owner);
    bool soft = q->op == WIRE_GENERATE && q->uri.len == 0;
    if (!soft && !turn->peer->privileged)
        return err_set(err, ERR_KEY_UNUSABLE, "only root and the user of sealkeyd enrol keys of tokens");
    if ((soft ? generate_soft(turn, owner, err)
              : open_key_on_token(turn->desk, owner, q, &turn->public_key, &turn->wrapped, err)) < 0)
        return -1;
    turn->answer->public_key = buf_span(&turn->public_key);
    turn->answer->wrapped = buf_span(&turn->wrapped);
    hash_bytes(turn->answer->public_key, public_hash);
    fpr_of(public_hash, turn->entry->fpr);
    return 0;
}

/* Appends text, cut to what there is room for. */
static void add_status(struct turn *turn, struct span text)
{
    text = span_sub(text, 0, sizeof turn->data - turn->used);
    memcpy(turn->data + turn->used, text.ptr, text.len);
    set_data(turn, turn->used + text.len);
}

/* What the vault and the token child say of themselves. */
static void add_token_status(struct turn *turn)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf status = BUF_INIT(WIRE_DATA_MAX), master = BUF_INIT(WIRE_DATA_MAX);
    bool is_there = remote_status(turn->desk->token, &status, &err) == 0;
    if (!is_there) {
        buf_clear(&status);
        buf_add_str(&status, "pkcs11 away\n");
    }
    vault_report(turn->desk->vault, is_there, &master);
    add_status(turn, buf_span(&master));
    add_status(turn, buf_span(&status));
}

static int answer_status(struct turn *turn, struct err *err)
{
    struct desk *desk = turn->desk;
    int n = snprintf(
        (char *)turn->data, sizeof turn->data,
        "keys-open %zu\noperations %lu\nfailed %lu\nover-rate %lu\nconnections %u\nbackends soft%s\n",
        cache_count(desk->cache), atomic_load(&desk->done), atomic_load(&desk->failed),
        limits_refused(desk->limits), atomic_load(&desk->connections), desk->token != NULL ? " pkcs11" : "");
    if (n < 0 || (size_t)n >= sizeof turn->data)
        return err_set(err, ERR_BUG, "counts without end");
    set_data(turn, (size_t)n);
    if (desk->token != NULL)
        add_token_status(turn);
    return 0;
}

static int answer_reload(struct turn *turn, struct err *err)
{
    if (!turn->peer->privileged)
        return err_set(err, ERR_KEY_UNUSABLE, "only root and the user of sealkeyd start its worker anew");
    turn->desk->reload(turn->desk->arg);
    return 0;
}

static const struct {
    const char *event;
    int (*answer)(struct turn *turn, struct err *err);
} questions[] = {
    [WIRE_OPEN] = {"open", answer_open},          [WIRE_SIGN] = {"sign", answer_sign},
    [WIRE_DECRYPT] = {"decrypt", answer_decrypt}, [WIRE_DERIVE] = {"derive", answer_derive},
    [WIRE_SECRET] = {"secret", answer_secret},    [WIRE_GENERATE] = {"generate", answer_new_key},
    [WIRE_SEAL] = {"seal", answer_new_key},       [WIRE_KEEP] = {"keep", answer_keep},
    [WIRE_STATUS] = {"", answer_status},          [WIRE_RELOAD] = {"reload", answer_reload},
    [WIRE_IMPORT] = {"import", answer_new_key},   [WIRE_LOCK] = {"lock", answer_lock},
    [WIRE_UNLOCK] = {"unlock", answer_unlock},
};

static void count(struct desk *desk, const struct audit_entry *entry)
{
    if (entry->event[0] != '\0')
        atomic_fetch_add(entry->code == ERR_NONE ? &desk->done : &desk->failed, 1);
}

void desk_note(struct desk *desk, struct audit_entry *entry, const struct err *err)
{
    entry->code = err->code;
    memcpy(entry->why, err->msg, strlen(err->msg) + 1);
    count(desk, entry);
    if (entry->event[0] != '\0')
        audit_add(desk->audit, entry);
}

void desk_refuse(const struct err *why, struct buf *out)
{
    struct err err = ERR_INIT;
    const struct wire_answer answer = {.code = why->code, .message = span_of(why->msg)};
    buf_clear(out);
    if (wire_write_answer(&answer, out, &err) < 0)
        buf_clear(out);
}

/* Without touching data, which is large. */
static void turn_init(struct turn *turn, struct desk *desk, const struct peer *peer,
                      const struct wire_question *question, struct wire_answer *answer,
                      struct audit_entry *entry)
{
    turn->desk = desk;
    turn->peer = peer;
    turn->question = question;
    turn->answer = answer;
    turn->entry = entry;
    turn->used = 0;
    turn->public_key = (struct buf)BUF_INIT(WIRE_PUBLIC_MAX);
    turn->wrapped = (struct buf)BUF_INIT(WIRE_MAX);
}

static void turn_fini(struct turn *turn)
{
    explicit_bzero(turn->data, turn->used);
    buf_fini(&turn->public_key);
    buf_fini(&turn->wrapped);
}

bool desk_answer(struct desk *desk, const struct peer *peer, struct span packet, struct buf *out)
{
    struct err err = ERR_INIT;
    struct wire_question question;
    struct wire_answer answer = {.code = ERR_NONE};
    struct audit_entry entry;
    struct turn turn;
    audit_begin(&entry, "nonsense", peer->pid, peer->uid);
    turn_init(&turn, desk, peer, &question, &answer, &entry);
    bool sense = wire_read_question(packet, &question, &err) == 0;
    if (sense) {
        audit_event(&entry, questions[question.op].event);
        if (questions[question.op].answer(&turn, &err) == 0)
            (void)!wire_write_answer(&answer, out, &err);
    }
    desk_note(desk, &entry, &err);
    if (err.code != ERR_NONE)
        desk_refuse(&err, out);
    turn_fini(&turn);
    return sense;
}
