/* fuzz_settings - any text is read or refused; what was read prints to what reads the same. */
#include "conf/settings.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct settings *settings;
    struct arena *arena = arena_new(64u << 20);
    SEAL_CLEANUP(buf_fini) struct buf once = BUF_INIT(16u << 20), twice = BUF_INIT(16u << 20);
    if (size <= 65536 &&
        settings_parse(arena, "fuzz", (struct span){(const char *)data, size}, &settings, &err) == 0) {
        settings_print(settings, &once);
        if (settings_parse(arena, "print", buf_span(&once), &settings, &err) < 0) {
            fprintf(stderr, "its print cannot be read: %s\n", err.msg);
            abort();
        }
        settings_print(settings, &twice);
        if (!span_eq(buf_span(&once), buf_span(&twice)))
            abort();
    }
    arena_free(&arena);
    return 0;
}
