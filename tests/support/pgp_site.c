/* pgp_site - gate, store and gpg homes together. */
#include "support/pgp_site.h"

#include "gate/internal.h"
#include "gate/keep_pgp.h"
#include "gate/pgp_keys.h"
#include "openpgp/own.h"
#include "support/check.h"
#include "support/reaper.h"
#include "token/wrap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void pgp_site_put(struct pgp_site *s, const struct pgp_key *key, const char *addr, enum trust trust)
{
    struct err err = ERR_INIT;
    struct pgp_record record = pgp_keys_record(s->site->arena, key);
    record.addrs = &addr;
    record.naddrs = 1;
    record.trust = trust;
    record.source = PGP_SOURCE_IMPORTED;
    record.first_seen = record.last_seen = s->now;
    ck_ok(store_put_pgp(s->site->store, &record, (struct span){NULL, 0}, &err));
}

void pgp_site_partner(struct pgp_site *s, const char *name, const char *addr, const char *algorithm,
                      enum trust trust)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    gpg_home_new(s->tool, name, arena_printf(s->site->arena, "%s <%s>", name, addr), algorithm);
    ck_ok(pgp_key_read(s->engine, s->site->arena, gpg_home_key(s->tool, name), &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    pgp_site_put(s, &keys[0], addr, trust);
    gpg_home_learn(s->tool, name, s->alice.bytes);
}

void pgp_site_own(struct pgp_site *s, const char *addr, const char *owner, struct pgp_key *out)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.len = 0};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
    ck_ok(pgp_own_generate(s->engine, s->site->arena, "Alice", addr, PGP_ED25519, 0, &passphrase, out, &err));
    ck_ok(wrap_seal(&s->site->master, owner, span_of(out->fingerprint), &passphrase, &wrapped, &err));
    pgp_site_put(s, out, owner, TRUST_TRUSTED);
    const struct pgp_own_record own = {
        .fingerprint = out->fingerprint, .owner = owner, .wrapped = buf_span(&wrapped), .created = s->now};
    ck_ok(store_put_pgp_own(s->site->store, &own, &err));
}

struct pgp_site *pgp_site_new(const char *policy, const char *settings)
{
    struct err err = ERR_INIT;
    struct pgp_site *s = xcalloc(1, sizeof *s);
    SEAL_CLEANUP(buf_fini) struct buf lines = BUF_INIT(10000);
    buf_printf(&lines, "openpgp-limiter = " SEAL_LIMITER "\n%s", settings);
    s->now = (int64_t)time(NULL) + 1;
    s->site = site_new_with(policy, buf_str(&lines));
    s->tool = tool_new();
    reaper_watch(s->site->dir);
    reaper_watch(tool_dir(s->tool));
    ck_ok(pgp_engine_get(s->site->gate, &s->engine, &err));
    const struct user_record user = {.addr = "alice@our.example", .name = "Alice", .enabled = true};
    ck_ok(store_put_user(s->site->store, &user, &err));
    pgp_site_own(s, "alice@our.example", "alice@our.example", &s->alice);
    pgp_site_partner(s, "bob", "bob@their.example", "future-default", TRUST_TRUSTED);
    return s;
}

void pgp_site_free(struct pgp_site **s)
{
    gpg_home_end((*s)->tool, "bob");
    tool_free(&(*s)->tool);
    site_free(&(*s)->site);
    free(*s);
    *s = NULL;
}

void pgp_site_run(struct pgp_site *s, struct site_mail mail)
{
    mail.now = s->now;
    ck_assert_msg(site_run(s->site, &mail) == 0, "%s", s->site->err.msg);
    ck_assert_msg(s->site->outcome->verdict == VERDICT_ACCEPT, "%s", s->site->outcome->reply);
}

static void ignore_kept(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result)
{
    (void)arg;
    (void)fingerprint;
    (void)trust;
    (void)result;
}

void pgp_site_commit(struct pgp_site *s)
{
    for (size_t i = 0; i < s->site->outcome->neffects; i++) {
        struct err err = ERR_INIT;
        const struct effect *effect = &s->site->outcome->effects[i];
        if (effect->kind == EFFECT_HARVEST_PGP &&
            keep_pgp(s->site->gate, effect, s->now, ignore_kept, NULL, &err) < 0)
            ck_assert_msg(err.code == ERR_SYNTAX, "%s", err.msg);
    }
}

bool pgp_site_is_noted(const struct pgp_site *s, const char *needle)
{
    const struct decision *decision = &s->site->outcome->decisions[0];
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strstr(decision->why[i], needle) != NULL)
            return true;
    return false;
}

struct span pgp_site_part(struct pgp_site *s, struct span message, size_t n, enum pgp_site_extent extent)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct part_table table;
    struct err err = ERR_INIT;
    ck_ok(part_parse(s->site->arena, message, &limits, &table, &err));
    const struct part *part = &table.parts[part_child(&table, 0, n)];
    size_t begin = extent == PART_BODY ? part->body : part->begin;
    return span_sub(message, begin, part->end - begin);
}

struct span pgp_site_decrypted(struct pgp_site *s, const char *name, struct span copy)
{
    tool_write(s->tool, "in.asc", pgp_site_part(s, copy, 1, PART_BODY));
    int status = gpg_home_run(s->tool, name, "--yes", "--output", "plain", "--decrypt", "in.asc", NULL);
    struct span said = tool_read(s->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
    return tool_read(s->tool, "plain");
}

struct span pgp_site_armor(struct pgp_site *s, struct span content, enum pgp_site_signed by)
{
    tool_write(s->tool, "content", content);
    ck_assert_int_eq(gpg_home_run(s->tool, "bob", "--yes", "--armor", "--output", "out.asc", "--recipient",
                                  "alice@our.example", "--encrypt",
                                  by == BOB_SIGNS ? "--sign" : "--no-throw-keyids", "content", NULL),
                     0);
    return tool_read(s->tool, "out.asc");
}

struct span pgp_site_mime(struct pgp_site *s, const char *headers, struct span armor)
{
    const char *text = arena_printf(s->site->arena,
                                    "%sMIME-Version: 1.0\nContent-Type: multipart/encrypted; "
                                    "protocol=\"application/pgp-encrypted\"; boundary=b\n\n"
                                    "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
                                    "--b\nContent-Type: application/octet-stream\n\n%s\n--b--\n",
                                    headers, arena_spandup(s->site->arena, armor));
    return site_crlf(s->site, text);
}
