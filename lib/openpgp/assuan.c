/* assuan - a blocking client. */
#include "openpgp/assuan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define ANSWER_SECONDS 30
#define CODE_MASK      0xffffu

static bool read_line(int fd, char line[ASSUAN_LINE_MAX])
{
    for (size_t n = 0; n + 1 < ASSUAN_LINE_MAX; n++) {
        if (recv(fd, line + n, 1, 0) != 1)
            return false;
        if (line[n] == '\n') {
            line[n] = '\0';
            return true;
        }
    }
    return false;
}

static bool tell(int fd, const char *p, size_t n)
{
    return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

int assuan_open(const char *path)
{
    char line[ASSUAN_LINE_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 && read_line(fd, line) &&
        strncmp(line, "OK", 2) == 0)
        return fd;
    mem_close(&fd);
    return -1;
}

/* Our passphrases are printable; others may hold what would end the line. The copy is as wiped as the secret. */
static bool tell_secret(int fd, const struct secret *secret)
{
    SEAL_CLEANUP(secret_fini) struct secret line;
    struct err err = ERR_INIT;
    size_t len = secret != NULL ? secret->len : 0, n = 0;
    if (secret_init(&line, 3 * len + 16, &err) < 0)
        return false;
    char *p = (char *)line.ptr;
    p[n++] = 'D';
    p[n++] = ' ';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = secret->ptr[i];
        if (c == '%' || c == '\r' || c == '\n')
            n += (size_t)snprintf(p + n, 4, "%%%02X", c);
        else
            p[n++] = (char)c;
    }
    memcpy(p + n, "\nEND\n", 5);
    return tell(fd, p, n + 5);
}

static bool answer(int fd, const char *inquiry, const struct assuan_secret *secrets, size_t nsecrets)
{
    size_t len = strcspn(inquiry, " ");
    for (size_t i = 0; i < nsecrets; i++)
        if (strlen(secrets[i].keyword) == len && strncmp(inquiry, secrets[i].keyword, len) == 0)
            return tell_secret(fd, secrets[i].secret);
    return tell(fd, "CAN\n", 4);
}

enum assuan_end assuan_call(int fd, const char *command, const struct assuan_secret *secrets, size_t nsecrets,
                            char data_out[ASSUAN_LINE_MAX], unsigned *code_out)
{
    char line[ASSUAN_LINE_MAX];
    if (!tell(fd, command, strlen(command)) || !tell(fd, "\n", 1))
        return ASSUAN_GONE;
    while (read_line(fd, line)) {
        if (strncmp(line, "OK", 2) == 0)
            return ASSUAN_OK;
        if (strncmp(line, "ERR ", 4) == 0) {
            *code_out = (unsigned)strtoul(line + 4, NULL, 10) & CODE_MASK;
            return ASSUAN_ERROR;
        }
        if (strncmp(line, "D ", 2) == 0 && data_out != NULL)
            snprintf(data_out, ASSUAN_LINE_MAX, "%s", line + 2);
        if (strncmp(line, "INQUIRE ", 8) == 0 && !answer(fd, line + 8, secrets, nsecrets))
            return ASSUAN_GONE;
    }
    return ASSUAN_GONE;
}
