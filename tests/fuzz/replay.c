/* replay - runs a fuzzer's function over every file of a corpus folder: a crash found once stays found, without clang. */
#include "base/buf.h"
#include "base/io.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(16u << 20);
    if (io_read_file(path, &bytes, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    return LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&bytes), bytes.len);
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
            char path[4096];
            if (entry->d_name[0] == '.' ||
                snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name) >= (int)sizeof path)
                continue;
            if (replay_file(path) != 0)
                return 1;
            files++;
        }
        if (dir != NULL)
            closedir(dir);
    }
    printf("%u files\n", files);
    return files > 0 ? 0 : 1;
}
