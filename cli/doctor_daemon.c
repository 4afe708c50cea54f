/* doctor_daemon - whether somebody serves the MTA, by connecting to him. */
#include "cli/directory.h"
#include "cli/doctor.h"

#include "smtp/wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT 5 /* seconds */

static bool serves_path(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
        return false;
    memcpy(name.sun_path, path, strlen(path));
    SEAL_CLEANUP(mem_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0;
}

/* "PORT@HOST"; without a host every address of this one. */
static bool serves_port(const char *text)
{
    const struct wire_conf conf = {.timeout = TIMEOUT, .clock_ms = cli_clock_ms};
    SEAL_CLEANUP(wire_close) struct wire *wire = NULL;
    struct err err = ERR_INIT;
    char host[256] = "localhost", target[300];
    unsigned port;
    if (sscanf(text, "%u@%255s", &port, host) < 1)
        return false;
    snprintf(target, sizeof target, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
    return wire_connect(target, &conf, &wire, &err) == 0;
}

bool doctor_daemon_runs(const struct doctor *doctor)
{
    const char *kind = doctor->settings->socket, *where = strchr(kind, ':') + 1;
    return strncmp(kind, "inet", 4) == 0 ? serves_port(where) : serves_path(where);
}
