/* key_host - starting and stopping it. */
#include "support/key_host.h"

#include "support/check.h"
#include "support/port.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTENS_WITHIN_MS 20000

extern char **environ;

static const char *path_of(const struct key_host *host, const char *name)
{
    static _Thread_local char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", tool_dir(host->tool), name);
    return path;
}

void key_host_start(struct key_host *host)
{
    char script[] = TESTS_DIR "/support/key_host.py";
    char dir[PATH_MAX], https[16], http[16];
    snprintf(dir, sizeof dir, "%s", tool_dir(host->tool));
    snprintf(https, sizeof https, "%u", host->https);
    snprintf(http, sizeof http, "%u", host->http);
    char *words[] = {(char[]){"python3"}, (char[]){"-B"}, script, dir, https, http, NULL};
    unlink(path_of(host, "ports"));
    ck_assert_int_eq(posix_spawnp(&host->pid, words[0], NULL, NULL, words, environ), 0);
    for (unsigned ms = 0; access(path_of(host, "ports"), R_OK) < 0; ms += 10) {
        int status;
        ck_assert_msg(waitpid(host->pid, &status, WNOHANG) == 0 && ms <= LISTENS_WITHIN_MS,
                      "key_host.py does not listen");
        poll(NULL, 0, 10);
    }
}

void key_host_stop(struct key_host *host)
{
    if (host->pid == 0)
        return;
    kill(host->pid, SIGKILL);
    ck_assert_int_eq(waitpid(host->pid, NULL, 0), host->pid);
    host->pid = 0;
}

struct key_host *key_host_new(void)
{
    struct key_host *host = xcalloc(1, sizeof *host);
    struct pki *pki = pki_new();
    struct pki_entity *root = pki_root(pki, &(struct pki_spec){.name = "Key host CA"});
    struct pki_entity *server = pki_leaf(
        pki, root,
        &(struct pki_spec){.name = "localhost", .san = "DNS:localhost,IP:127.0.0.1", .eku = "serverAuth"});
    host->tool = tool_new();
    tool_entity(host->tool, "ca", root);
    tool_entity(host->tool, "server", server);
    pki_free(&pki);
    host->https = port_take();
    host->http = port_take();
    snprintf(host->ca, sizeof host->ca, "%s", path_of(host, "ca.pem"));
    ck_assert_int_eq(mkdir(path_of(host, "keys"), 0700), 0);
    key_host_start(host);
    return host;
}

void key_host_free(struct key_host **host)
{
    if (*host == NULL)
        return;
    key_host_stop(*host);
    tool_free(&(*host)->tool);
    free(*host);
    *host = NULL;
}

void key_host_put(struct key_host *host, const char *name, struct span octets)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "keys/%s", name);
    tool_write(host->tool, path, octets);
}

void key_host_mode(struct key_host *host, const char *mode)
{
    tool_write(host->tool, "mode", span_of(mode != NULL ? mode : ""));
}

size_t key_host_asked(struct key_host *host)
{
    size_t n = 0;
    if (access(path_of(host, "asked"), R_OK) < 0)
        return 0;
    struct span asked = tool_read(host->tool, "asked");
    for (size_t i = 0; i < asked.len; i++)
        n += asked.ptr[i] == '\n';
    return n;
}

const char *key_host_url(struct key_host *host, const char *scheme)
{
    bool plain = strcmp(scheme, "hkp") == 0 || strcmp(scheme, "http") == 0;
    snprintf(host->url, sizeof host->url, "%s://localhost:%u", scheme, plain ? host->http : host->https);
    return host->url;
}
