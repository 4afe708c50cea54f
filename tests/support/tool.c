/* tool - programs in a folder of their own. */
#include "support/tool.h"

#include "base/io.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 40
#define READ_MAX  (64u << 20)
#define READS_MAX 512

extern char **environ;

struct tool {
    char dir[64];
    char *read[READS_MAX];
    size_t nread;
};

struct tool *tool_new(void)
{
    struct tool *tool = xcalloc(1, sizeof *tool);
    snprintf(tool->dir, sizeof tool->dir, "/tmp/seal-test-XXXXXX");
    ck_assert(mkdtemp(tool->dir) != NULL);
    return tool;
}

static void path_of(const struct tool *tool, const char *name, char *out, size_t size)
{
    ck_assert_int_lt(snprintf(out, size, "%s/%s", tool->dir, name), (int)size);
}

void tool_free(struct tool **tool)
{
    struct tool *t = *tool;
    DIR *dir = opendir(t->dir);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[512];
        path_of(t, entry->d_name, path, sizeof path);
        unlink(path);
    }
    closedir(dir);
    rmdir(t->dir);
    for (size_t i = 0; i < t->nread; i++)
        free(t->read[i]);
    free(t);
    *tool = NULL;
}

const char *tool_dir(const struct tool *tool)
{
    return tool->dir;
}

void tool_write(struct tool *tool, const char *name, struct span bytes)
{
    char path[512];
    struct err err = ERR_INIT;
    path_of(tool, name, path, sizeof path);
    ck_assert_msg(io_write_file(path, bytes, 0600, &err) == 0, "%s", err.msg);
}

struct span tool_read(struct tool *tool, const char *name)
{
    char path[512];
    struct err err = ERR_INIT;
    struct buf bytes = BUF_INIT(READ_MAX);
    path_of(tool, name, path, sizeof path);
    ck_assert_msg(io_read_file(path, &bytes, &err) == 0, "%s", err.msg);
    ck_assert_uint_lt(tool->nread, READS_MAX);
    size_t len = bytes.len;
    char *kept = tool->read[tool->nread++] = buf_take(&bytes);
    return (struct span){kept, len};
}

void tool_entity(struct tool *tool, const char *name, const struct pki_entity *entity)
{
    char path[512], file[64];
    snprintf(file, sizeof file, "%s.pem", name);
    path_of(tool, file, path, sizeof path);
    BIO *bio = BIO_new_file(path, "w");
    ck_assert(bio != NULL && PEM_write_bio_X509(bio, entity->x509) == 1);
    BIO_free(bio);
    snprintf(file, sizeof file, "%s.key", name);
    path_of(tool, file, path, sizeof path);
    bio = BIO_new_file(path, "w");
    ck_assert(bio != NULL && PEM_write_bio_PrivateKey(bio, entity->pkey, NULL, NULL, 0, NULL, NULL) == 1);
    BIO_free(bio);
}

static int spawn(struct tool *tool, char **words, posix_spawn_file_actions_t *actions)
{
    pid_t pid;
    int status = -1;
    ck_assert_int_eq(posix_spawn_file_actions_addchdir_np(actions, tool->dir), 0);
    ck_assert_int_eq(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0), 0);
    ck_assert_int_eq(posix_spawn_file_actions_addopen(actions, 1, "said", O_WRONLY | O_CREAT | O_TRUNC, 0600),
                     0);
    ck_assert_int_eq(posix_spawn_file_actions_adddup2(actions, 1, 2), 0);
    ck_assert_msg(posix_spawnp(&pid, words[0], actions, NULL, words, environ) == 0, "cannot run %s",
                  words[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int tool_run(struct tool *tool, const char *program, ...)
{
    char *words[WORDS_MAX] = {(char *)program};
    size_t n = 1;
    va_list args;
    va_start(args, program);
    for (const char *word; (word = va_arg(args, const char *)) != NULL;) {
        ck_assert_uint_lt(n, WORDS_MAX - 1);
        words[n++] = (char *)word;
    }
    va_end(args);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    int status = spawn(tool, words, &actions);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}
