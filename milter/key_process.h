/*
 * key_process - sealkeyd(8), started and kept running.
 *
 * A process of sealkeyd's user, forked while we are still root, stands between: it starts sealkeyd with the listening socket (as systemd
 * does: LISTEN_FDS), starts it again when it ends, after a while that grows, and ends it when the daemon has ended, however that was. The socket
 * outlives sealkeyd: who asks meanwhile waits for the next one.
 */
#ifndef MILTER_KEY_PROCESS_H
#define MILTER_KEY_PROCESS_H

#include "conf/settings.h"
#include "token/holder.h"

#include <sys/types.h>

struct key_process {
    pid_t keeper; /* 0: somebody else starts sealkeyd (key-process = running) */
    int leash;    /* while it is open, sealkeyd is kept running */
};

/*
 * key_process_start - as root, when root started us.
 *
 * errors  ERR_CONFIG, ERR_IO, ERR_EXISTS (somebody listens at the socket)
 */
int key_process_start(const struct settings *settings, struct key_process *out, struct err *err) SEAL_CHECKED;

/* key_process_wait - until the sealkeyd that we start answers; ERR_CONFIG when its first start failed: its log says why. */
int key_process_wait(const struct key_process *process, struct holder *sealkeyd,
                     struct err *err) SEAL_CHECKED;

/*
 * key_process_watch - who starts sealkeyd again may himself be killed, and only root could start him: then lost() is called once, in a thread
 * of its own.
 */
void key_process_watch(const struct key_process *process, void (*lost)(void));

/* key_process_stop - sealkeyd ends, and has ended. */
void key_process_stop(struct key_process *process);

#endif
