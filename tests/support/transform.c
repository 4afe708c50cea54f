/* transform - one message through a list of operations. */
#include "support/transform.h"

#include "support/check.h"
#include "support/eol.h"

#include <string.h>

struct transform *transform_new(void)
{
    struct err err = ERR_INIT;
    struct transform *t = xcalloc(1, sizeof *t);
    t->arena = arena_new(ARENA_MAX_DEFAULT);
    t->pki = pki_new();
    ck_ok(settings_parse(t->arena, "test", SPAN_LIT("hostname = gate.our.example\n"), &t->settings, &err));
    return t;
}

void transform_free(struct transform **t)
{
    struct transform *gone = *t;
    spool_free(&gone->made);
    keyring_fini(&gone->keyring);
    pki_free(&gone->pki);
    arena_free(&gone->arena);
    free(gone);
    *t = NULL;
}

int transform_key(struct transform *t, const struct pki_entity *entity, const struct pki_entity *chain)
{
    struct keyring_entry entry = {.cert = cert_ref(entity->cert), .key = key_ref(entity->key)};
    if (chain != NULL)
        entry.chain[entry.nchain++] = cert_ref(chain->cert);
    return keyring_add(&t->keyring, entry);
}

int transform_run(struct transform *t, const char *text, const struct op *ops, size_t nops, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    static const char *const marks[] = {"[secure]", "[geheim]"};
    struct part_table table;
    struct copy copy = {.in_place = true, .ops = (struct op *)ops, .nops = nops};
    const struct plan plan = {.copies = &copy, .ncopies = 1};
    struct xform_in in = {.message = crlf(t->arena, text),
                          .table = &table,
                          .settings = t->settings,
                          .facts = &t->facts,
                          .keyring = &t->keyring,
                          .marks = marks,
                          .nmarks = SEAL_COUNT(marks),
                          .spool = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 24},
                          .now = PKI_NOW};
    spool_free(&t->made);
    if (part_parse(t->arena, in.message, &limits, &table, err) < 0 ||
        xform_run(&in, &plan, NULL, NULL, &t->made, err) < 0)
        return -1;
    t->changed = t->made != NULL;
    t->out = arena_spandup(t->arena, t->changed ? spool_all(t->made) : in.message);
    return 0;
}
