/* listen - the key socket: given by who started us, as systemd does (LISTEN_FDS), or made by us. */
#ifndef KEYD_LISTEN_H
#define KEYD_LISTEN_H

#include "conf/settings.h"

#include <sys/types.h>

/*
 * listen_open - a listening SOCK_SEQPACKET socket. One that we make is the group's of the daemon's user (setting user), and nobody
 * else's; what a process that is gone left in its place is replaced.
 *
 * made_out  whether listen_remove() is to be called at the end
 * errors    ERR_EXISTS (somebody listens there), ERR_CONFIG, ERR_IO
 */
int listen_open(const struct settings *settings, int *fd_out, bool *made_out, struct err *err) SEAL_CHECKED;
/* listen_give - the socket of this name, which we made just now, becomes theirs (-1: stays). ERR_CONFIG when it is another thing by now. */
int listen_give(const char *path, uid_t owner, gid_t group, struct err *err) SEAL_CHECKED;
void listen_remove(const struct settings *settings);

#endif
