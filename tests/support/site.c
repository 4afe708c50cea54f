/* site - a whole site for tests. */
#include "support/site.h"

#include "base/io.h"
#include "mime/header.h"
#include "mime/transfer.h"
#include "smime/ca.h"
#include "smime/encrypt.h"
#include "smime/frame.h"
#include "smime/sign.h"
#include "support/check.h"
#include "support/eol.h"
#include "token/soft.h"

#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static const struct spool_conf spool_conf = {.dir = "/tmp", .mem_max = 1u << 22, .size_max = 1u << 28};

static void make_settings(struct site *site, const char *more)
{
    struct err err = ERR_INIT;
    const char *text = arena_printf(
        site->arena,
        "state = %s\nspool = %s\nhostname = gw.our.example\nuser = \"\"\n"
        "trusted-networks = 10.0.0.0/8\n%s%s",
        site->dir, site->dir, strstr(more, "inject =") != NULL ? "" : "inject = 127.0.0.1:10026\n", more);
    ck_ok(settings_parse(site->arena, "test.conf", span_of(text), &site->settings, &err));
}

static void make_master(struct site *site)
{
    struct err err = ERR_INIT;
    ck_ok(soft_master_generate(&site->master, &err));
    struct span bytes = {(const char *)site->master.ptr, site->master.len};
    ck_ok(io_write_file(site->settings->master_key, bytes, 0600, &err));
}

static void trust_root(struct site *site)
{
    struct err err = ERR_INIT;
    struct ca_record record = {
        .fingerprint = cert_info(site->root->cert)->fingerprint, .der = site->root->der, .trusted = true};
    ck_ok(store_put_ca(site->store, &record, &err));
}

static void reload(struct site *site)
{
    struct err err = ERR_INIT;
    snapshot_free(&site->snapshot);
    ck_ok(snapshot_load(site->store, site->settings, &site->snapshot, &err));
}

void site_policy(struct site *site, const char *policy)
{
    struct err err = ERR_INIT;
    uint64_t version;
    struct policy_record record = {.text = policy, .loaded = PKI_NOW, .by = "test"};
    ck_ok(store_put_policy(site->store, &record, &version, &err));
    reload(site);
}

static int64_t site_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct site *site_new_with(const char *policy, const char *settings)
{
    struct err err = ERR_INIT;
    struct site *site = xcalloc(1, sizeof *site);
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(site->dir, sizeof site->dir, "%s/seal-site.XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert_int_lt(n, sizeof site->dir);
    ck_assert_ptr_nonnull(mkdtemp(site->dir));
    site->arena = arena_new(ARENA_MAX_DEFAULT);
    site->pki = pki_new();
    site->root = pki_root(site->pki, &(struct pki_spec){.name = "Trusted Root"});
    make_settings(site, settings);
    make_master(site);
    ck_ok(store_open(site->settings->state_dir, STORE_CREATE, &site->store, &err));
    trust_root(site);
    ck_ok(holder_new_local(site->settings->master_key, &site->holder, &err));
    ck_ok(gate_new(site->settings, site->store, site->holder, site_clock_ms, &site->gate, &err));
    site_policy(site, policy);
    return site;
}

struct site *site_new(const char *policy)
{
    return site_new_with(policy, "");
}

static void end_run(struct site *site)
{
    outcome_free(&site->outcome);
    spool_free(&site->message);
    site->envelope = (struct envelope){.queue_id = NULL};
    err_clear(&site->err);
}

void site_free(struct site **site)
{
    struct site *s = *site;
    end_run(s);
    snapshot_free(&s->snapshot);
    gate_free(&s->gate);
    holder_free(&s->holder);
    store_close(&s->store);
    secret_fini(&s->master);
    pki_free(&s->pki);
    arena_free(&s->arena);
    io_remove_tree(s->dir);
    free(s);
    *site = NULL;
}

static bool is_ec(const struct cert_info *info)
{
    return info->key_type != KEY_RSA;
}

void site_add_cert(struct site *site, const char *addr, const struct pki_entity *entity, enum trust trust,
                   bool pinned)
{
    struct err err = ERR_INIT;
    const struct cert_info *info = cert_info(entity->cert);
    struct cert_record record = {.fingerprint = info->fingerprint,
                                 .der = entity->der,
                                 .addrs = &addr,
                                 .naddrs = 1,
                                 .source = CERT_IMPORTED,
                                 .trust = trust,
                                 .pinned = pinned,
                                 .not_before = info->not_before,
                                 .not_after = info->not_after,
                                 .usage = info->usage,
                                 .key_kind = is_ec(info) ? "ec" : "rsa",
                                 .key_bits = info->key_bits,
                                 .capabilities = "",
                                 .first_seen = PKI_NOW,
                                 .last_seen = PKI_NOW};
    ck_ok(store_put_cert(site->store, &record, &err));
    reload(site);
}

void site_add_key(struct site *site, const char *addr, const struct pki_entity *entity)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(65536);
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    ck_ok(secret_copy(&pkcs8, entity->pkcs8.ptr, entity->pkcs8.len, &err));
    ck_ok(soft_wrap(&site->master, addr, &pkcs8, &wrapped, &err));
    struct key_record record = {.fingerprint = cert_info(entity->cert)->fingerprint,
                                .owner = addr,
                                .public_key = cert_public(entity->cert),
                                .wrapped = buf_span(&wrapped),
                                .created = PKI_NOW};
    ck_ok(store_put_key(site->store, &record, &err));
}

struct pki_entity *site_user(struct site *site, const char *addr, enum pki_key type)
{
    struct err err = ERR_INIT;
    struct pki_entity *entity =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = addr, .type = type});
    struct user_record user = {.addr = addr, .name = "", .enabled = true, .created = PKI_NOW};
    ck_ok(store_put_user(site->store, &user, &err));
    site_add_cert(site, addr, entity, TRUST_TRUSTED, false);
    site_add_key(site, addr, entity);
    return entity;
}

void site_known(struct site *site, const char *addr, const char *name)
{
    struct err err = ERR_INIT;
    const struct user_record user = {.addr = addr, .name = name, .enabled = true, .created = PKI_NOW};
    ck_ok(store_put_user(site->store, &user, &err));
}

static void put_ca_key(struct site *site, const struct cert *cert, const struct secret *pkcs8)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    ck_ok(soft_wrap(&site->master, "", pkcs8, &wrapped, &err));
    const struct key_record key = {.fingerprint = cert_info(cert)->fingerprint,
                                   .owner = "",
                                   .public_key = cert_public(cert),
                                   .wrapped = buf_span(&wrapped)};
    ck_ok(store_put_key(site->store, &key, &err));
}

void site_own_ca(struct site *site)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    ck_ok(soft_generate(KEY_EC_P384, 0, &pkcs8, &err));
    ck_ok(ca_create("Our House", &pkcs8, PKI_NOW - PKI_DAY, &cert, &err));
    put_ca_key(site, cert, &pkcs8);
    const struct ca_record record = {
        .fingerprint = cert_info(cert)->fingerprint, .der = cert_der(cert), .trusted = true, .own = true};
    ck_ok(store_put_ca(site->store, &record, &err));
    reload(site);
}

struct pki_entity *site_partner(struct site *site, const char *addr, enum pki_key type)
{
    struct pki_entity *entity =
        pki_leaf(site->pki, site->root, &(struct pki_spec){.email = addr, .type = type});
    site_add_cert(site, addr, entity, TRUST_UNTRUSTED, false);
    return entity;
}

struct span site_crlf(struct site *site, const char *text)
{
    return crlf(site->arena, text);
}

char *site_entity(struct site *site, struct span message)
{
    size_t type = span_find(message, "Content-Type", 12, 0);
    return without_cr(site->arena, span_sub(message, type, message.len));
}

static void make_envelope(struct site *site, const struct site_mail *mail)
{
    struct err err = ERR_INIT;
    struct envelope *env = &site->envelope;
    ck_ok(envelope_set_sender(env, site->arena, mail->from == NULL ? "<>" : mail->from, &err));
    for (size_t i = 0; i < SITE_TO_MAX && mail->to[i] != NULL; i++)
        ck_ok(envelope_add_rcpt(env, site->arena, mail->to[i], &err));
    for (size_t i = 0; i < mail->many; i++)
        ck_ok(envelope_add_rcpt(env, site->arena, arena_printf(site->arena, "<user%zu@%s>", i, mail->many_at),
                                &err));
    if (mail->connection != NULL) {
        env->client_name = mail->connection->client_name;
        env->tls_version = mail->connection->tls_version;
        env->tls_subject = mail->connection->tls_subject;
        env->listener_addr = mail->connection->listener_addr;
        env->listener_port = mail->connection->listener_port;
        env->listener_name = mail->connection->listener_name;
    }
    env->login = mail->login;
    env->local = mail->local;
    env->client_addr = mail->client != NULL ? mail->client : "192.0.2.1";
    env->body = mail->eight_bit ? "8BITMIME" : NULL;
}

int site_run(struct site *site, const struct site_mail *mail)
{
    end_run(site);
    make_envelope(site, mail);
    struct span bytes = mail->text != NULL ? site_crlf(site, mail->text) : mail->bytes;
    struct err err = ERR_INIT;
    ck_ok(spool_of(&spool_conf, bytes, &site->message, &err));
    site->trace = (struct trace){.n = 0};
    return gate_run(site->gate, site->snapshot, &site->envelope, site->message,
                    mail->now != 0 ? mail->now : PKI_NOW, NULL, mail->prepared, &site->trace, &site->outcome,
                    &site->err);
}

void site_answers(struct site *site, const struct site_mail *mail)
{
    ck_assert_msg(site_run(site, mail) == 0, "%s", site->err.msg);
}

void site_accepts(struct site *site, const struct site_mail *mail)
{
    site_answers(site, mail);
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", site->outcome->reply);
}

struct span site_copy(struct site *site, size_t copy)
{
    ck_assert_ptr_nonnull(site->outcome);
    ck_assert_uint_lt(copy, site->outcome->plan->ncopies);
    const struct spool *spool = site->outcome->copies[copy];
    return spool_all(spool != NULL ? spool : site->message);
}

struct span site_copy_for(struct site *site, const char *addr)
{
    ck_assert_msg(site->outcome != NULL, "%s", site->err.msg);
    const struct plan *plan = site->outcome->plan;
    for (size_t c = 0; c < plan->ncopies; c++)
        for (size_t r = 0; r < plan->copies[c].nrcpts; r++)
            if (strcmp(site->outcome->facts->rcpts[plan->copies[c].rcpts[r]].addr, addr) == 0)
                return site_copy(site, c);
    ck_abort_msg("no copy for %s: %s", addr, site->outcome->reply);
}

const char *site_field(struct site *site, struct span message, const char *name, size_t nth)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct err err = ERR_INIT;
    struct header header;
    ck_ok(header_parse(site->arena, message, &limits, &header, &err));
    const struct field *field = header_find(&header, name, nth);
    return field == NULL ? NULL : header_decode(site->arena, field->value);
}

/* ---- mail of others ---- */

static struct span base64(struct site *site, struct span der)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *text = spool_new(&spool_conf);
    ck_ok(base64_encode(der, text, &err));
    ck_ok(spool_seal(text, &err));
    return (struct span){arena_spandup(site->arena, spool_all(text)), spool_size(text)};
}

static struct span join(struct site *site, const struct span *parts, size_t n)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(64u << 20);
    for (size_t i = 0; i < n; i++)
        buf_add_span(&out, parts[i]);
    return (struct span){arena_spandup(site->arena, buf_span(&out)), out.len};
}

struct span site_signed_by(struct site *site, const char *entity, const struct smime_signer *signer,
                           int64_t when)
{
    struct err err = ERR_INIT;
    struct span content = site_crlf(site, entity);
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&spool_conf);
    ck_ok(smime_sign(content, signer, when, SMIME_SIGN_DETACHED, der, &err));
    ck_ok(spool_seal(der, &err));
    const struct span parts[] = {
        SPAN_LIT("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
                 " micalg=sha-256; boundary=\"sig\"\r\n\r\n--sig\r\n"),
        content,
        SPAN_LIT("\r\n--sig\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\n"),
        base64(site, spool_all(der)),
        SPAN_LIT("--sig--\r\n"),
    };
    return join(site, parts, SEAL_COUNT(parts));
}

struct span site_signed_entity(struct site *site, const char *entity, const struct pki_entity *signer,
                               int64_t when)
{
    return site_signed_by(site, entity, &(struct smime_signer){.cert = signer->cert, .key = signer->key},
                          when);
}

struct span site_signed(struct site *site, const char *headers, const char *entity,
                        const struct pki_entity *signer)
{
    const struct span parts[] = {site_crlf(site, headers), SPAN_LIT("MIME-Version: 1.0\r\n"),
                                 site_signed_entity(site, entity, signer, PKI_NOW)};
    return join(site, parts, SEAL_COUNT(parts));
}

struct span site_pkcs7(struct site *site, const char *headers, struct span der)
{
    const struct span parts[] = {
        site_crlf(site, headers),
        SPAN_LIT("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n"
                 " name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
        base64(site, der),
    };
    return join(site, parts, SEAL_COUNT(parts));
}

struct span site_signed_opaque(struct site *site, const char *headers, const char *entity,
                               const struct pki_entity *signer)
{
    struct err err = ERR_INIT;
    struct smime_signer by = {.cert = signer->cert, .key = signer->key};
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&spool_conf);
    ck_ok(smime_sign(site_crlf(site, entity), &by, PKI_NOW, SMIME_SIGN_OPAQUE, der, &err));
    ck_ok(spool_seal(der, &err));
    return site_pkcs7(site, headers, spool_all(der));
}

struct span site_enveloped_to(struct site *site, const char *headers, struct span entity,
                              struct cert *const *to, size_t nto)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *der = spool_new(&spool_conf);
    ck_ok(smime_encrypt(entity, to, nto, SMIME_AES256_CBC, der, &err));
    ck_ok(spool_seal(der, &err));
    return site_pkcs7(site, headers, spool_all(der));
}

struct span site_enveloped(struct site *site, const char *headers, struct span entity,
                           const struct pki_entity *to)
{
    return site_enveloped_to(site, headers, entity, &to->cert, 1);
}

struct span site_compressed(struct site *site, struct span entity)
{
    static const char type[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09";
    static const char algorithm[] =
        "\x02\x01\x00\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08";
    static const char data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    const struct span none = {"", 0};
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(64u << 20);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(100);
    uLongf len = compressBound(entity.len);
    SEAL_CLEANUP(mem_free) Bytef *bytes = xmalloc(len);
    ck_assert_int_eq(compress2(bytes, &len, (const Bytef *)entity.ptr, entity.len, 9), Z_OK);
    const struct frame frames[] = {
        {BER_SEQUENCE, {type, sizeof type - 1}, none},
        {BER_CONTEXT_CONSTRUCTED, none, none},
        {BER_SEQUENCE, {algorithm, sizeof algorithm - 1}, none},
        {BER_SEQUENCE, {data, sizeof data - 1}, none},
        {BER_CONTEXT_CONSTRUCTED, none, none},
        {BER_OCTETS, {(const char *)bytes, len}, none},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, &der, &tail);
    const struct span parts[] = {
        SPAN_LIT("Content-Type: application/pkcs7-mime; smime-type=compressed-data\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\n"),
        base64(site, buf_span(&der))};
    return join(site, parts, SEAL_COUNT(parts));
}
