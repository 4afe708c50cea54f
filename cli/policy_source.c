/* policy_source - reading a policy and its files of addresses, and keeping them together. */
#include "cli/policy_source.h"

#include "base/io.h"
#include "cli/policy_version.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A pipe would be waited for, a device read without end. */
int policy_source_check_regular(const char *path, struct err *err)
{
    struct stat stat_of;
    if (stat(path, &stat_of) < 0)
        return err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
    return S_ISREG(stat_of.st_mode) ? 0 : err_set(err, ERR_CONFIG, "%s: not a regular file", path);
}

static int read_file(struct cli *cli, const char *path, size_t max, struct policy_file *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(max);
    if (policy_source_check_regular(path, err) < 0 || io_read_file(path, &buf, err) < 0)
        return -1;
    out->path = path;
    out->text = (struct span){arena_spandup(cli->arena, buf_span(&buf)), buf.len};
    return 0;
}

static int read_files(struct cli *cli, struct policy_source *source, struct err *err)
{
    const char **paths;
    size_t left = POLICY_FILES_MAX;
    if (policy_files(source->path, span_of(source->text), cli->arena, &paths, &source->nfiles, err) < 0)
        return -1;
    source->files = arena_array(cli->arena, source->nfiles, sizeof *source->files);
    for (size_t i = 0; i < source->nfiles; i++) {
        if (read_file(cli, paths[i], left, &source->files[i], err) < 0)
            return err_wrap(err, "%s", source->path);
        left -= source->files[i].text.len;
    }
    return 0;
}

int policy_source_read(struct cli *cli, const char *path, struct policy_source *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(STORE_POLICY_MAX);
    if (io_read_file(path, &text, err) < 0)
        return -1;
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
        return err_set(err, ERR_CONFIG, "%s: a NUL octet", path);
    *out = (struct policy_source){.path = path, .text = arena_spandup(cli->arena, buf_span(&text))};
    return read_files(cli, out, err);
}

bool policy_source_is(const struct policy_source *source, const struct policy_record *record)
{
    if (strcmp(source->text, record->text) != 0 || source->nfiles != record->nfiles)
        return false;
    for (size_t i = 0; i < source->nfiles; i++) {
        unsigned char digest[HASH_SIZE];
        char hex[HASH_HEX_SIZE];
        hash_bytes(source->files[i].text, digest);
        hash_hex(digest, hex);
        if (strcmp(hex, record->digests[i]) != 0) /* the same text names the same files in the same order */
            return false;
    }
    return true;
}

int policy_source_put(struct cli *cli, const struct policy_source *source, uint64_t *version_out,
                      struct err *err)
{
    struct policy_record record = {.text = source->text,
                                   .loaded = cli->now,
                                   .by = cli->caller,
                                   .files = arena_array(cli->arena, source->nfiles, sizeof(char *)),
                                   .nfiles = source->nfiles,
                                   .digests = arena_array(cli->arena, source->nfiles, sizeof(char *)),
                                   .ndigests = source->nfiles};
    size_t octets = strlen(source->text);
    for (size_t i = 0; i < source->nfiles; i++) {
        char digest[HASH_HEX_SIZE];
        if (store_put_list(cli->store, source->files[i].text, digest, err) < 0)
            return -1;
        record.files[i] = source->files[i].path;
        record.digests[i] = arena_strdup(cli->arena, digest);
        octets += source->files[i].text.len;
    }
    return policy_version_put(cli, &record, octets, version_out, err);
}
