/* The backends over which conformance.c and conformance_messages.c are run, each in turn; SEAL_BACKEND names one alone. */
#include "conformance.h"

#include "base/io.h"
#include "support/proxy_key.h"
#include "support/sealkeyd.h"
#include "token/remote.h"
#include "token/soft.h"

#include <string.h>
#include <unistd.h>

static struct holder *holder;
static struct secret master;

static void seal_soft(const char *owner, enum kind kind, struct buf *public_out, struct buf *wrapped_out)
{
    struct err err = ERR_INIT;
    struct secret pkcs8;
    conformance_pkcs8(kind, &pkcs8);
    ck_ok(soft_public(&pkcs8, public_out, &err));
    ck_ok(soft_wrap(&master, owner, &pkcs8, wrapped_out, &err));
    secret_fini(&pkcs8);
}

/* ---- in this process ---- */

static char master_path[40];

static void start_soft(void)
{
    struct err err = ERR_INIT;
    strcpy(master_path, "/tmp/seal-master.XXXXXX");
    int fd = mkstemp(master_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(io_write_file(master_path, (struct span){(const char *)master.ptr, master.len}, 0600, &err));
    ck_ok(holder_new_local(master_path, &holder, &err));
}

static void stop_soft(void)
{
    unlink(master_path);
    secret_fini(&master);
    holder_free(&holder);
}

static int open_held(const struct sealed_key *sealed, const char *addr, struct key **out, struct err *err)
{
    return holder_open_key(holder, sealed, addr, out, err);
}

static int open_bridged(const struct sealed_key *sealed, const char *addr, struct key **out, struct err *err)
{
    struct key *soft;
    if (holder_open_key(holder, sealed, addr, &soft, err) < 0)
        return -1;
    *out = proxy_key(soft);
    return 0;
}

/* ---- behind sealkeyd ---- */

static struct sealkeyd keyd;

static void start_keyd(void)
{
    struct err err = ERR_INIT;
    sealkeyd_start(&keyd, "");
    ck_ok(secret_copy(&master, keyd.master.ptr, keyd.master.len, &err));
    ck_ok(remote_new(keyd.socket, 60000, &holder, &err));
}

static void stop_keyd(void)
{
    holder_free(&holder);
    secret_fini(&master);
    sealkeyd_stop(&keyd);
}

static const struct backend backends[] = {
    {"soft", start_soft, stop_soft, seal_soft, open_held, false},
    {"soft via bridge", start_soft, stop_soft, seal_soft, open_bridged, false},
    {"soft behind sealkeyd", start_keyd, stop_keyd, seal_soft, open_held, false},
};

static int run(const struct backend *backend)
{
    conformance_backend = backend;
    Suite *suite = suite_create(backend->name);
    conformance_add_keys(suite);
    conformance_add_messages(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_run(runner) == 0 ? 1 : srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

int main(void)
{
    const char *only = getenv("SEAL_BACKEND");
    int failed = 0, ran = 0;
    for (size_t i = 0; i < SEAL_COUNT(backends); i++) {
        if (only != NULL && strcmp(only, backends[i].name) != 0)
            continue;
        failed += run(&backends[i]);
        ran++;
    }
    return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
