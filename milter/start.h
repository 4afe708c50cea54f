/* start - what the daemon needs and gives up before it serves: privileges away, spool folder, pid file. */
#ifndef MILTER_START_H
#define MILTER_START_H

#include "conf/settings.h"

/* start_pid_file - while we may still write to its folder. */
int start_pid_file(const struct settings *settings, struct err *err) SEAL_CHECKED;

/* start_drop_privileges - become settings->user for good, when we are root; no core dumps, which would hold mail and keys. */
int start_drop_privileges(const struct settings *settings, struct err *err) SEAL_CHECKED;

/* start_spool_folder - it is there and ours to write to; made (0700) when it is not there. */
int start_spool_folder(const struct settings *settings, struct err *err) SEAL_CHECKED;

/* start_check_libcrypto - a libcrypto with known holes in CMS is refused (R34); version as hash_library_version() gives it. */
int start_check_libcrypto(unsigned long version, const struct settings *settings,
                          struct err *err) SEAL_CHECKED;

#endif
