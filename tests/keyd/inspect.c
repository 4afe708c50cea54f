/* inspect - by /proc, as root. */
#include "keyd/inspect.h"

#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void inspect_lacks(pid_t pid, const char *name, const char *text)
{
    char path[64], bytes[1 << 16];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "r");
    ck_assert(file != NULL);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    ck_assert(n > 0);
    fclose(file);
    ck_assert_ptr_null(memmem(bytes, n, text, strlen(text)));
}

/* A sanitizer's own mappings are larger than any that we look into. */
#define MAPPING_MAX (64ul << 20)

static void check_mapping(int memory, unsigned long from, unsigned long to, const char *text)
{
    char *bytes = malloc(to - from);
    ck_assert(bytes != NULL);
    ssize_t n = pread(memory, bytes, to - from, (off_t)from);
    ck_assert_ptr_null(n > 0 ? memmem(bytes, (size_t)n, text, strlen(text)) : NULL);
    free(bytes);
}

void inspect_memory_lacks(pid_t pid, const char *text)
{
    char path[64], line[512];
    unsigned long from, to;
    unsigned looked = 0;
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "re");
    while (memory >= 0 && maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || to - from > MAPPING_MAX)
            continue;
        check_mapping(memory, from, to, text);
        looked++;
    }
    ck_assert(looked > 0 || geteuid() != 0); /* who is not root may not look */
    if (maps != NULL)
        fclose(maps);
    if (memory >= 0)
        close(memory);
}
