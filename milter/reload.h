/*
 * reload - the snapshot that messages begin with: loaded again when policy or authorities in the store have changed, and with
 * the settings on request (SIGHUP). A new one that cannot be loaded is logged once, and the old one stays. A large policy is in force a moment
 * later than it is stored: a thread reads it in that moment, and frees the old one when the last message has let go of it. No message waits.
 *
 * threads  any
 */
#ifndef MILTER_RELOAD_H
#define MILTER_RELOAD_H

#include "gate/snapshot.h"

struct reload;

/* reload_new - with a first snapshot; settings are borrowed and outlive it. */
int reload_new(struct store *store, const struct settings *settings, struct reload **out,
               struct err *err) SEAL_CHECKED;
void reload_free(struct reload **reload);

/*
 * reload_snapshot - the newest good one; the caller drops it with snapshot_free(). NULL with *err set when nobody can say whether it
 * is the newest: an older policy may send in clear what the newest encrypts.
 */
struct snapshot *reload_snapshot(struct reload *reload, struct err *err);

/* reload_settings - read the settings file again. What a process cannot change later (user, socket, state, master key) stays. */
void reload_settings(struct reload *reload);

#endif
