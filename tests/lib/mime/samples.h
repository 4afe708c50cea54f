/* samples - the corpus of messages, and copies of them with random damage. */
#ifndef TESTS_MIME_SAMPLES_H
#define TESTS_MIME_SAMPLES_H

#include "base/buf.h"
#include "base/io.h"
#include "support/check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES_FOLDER TESTS_DIR "/fuzz/corpus/part"

typedef void sample_check(const char *name, struct span message);

static inline void samples_each(sample_check *check)
{
    DIR *dir = opendir(SAMPLES_FOLDER);
    unsigned count = 0;
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(1u << 20);
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", SAMPLES_FOLDER, entry->d_name);
        ck_ok(io_read_file(path, &message, &err));
        check(entry->d_name, buf_span(&message));
        count++;
    }
    closedir(dir);
    ck_assert_uint_ge(count, 30);
}

/* Damage of the kinds that structure depends on: line ends, dashes, 8-bit octets, pieces left out, moved or doubled. */
static inline void samples_damage(struct buf *message, unsigned *seed)
{
    static const char *const splinters[] = {"\r\n", "\n", "\r", "--",    "\"", ";",    "\xc3\xbc",
                                            "\xff", "=",  " ",  "From ", "\t", ".\r\n"};
    for (unsigned n = 1 + rand_r(seed) % 4; n > 0 && message->len > 0; n--) {
        size_t at = (unsigned)rand_r(seed) % message->len, len = (unsigned)rand_r(seed) % 40;
        const char *splinter = splinters[(unsigned)rand_r(seed) % SEAL_COUNT(splinters)];
        size_t size = message->len, from = (unsigned)rand_r(seed) % size;
        SEAL_CLEANUP(mem_free) char *copy = xmalloc(size);
        memcpy(copy, message->ptr, size);
        struct span all = {copy, size};
        unsigned kind = (unsigned)rand_r(seed) % 4;
        buf_clear(message);
        buf_add_span(message, span_sub(all, 0, at));
        if (kind == 0)
            buf_add_str(message, splinter);
        else if (kind == 1)
            buf_add_span(message, span_sub(all, from, len * 4));
        buf_add_span(message, span_sub(all, kind == 2 ? at + len : kind == 3 ? at + 1 : at, size));
    }
}

/* samples_damaged - count damaged copies of the samples; the same ones each time. */
static inline void samples_damaged(unsigned count, sample_check *check)
{
    struct dirent **names;
    int n = scandir(SAMPLES_FOLDER, &names, NULL, alphasort);
    ck_assert_int_gt(n, 2);
    for (unsigned i = 0; i < count; i++) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(buf_fini) struct buf message = BUF_INIT(1u << 20);
        char path[4096], name[300];
        const char *file = names[2 + i % (unsigned)(n - 2)]->d_name;
        snprintf(path, sizeof path, "%s/%s", SAMPLES_FOLDER, file);
        snprintf(name, sizeof name, "%s, damage %u", file, i);
        ck_ok(io_read_file(path, &message, &err));
        unsigned seed = i;
        samples_damage(&message, &seed);
        check(name, buf_span(&message));
    }
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

#endif
