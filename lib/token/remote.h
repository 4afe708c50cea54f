/*
 * remote - the holder that is sealkeyd, over its socket.
 *
 * Connections are made when needed, kept, and shared by all threads. What sealkeyd forgot (it was started again) is opened again without
 * the caller noticing; a sealkeyd that is away or too slow is ERR_BUSY.
 */
#ifndef TOKEN_REMOTE_H
#define TOKEN_REMOTE_H

#include "token/holder.h"

/* remote_new - no connection is made yet. timeout_ms: for one question with its answer. */
int remote_new(const char *socket_path, unsigned timeout_ms, struct holder **out,
               struct err *err) SEAL_CHECKED;

#endif
