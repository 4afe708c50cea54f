/* fixture - a store in a temporary folder. */
#include "fixture.h"

#include "base/buf.h"
#include "base/io.h"
#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char fixture_dir[PATH_MAX];
char fixture_file[PATH_MAX];
struct arena *fixture_arena;
struct store *fixture_store;
struct err err;

void fixture_setup(void)
{
    err_clear(&err);
    snprintf(fixture_dir, sizeof fixture_dir, "/tmp/seal-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture_dir));
    snprintf(fixture_file, sizeof fixture_file, "%.*s/%s", 100, fixture_dir, STORE_FILE);
    fixture_arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(store_open(fixture_dir, STORE_CREATE, &fixture_store, &err));
}

static void remove_in_folder(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/%s", 100, fixture_dir, name);
    unlink(path);
}

void fixture_teardown(void)
{
    store_close(&fixture_store);
    arena_free(&fixture_arena);
    remove_in_folder(STORE_FILE);
    remove_in_folder(STORE_FILE "-lock");
    remove_in_folder("backup");
    rmdir(fixture_dir);
}

void fixture_reopen(void)
{
    store_close(&fixture_store);
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
}

void fixture_break(const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(64u << 20);
    SEAL_CLEANUP(mem_close) int fd = open(fixture_file, O_WRONLY | O_CLOEXEC);
    size_t hits = 0;
    ck_ok(io_read_file(fixture_file, &buf, &err));
    for (size_t at = 0; (at = span_find(buf_span(&buf), text, strlen(text), at)) != SIZE_MAX; hits++) {
        at += strlen(text);
        char changed = (char)(buf.ptr[at] ^ 1);
        ck_assert_int_eq(pwrite(fd, &changed, 1, (off_t)at), 1);
    }
    ck_assert_uint_gt(hits, 0);
}

const char *fixture_fp(const char *beginning)
{
    char *fp = arena_alloc(fixture_arena, HASH_HEX_SIZE);
    memset(fp, '0', HASH_HEX_SIZE - 1);
    memcpy(fp, beginning, strlen(beginning));
    return fp;
}

static const char **one(const char *text)
{
    const char **texts = arena_array(fixture_arena, 1, sizeof *texts);
    texts[0] = text;
    return texts;
}

struct cert_record fixture_cert(const char *beginning, const char *addr)
{
    return (struct cert_record){
        .fingerprint = fixture_fp(beginning),
        .der = SPAN_LIT("certificate\0with a NUL"),
        .addrs = one(addr),
        .naddrs = 1,
        .source = CERT_HARVESTED,
        .trust = TRUST_TRUSTED,
        .chain_ok = true,
        .not_before = 1000000,
        .not_after = 2000000000,
        .usage = 3,
        .key_kind = "rsa",
        .key_bits = 2048,
        .capabilities = "",
        .first_seen = 1500000000,
        .last_seen = 1500000000,
    };
}

struct pgp_record fixture_pgp(const char *beginning, const char *addr)
{
    const char *fp = arena_printf(fixture_arena, "%.24s%016zu", fixture_fp(beginning), strlen(beginning));
    return (struct pgp_record){
        .fingerprint = fp,
        .addrs = one(addr),
        .naddrs = 1,
        .trust = TRUST_UNTRUSTED,
        .first_seen = 1500000000,
        .last_seen = 1500000000,
        .key = SPAN_LIT("key\0with a NUL"),
        .keyids = one(fp + 24),
        .nkeyids = 1,
        .user_ids = one(arena_printf(fixture_arena, "Somebody <%s>", addr)),
        .nuser_ids = 1,
        .named = one(addr),
        .nnamed = 1,
        .source = PGP_SOURCE_ATTACHED,
        .created = 1400000000,
        .algorithm = "ed25519",
        .bits = 255,
        .encrypt_algorithm = "cv25519",
        .encrypt_bits = 255,
        .capabilities = "",
    };
}

struct key_record fixture_key(const char *beginning, const char *owner)
{
    return (struct key_record){.fingerprint = fixture_fp(beginning),
                               .owner = owner,
                               .public_key = SPAN_LIT("public"),
                               .wrapped = SPAN_LIT("wrapped\0key"),
                               .created = 5};
}

struct store_read *fixture_read(void)
{
    struct store_read *read = NULL;
    ck_ok(store_read_begin(fixture_store, fixture_arena, &read, &err));
    return read;
}

size_t fixture_count_of(const char *addr)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct cert_record *certs;
    size_t n = 0;
    ck_ok(store_certs_of(read, addr, &certs, &n, &err));
    return n;
}

size_t fixture_pgp_of(const char *addr)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct pgp_record *keys;
    size_t n = 0;
    ck_ok(store_pgp_of(read, addr, &keys, &n, &err));
    return n;
}
