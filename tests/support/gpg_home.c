/* gpg_home - gpg --homedir. */
#include "support/gpg_home.h"

#include "support/check.h"

#include <ctype.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WORDS_MAX 20

void gpg_home_new(struct tool *tool, const char *name, const char *user_id, const char *algorithm)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", tool_dir(tool), name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(gpg_home_run(tool, name, "--passphrase", "", "--quick-gen-key", user_id, algorithm,
                                  "default", "never", NULL),
                     0);
}

void gpg_home_end(struct tool *tool, const char *name)
{
    (void)tool_run(tool, "gpgconf", "--homedir", name, "--kill", "all", NULL);
}

struct span gpg_home_key(struct tool *tool, const char *name)
{
    char file[100];
    snprintf(file, sizeof file, "%s.pgp", name);
    ck_assert_int_eq(gpg_home_run(tool, name, "--yes", "--output", file, "--export", NULL), 0);
    return tool_read(tool, file);
}

void gpg_home_learn(struct tool *tool, const char *name, struct span key)
{
    tool_write(tool, "learn.pgp", key);
    ck_assert_int_eq(gpg_home_run(tool, name, "--import", "learn.pgp", NULL), 0);
}

int gpg_home_run(struct tool *tool, const char *name, ...)
{
    const char *words[WORDS_MAX] = {NULL};
    size_t n = 0;
    va_list ap;
    va_start(ap, name);
    while (n < WORDS_MAX - 1 && (words[n] = va_arg(ap, const char *)) != NULL)
        n++;
    va_end(ap);
    ck_assert_uint_lt(n, WORDS_MAX - 1);
    return tool_run(tool, "gpg", "--homedir", name, "--batch", "--pinentry-mode", "loopback", "--trust-model",
                    "always", words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7],
                    words[8], words[9], words[10], words[11], words[12], words[13], words[14], words[15],
                    words[16], words[17], words[18], NULL);
}

/* gpg writes it with a colon in front, so that nobody imports it by mistake. */
struct span gpg_home_revocation(struct tool *tool, const char *name, const char *fingerprint)
{
    char pattern[256];
    glob_t found;
    int n = snprintf(pattern, sizeof pattern, "%s/%s/openpgp-revocs.d/", tool_dir(tool), name);
    for (const char *c = fingerprint; *c != '\0'; c++)
        pattern[n++] = (char)toupper((unsigned char)*c);
    memcpy(pattern + n, ".rev", sizeof ".rev");
    ck_assert_msg(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1, "%s", pattern);
    struct span text = tool_read(tool, found.gl_pathv[0] + strlen(tool_dir(tool)) + 1);
    globfree(&found);
    size_t at = span_find(text, ":-----BEGIN", 11, 0);
    ck_assert_uint_ne(at, SIZE_MAX);
    return span_sub(text, at + 1, text.len - at - 1);
}
