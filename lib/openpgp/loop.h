/*
 * loop - GPGME's event loop, ours: so that content goes between our memory and gpg's pipes by itself, and a gpg that does not end is given
 * up. GPGME 1.18 copies every octet twice and formats a dump of it that nobody reads, which costs more than to hash it.
 *
 * Which pipe carries what GPGME does not say. So the first octets go its way; the one of our data that it asks for them is that
 * pipe's, and the rest goes directly. End of content is again GPGME's. Private to lib/openpgp.
 *
 * What is longer than a pipe can be is not copied but lent: gpg reads from the pages where it lies, and what waits in the pipe when an
 * operation is given up stays there as it is. For no such page is written again: so much is a mapping of its own, a spool's file or
 * what malloc() takes from the system, and goes back to the system whole (milter/main.c keeps malloc() to it).
 */
#ifndef OPENPGP_LOOP_H
#define OPENPGP_LOOP_H

#include "spool/spool.h"

#include <gpgme.h>

#define LOOP_FLOWS   3 /* in or out of one gpg */
#define LOOP_WATCHES 8

struct loop;

/* Content on its way, one of both. */
struct flow {
    struct loop *loop;
    struct span rest; /* into gpg */
    bool is_lent;
    struct spool *spool; /* out of gpg; NULL: into it */
    struct err err;      /* why the spool took no more */
};

struct watch {
    int fd; /* -1: free */
    short events;
    gpgme_io_cb_t call;
    void *call_data;
    struct flow *flow; /* that goes through it, once that is known */
    bool is_wide;      /* the pipe: as large as it can be, for long content */
};

struct loop {
    struct flow flows[LOOP_FLOWS];
    size_t nflows;
    bool is_long;       /* more than a pipe holds goes in */
    struct flow *asked; /* by the call that runs */
    struct watch watches[LOOP_WATCHES];
    bool done;
    gpgme_error_t code;
};

void loop_init(struct loop *loop);
/* loop_watch - the operations of this context. */
void loop_watch(struct loop *loop, gpgme_ctx_t ctx);
/* loop_in - bytes for gpg, borrowed, that nobody changes until the operation has ended. loop_out - into a spool. */
int loop_in(struct loop *loop, struct span bytes, gpgme_data_t *out, struct err *err) SEAL_CHECKED;
int loop_out(struct loop *loop, struct spool *spool, gpgme_data_t *out, struct err *err) SEAL_CHECKED;

/* loop_spool_error - why a spool took no more; NULL: none has refused. */
const struct err *loop_spool_error(const struct loop *loop);

/* loop_run - until the operation that was started has ended, or was given up at the deadline. Returns its error. */
gpgme_error_t loop_run(struct loop *loop, gpgme_ctx_t ctx, gpgme_error_t started, int64_t (*clock_ms)(void),
                       int64_t deadline);

#endif
