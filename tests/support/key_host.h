/*
 * key_host - a real HTTPS server with a test CA, and an HTTP one: key directory and key server on loopback (key_host.py).
 *
 *     struct key_host *host = key_host_new();
 *     key_host_put(host, "bob@their.example", key);       what HKP finds; or the hash that WKD asks for
 *     key_host_mode(host, "slow");                        from now on; NULL: as it should be
 *     .. key_host_url(host, "hkps"), host->ca ..
 *     key_host_free(&host);
 */
#ifndef SUPPORT_KEY_HOST_H
#define SUPPORT_KEY_HOST_H

#include "support/tool.h"

#include <limits.h>
#include <sys/types.h>

struct key_host {
    struct tool *tool;
    char ca[PATH_MAX]; /* PEM */
    unsigned https, http;
    pid_t pid; /* 0: stopped */
    char url[64];
};

struct key_host *key_host_new(void); /* it listens */
void key_host_free(struct key_host **host);
void key_host_start(struct key_host *host);
void key_host_stop(struct key_host *host);

void key_host_put(struct key_host *host, const char *name, struct span octets);
void key_host_mode(struct key_host *host, const char *mode);
/* key_host_asked - how many questions there were so far. */
size_t key_host_asked(struct key_host *host);
/* key_host_url - "scheme://localhost:port", until the next call; port of HTTP for "hkp" and "http". */
const char *key_host_url(struct key_host *host, const char *scheme);

#endif
