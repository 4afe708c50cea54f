/* status - gpg's status lines, as they concern us. source  doc/DETAILS of GnuPG. Private to lib/openpgp. */
#ifndef OPENPGP_STATUS_H
#define OPENPGP_STATUS_H

#include "openpgp/job.h"

void status_note(struct job_seen *seen, const char *keyword, const char *args);

#endif
