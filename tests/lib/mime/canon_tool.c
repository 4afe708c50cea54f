/* canon_tool - "canon_tool FILE": the canonical entity of a message on standard output, for test_canon_email.py. Exit 2: it has none. */
#include "mime/canon.h"

#include "base/buf.h"
#include "base/io.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 16u << 20};
    struct err err = ERR_INIT;
    struct part_table table;
    SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(1u << 20);
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&conf);
    if (argc != 2 || io_read_file(argv[1], &message, &err) < 0)
        return 1;
    if (part_parse(arena, buf_span(&message), &limits, &table, &err) < 0 ||
        canon_entity(arena, buf_span(&message), &table, out, &err) < 0 || spool_seal(out, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        return 2;
    }
    struct span entity = spool_all(out);
    return fwrite(entity.ptr, 1, entity.len, stdout) == entity.len ? 0 : 1;
}
