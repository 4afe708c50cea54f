/*
 * protection - how header fields travel inside what is signed or encrypted: a value of settings, policy and operations.
 *
 * source  RFC 9788 2.1, 3.2
 */
#ifndef MODEL_PROTECTION_H
#define MODEL_PROTECTION_H

/* Ordered: each hides as much as the one before, or more. */
enum protection {
    PROTECTION_NONE = 0,
    PROTECTION_CLEAR,    /* hp="clear": signed, not encrypted */
    PROTECTION_PLAIN,    /* hp="cipher" with hcp_no_confidentiality: all of them stand outside too */
    PROTECTION_BASELINE, /* hp="cipher" with hcp_baseline: the Subject and what repeats it are inside alone */
};
/* Among the words of what a peer is known to understand: his own verified mail had protected header fields. */
#define CAPABILITY_PROTECTED_HEADERS "hp"

const char *protection_name(enum protection protection); /* "none", "clear", "plain", "baseline" */

#endif
