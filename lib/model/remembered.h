/*
 * remembered - what the directory said of one address at one time: an effect of a message, a record of the store, a fact of the next message.
 * Likewise what key servers said: whether they have a key that can be used.
 *
 * Only what was found out is remembered.
 */
#ifndef MODEL_REMEMBERED_H
#define MODEL_REMEMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remembered {
    const char *addr;    /* canonical; with "openpgp " before it: of key servers */
    const char *source;  /* names the directory's settings: another directory knows other people */
    bool found;          /* it has an entry of this address */
    const char **groups; /* asked for: "dn cn=staff,dc=example" or "cn staff" */
    size_t ngroups;
    const char **member_of; /* those of them that it is in */
    size_t nmember_of;
    const char **attributes; /* asked for, as the policy writes them */
    size_t nattributes;
    const char **values; /* "attribute value" */
    size_t nvalues;
    int64_t asked;   /* when */
    int64_t expires; /* of no use to anybody from then on */
};

#endif
