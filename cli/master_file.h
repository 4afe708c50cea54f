/*
 * master_file - the file of the master key, and the one beside it that takes its place.
 *
 * The daemon's user may own the folder: each file is opened once, looked at and read through that descriptor, and a name counts only while
 * it is still that file's.
 */
#ifndef CLI_MASTER_FILE_H
#define CLI_MASTER_FILE_H

#include "base/secret.h"

#include <sys/stat.h>

struct master_file {
    const char *path, *new_path;
    int old_fd; /* locked: one at a time */
    int new_fd;
    struct stat old, new;
    struct secret old_key; /* empty: it was overwritten, by one who was killed then */
    struct secret new_key;
};

/*
 * master_file_open - the old key, and the new one: that of one who was interrupted, or made now.
 *
 * owner   whose the files are, unless they are ours or root's
 * errors  ERR_CONFIG (a file that is not theirs alone, or holds no key), ERR_BUSY (somebody else has them open), ERR_IO
 */
int master_file_open(struct master_file *file, const char *path, const char *new_path, uid_t owner,
                     struct err *err) SEAL_CHECKED;
/* master_file_check_kept - before anything is under the new key alone: ERR_BUSY when its file was removed. As any user. */
int master_file_check_kept(const struct master_file *file, struct err *err) SEAL_CHECKED;
/* master_file_replace - the old key is overwritten, then the new file takes its name. After a failure it can be done again. */
int master_file_replace(struct master_file *file, struct err *err) SEAL_CHECKED;
void master_file_fini(struct master_file *file); /* for SEAL_CLEANUP, also of a zeroed one */

#endif
