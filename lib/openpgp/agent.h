/* agent - the one gpg-agent that has our secret keys: started when needed, seen to be alive, ended. Private to lib/openpgp. */
#ifndef OPENPGP_AGENT_H
#define OPENPGP_AGENT_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#define AGENT_HOME_MAX 90 /* octets: a socket's path has 107, and the agent makes S.gpg-agent.ssh in it */

struct agent {
    char *program;
    char *home;
    char *socket;
    pthread_mutex_t lock;
    pid_t pid;
    int pidfd;           /* readable when it has ended; -1: not known to run */
    unsigned generation; /* counts the agents that were seen */
    bool ours;           /* we started it */
};

/* agent_init - checks the home, which is made when it is absent, and writes the agent's settings. ERR_CONFIG, ERR_IO. */
int agent_init(struct agent *agent, const char *program, const char *home, struct err *err) SEAL_CHECKED;
void agent_fini(struct agent *agent); /* ends it when we started it */

/* agent_ensure - it runs now. generation_out: for agent_survived. ERR_BUSY when it cannot be started. */
int agent_ensure(struct agent *agent, unsigned *generation_out, struct err *err) SEAL_CHECKED;
/*
 * agent_survived - the agent of that generation still runs: what failed did not fail for want of it. One that does not answer is given up:
 * a process that was killed has no sockets any more long before it has ended.
 */
bool agent_survived(struct agent *agent, unsigned generation);

#endif
