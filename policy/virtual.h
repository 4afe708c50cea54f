/*
 * virtual - a message that is nothing but facts: for trying a policy without mail, keys, directory or store.
 *
 * A fact is given as the condition that it makes true. What nobody says has a default:
 *   sender        as From
 *   who submits   From is ours, and no client, listener, login or TLS is named: From logged in. Else as a real client would be judged
 *   client        in no network, came in by no listener
 *   registered    our addresses are, others are not
 *   signing key   an S/MIME one is there when the sender is registered and may sign for From; no OpenPGP key
 *   encryption    no key of the recipient
 *   groups        member of none, no attributes; of groups and files of addresses that the policy names, the address tells
 *   keywords      those that Subject and header fields of submitted mail say
 *   signature     of signed mail good; encrypted S/MIME mail is opened for registered recipients of ours, and not signed inside
 * Private to policy/ but for policy/expect.h.
 */
#ifndef POLICY_VIRTUAL_H
#define POLICY_VIRTUAL_H

#include "conf/settings.h"
#include "model/envelope.h"
#include "policy/policy_internal.h"

struct virtual_rcpt {
    enum answer opened; /* UNASKED: the default */
    int verified;       /* enum signature; -1: the default */
};

struct virtual
{
    const struct policy *policy;
    const struct settings *settings;
    struct arena *arena;
    struct envelope envelope;
    struct facts *facts;
    struct virtual_rcpt *rcpts; /* as many as facts->rcpts */
    size_t rcpts_cap, more_rcpts_cap, headers_cap, keywords_cap, attachments_cap;
    enum answer signing[METHODS]; /* UNASKED: the default */
    bool placed;                  /* something was said about the client */
    bool client_untold, listener_untold;
    unsigned directions; /* those that were named; 0: none */
};

/* A fact as it is stated; an answer of no only where a look-up answers, of unknown also where the MTA tells. */
struct stated {
    const struct policy *words; /* whose groups and attributes the condition's indexes mean */
    const struct condition *condition;
    enum answer answer;
};

void virtual_begin(struct virtual *v, const struct policy *policy, const struct settings *settings,
                   struct arena *arena);
/* virtual_state - one fact more; those about a recipient are about the last one. NULL, or what is wrong with it. */
const char *virtual_state(struct virtual *v, const struct stated *stated);
/* virtual_end - fills in the rest. NULL, or what is wrong with the whole. */
const char *virtual_end(struct virtual *v);

#endif
