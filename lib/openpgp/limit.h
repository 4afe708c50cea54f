/* limit - what stands in the file beside the link to seal-limit, one a line. */
#ifndef OPENPGP_LIMIT_H
#define OPENPGP_LIMIT_H

enum {
    LIMIT_PROGRAM,
    LIMIT_SECONDS,
    LIMIT_MEMORY,
    LIMIT_FILE,
    LIMIT_LINES
};

#define LIMIT_FILE_MAX 4096

#endif
