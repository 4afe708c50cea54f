/*
 * loops - the connections that this process has open to the injection listener, so that it knows its own mail when a wrongly
 * configured listener shows it to us (R47).
 *
 * A connection is known by the random name that it says after EHLO, which nobody else can know; where the MTA tells no name, by its
 * address and port. Never by anything in the message, which anyone can replay. Names are remembered for a while after the connection has
 * ended.
 *
 * threads  any
 */
#ifndef MILTER_LOOPS_H
#define MILTER_LOOPS_H

#include "base/err.h"
#include "base/mem.h"
#include "smtp/wire.h"

#define LOOPS_MAX      1024 /* names remembered, connections at once */
#define LOOPS_NAME_MAX 254

struct loops;

struct loops *loops_new(void);
void loops_free(struct loops **loops);

/* loops_make_name - a host name nobody can guess: "s<32 hex digits>.<hostname>". ERR_IO. */
int loops_make_name(const char *hostname, char out[LOOPS_NAME_MAX], struct err *err) SEAL_CHECKED;

/* loops_add - before EHLO is said. return 0 with *slot for loops_end(), or -1 with ERR_BUSY when too many are open. */
int loops_add(struct loops *loops, const struct wire_name *local, const char *name, size_t *slot,
              struct err *err) SEAL_CHECKED;
/* loops_end - the connection is closed: its port may become another program's. */
void loops_end(struct loops *loops, size_t slot);

/* loops_is_ours - whether this client is one of our connections. Strings may be NULL. */
bool loops_is_ours(struct loops *loops, const char *client_addr, unsigned client_port, const char *helo);

#endif
