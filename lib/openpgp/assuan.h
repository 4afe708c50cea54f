/* assuan - gpg-agent's protocol, as far as it is spoken here: lines. Private to lib/openpgp. source  the Assuan manual, "Client requests" */
#ifndef OPENPGP_ASSUAN_H
#define OPENPGP_ASSUAN_H

#include "base/secret.h"

#define ASSUAN_LINE_MAX 1002

/* assuan_open - a connection after its greeting; -1: nobody answers. */
int assuan_open(const char *socket);

/* What an inquiry asks for; the other end names it. */
struct assuan_secret {
    const char *keyword;
    const struct secret *secret; /* NULL: empty */
};

enum assuan_end {
    ASSUAN_OK,
    ASSUAN_ERROR, /* code_out says which, as libgpg-error numbers them */
    ASSUAN_GONE,  /* the connection ended */
};
/* assuan_call - one command, without its end of line. data_out: of the first data line, cut; may be NULL, as secrets. */
enum assuan_end assuan_call(int fd, const char *command, const struct assuan_secret *secrets, size_t nsecrets,
                            char data_out[ASSUAN_LINE_MAX], unsigned *code_out);

#endif
