/* socketdir - a name made as GnuPG makes it. */
#include "openpgp/socketdir.h"

#include "base/hash.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_OCTETS 15
#define HASH_DIGITS (HASH_OCTETS * 8 / 5)
#define PATH_SIZE   100

/* z-base-32 of the front of the path's SHA-1. */
static void name_of(const char *home, char out[HASH_DIGITS + 1])
{
    static const char digits[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
    unsigned char digest[HASH_SHA1_SIZE];
    unsigned bits = 0, held = 0, n = 0;
    hash_sha1((struct span){home, strlen(home)}, digest);
    for (size_t i = 0; i < HASH_OCTETS; i++) {
        bits = bits << 8 | digest[i];
        for (held += 8; held >= 5; held -= 5)
            out[n++] = digits[bits >> (held - 5) & 31];
    }
    out[n] = '\0';
}

/* false: there is no session. */
static bool find(const char *home, char gnupg[PATH_SIZE], char path[PATH_SIZE])
{
    char session[PATH_SIZE], name[HASH_DIGITS + 1];
    struct stat st;
    snprintf(session, sizeof session, "/run/user/%u", (unsigned)getuid());
    if (stat(session, &st) < 0 || !S_ISDIR(st.st_mode))
        return false;
    name_of(home, name);
    snprintf(gnupg, PATH_SIZE, "/run/user/%u/gnupg", (unsigned)getuid());
    snprintf(path, PATH_SIZE, "/run/user/%u/gnupg/d.%s", (unsigned)getuid(), name);
    return true;
}

void socketdir_shun(const char *home)
{
    char gnupg[PATH_SIZE], path[PATH_SIZE];
    if (!find(home, gnupg, path))
        return;
    (void)mkdir(gnupg, 0700);
    (void)rmdir(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

void socketdir_forget(const char *home)
{
    char gnupg[PATH_SIZE], path[PATH_SIZE];
    if (find(home, gnupg, path))
        (void)unlink(path);
}
