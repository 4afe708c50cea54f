/*
 * service - the key worker's connections: one thread each, all of them made before the sandbox closes.
 *
 * Whom the peer's credentials do not allow is told so and hung up on. When all threads have a connection, more are closed at once; a few
 * are kept for root and sealkeyd's own user.
 */
#ifndef KEYD_SERVICE_H
#define KEYD_SERVICE_H

#include "keyd/desk.h"

#define SERVICE_CONNECTIONS 256
#define SERVICE_RESERVED    8

struct service;

/* service_new - starts the threads, and returns when each has begun: the sandbox may close. allowed: whose processes may ask, besides root and our own user. */
int service_new(struct desk *desk, uid_t allowed, struct service **out, struct err *err) SEAL_CHECKED;

/* service_accept - takes one connection of those that wait at the listening socket. */
void service_accept(struct service *service, int listener);

/* service_refuse - the process that may not ask, whoever it is; service_accept() goes by it. 0: none. */
void service_refuse(struct service *service, pid_t pid);

/* service_close - no answer is begun any more; any thread. */
void service_close(struct service *service);
bool service_is_closed(const struct service *service);

/* service_drain - no answer is begun any more; waits until those under way are out, or so many milliseconds. */
void service_drain(struct service *service, unsigned ms);

#endif
