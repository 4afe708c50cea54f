/* fence - a rule for each neighbour of each folder on the way to what is fenced off. */
#include "keyd/fence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define ABI_REFER    2 /* before it, nothing is moved to another folder */
#define ABI_TRUNCATE 3

struct fence {
    int rules;
    uint64_t file_rights, folder_rights;
    char off[FENCE_MAX][PATH_MAX]; /* without links */
    size_t noff;
};

static int fail(const char *what, struct err *err)
{
    return err_set(err, ERR_IO, "the fence cannot be closed: %s: %s", what, strerror(errno));
}

/* Of what is not there yet, the first that is missing on the way to it: a rule for a folder above would cover what is made later. */
static void fence_off(struct fence *fence, const char *path)
{
    char above[PATH_MAX];
    char *to = fence->off[fence->noff];
    size_t n = strlen(path);
    const char *missing = path + n;
    if (n >= sizeof above)
        return;
    memcpy(above, path, n + 1);
    while (realpath(above, to) == NULL) {
        char *slash = strrchr(above, '/');
        if (slash == NULL || slash == above)
            return;
        *slash = '\0';
        missing = path + (slash - above);
    }
    size_t length = strlen(to), more = *missing == '\0' ? 0 : 1 + strcspn(missing + 1, "/");
    if (length + more >= PATH_MAX)
        return;
    memcpy(to + length, missing, more);
    to[length + more] = '\0';
    fence->noff++;
}

enum place {
    PLACE_BESIDE,
    PLACE_ABOVE, /* a folder that leads to something fenced off */
    PLACE_OFF,
};

static enum place place_of(const struct fence *fence, const char *path)
{
    enum place place = PLACE_BESIDE;
    size_t n = strlen(path);
    for (size_t i = 0; i < fence->noff; i++) {
        const char *off = fence->off[i];
        if (strcmp(path, off) == 0)
            return PLACE_OFF;
        if (strncmp(path, off, n) == 0 && off[n] == '/')
            place = PLACE_ABOVE;
    }
    return place;
}

/* A link leads to something that has rules of its own. What cannot be reached now stays closed. */
static int allow(const struct fence *fence, const char *path, struct err *err)
{
    struct stat st;
    SEAL_CLEANUP(mem_close) int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode))
        return 0;
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = S_ISDIR(st.st_mode) ? fence->folder_rights : fence->file_rights, .parent_fd = fd};
    return syscall(SYS_landlock_add_rule, fence->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
               ? 0
               : fail(path, err);
}

static int allow_neighbours(const struct fence *fence, const char *folder, struct err *err);

static int allow_entry(const struct fence *fence, const char *folder, const char *name, struct err *err)
{
    char path[PATH_MAX];
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return 0;
    switch (place_of(fence, path)) {
    case PLACE_BESIDE:
        return allow(fence, path, err);
    case PLACE_ABOVE:
        return allow_neighbours(fence, path, err);
    case PLACE_OFF:
        break;
    }
    return 0;
}

static int allow_neighbours(const struct fence *fence, const char *folder, struct err *err)
{
    DIR *dir = opendir(*folder == '\0' ? "/" : folder);
    int result = 0;
    for (const struct dirent *entry; result == 0 && dir != NULL && (entry = readdir(dir)) != NULL;)
        result = allow_entry(fence, folder, entry->d_name, err);
    if (dir != NULL)
        closedir(dir);
    return result;
}

/* Reading and writing files is what is fenced; to look at names and attributes is not. */
static int make_rules(struct fence *fence, struct err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return err_set(err, ERR_UNSUPPORTED, "this kernel has no Landlock: %s", strerror(errno));
    fence->file_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                         (abi >= ABI_TRUNCATE ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
    fence->folder_rights = fence->file_rights | (abi >= ABI_REFER ? LANDLOCK_ACCESS_FS_REFER : 0);
    const struct landlock_ruleset_attr attr = {.handled_access_fs = fence->folder_rights};
    fence->rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    return fence->rules >= 0 ? 0 : fail("rules", err);
}

static int enclose(struct fence *fence, const char *const *but, size_t nbut, struct err *err)
{
    if (make_rules(fence, err) < 0 || allow_neighbours(fence, "", err) < 0)
        return -1;
    for (size_t i = 0; i < nbut; i++)
        if (allow(fence, but[i], err) < 0)
            return -1;
    return syscall(SYS_landlock_restrict_self, fence->rules, 0) == 0 ? 0 : fail("restrict", err);
}

int fence_close(const char *const *off, size_t noff, const char *const *but, size_t nbut, struct err *err)
{
    struct fence *fence = xcalloc(1, sizeof *fence);
    fence->rules = -1;
    for (size_t i = 0; i < noff && i < FENCE_MAX; i++)
        fence_off(fence, off[i]);
    int result = enclose(fence, but, nbut, err);
    mem_close(&fence->rules);
    free(fence);
    return result;
}
