/*
 * mta - what can be asked of the MTA at end of message, as a table of functions: libmilter's (mta_smfi.c), or a test's fake.
 *
 * Every function returns 0, or -1 when the MTA did not take it.
 */
#ifndef MILTER_MTA_H
#define MILTER_MTA_H

#include "base/mem.h"

struct mta {
    void *arg;
    int (*replace_body)(void *arg, const void *p,
                        size_t n); /* a contiguous run; nothing may come in between */
    /* index counts from 1 per name, as the MTA gave them; value NULL deletes. Values carry their leading blank, folds are LF. */
    int (*change_header)(void *arg, const char *name, int index, const char *value);
    int (*insert_header)(void *arg, int index, const char *name, const char *value);
    int (*add_header)(void *arg, const char *name, const char *value);
    int (*delete_rcpt)(void *arg, const char *given);
    int (*change_from)(void *arg, const char *given, const char *esmtp_args);
    int (*quarantine)(void *arg, const char *reason);
    int (*progress)(void *arg);
    int (*set_reply)(void *arg, const char *code, const char *status, const char *text);
};

#endif
