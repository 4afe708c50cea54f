/* mta_smfi - struct mta over libmilter, for one callback. */
#ifndef MILTER_MTA_SMFI_H
#define MILTER_MTA_SMFI_H

#include "milter/mta.h"

#include <libmilter/mfapi.h>

struct mta mta_smfi(SMFICTX *ctx);

#endif
