/*
 * policy - the rules, parsed: an immutable value that any number of threads may read.
 *
 * The language is that of seal-policy(5). Pure: no I/O, no clock, no foreign library. A policy that cannot be read whole is
 * refused whole; an administrator's typing error never disables encryption.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/facts.h"

struct policy;

/* A way in which a submitter can say a keyword. */
struct keyword {
    const char *name;         /* "plain" */
    const char *subject;      /* text in the Subject, or NULL */
    const char *header;       /* name of a header field, or NULL */
    const char *header_value; /* what it must be, any case */
};

/* Who may sign in whose name (R49). */
struct sign_grant {
    enum submitter submitter;
    const char *who;        /* login, certificate subject or network; NULL: every one of the class */
    const char **for_addrs; /* address patterns, see addr_matches() */
    size_t nfor;
};

/* A group that conditions name, or a file of addresses that they name without a group. */
struct policy_group {
    const char *name; /* NULL: a file without a group */
    const char *dn;   /* of the group in the directory; NULL: the directory knows it by its name */
    const char *path; /* of the file that lists it; NULL: the directory does */
    const struct address_list *list;
    unsigned line; /* of its statement; 0: it has none */
};

/* A file of addresses, as its reader found it. */
struct policy_file {
    const char *path; /* as the policy names it */
    struct span text;
};
#define POLICY_FILES_MAX ((size_t)16 << 20) /* octets of all files of a policy together */

/*
 * policy_parse - rules, and the files of addresses that they name. The policy owns a copy of everything.
 *
 * files   what policy_files() names; NULL and 0 for a policy without any
 * return  0, or -1 with ERR_CONFIG "file:line:column: found .., expected ..", ERR_LIMIT
 */
int policy_parse(const char *path, struct span text, const struct policy_file *files, size_t nfiles,
                 struct policy **out, struct err *err) SEAL_CHECKED;
/* policy_files - the files of addresses that a policy's text names, each once, in arena; errors as policy_parse(). */
int policy_files(const char *path, struct span text, struct arena *arena, const char ***paths_out,
                 size_t *n_out, struct err *err) SEAL_CHECKED;
void policy_free(struct policy **policy);
size_t policy_memory(const struct policy *policy); /* octets that it takes */

/* policy_check - what a careful colleague would find in a policy that parses: appends one line each, "error: .." or
 * "warning: .."; returns the number of errors. policy_parse alone does not make a policy fit for use. */
size_t policy_check(const struct policy *policy, struct buf *out);

/* What the gate needs to know of it, borrowed. */
const char *const *policy_domains(const struct policy *policy, size_t *n_out);
bool policy_is_ours(const struct policy *policy,
                    const char *addr); /* "our domains", but not an external alias */
bool policy_is_external_alias(const struct policy *policy, const char *addr);
const struct keyword *policy_keywords(const struct policy *policy, size_t *n_out);
const struct sign_grant *policy_grants(const struct policy *policy, size_t *n_out);
/* policy_groups, policy_attributes - those that conditions ask for; struct party_facts answers in the same order. */
const struct policy_group *policy_groups(const struct policy *policy, size_t *n_out);
const char *const *policy_attributes(const struct policy *policy, size_t *n_out);
/* Fingerprints of the certificates that `encrypt .. to certificate` names, lower-case hex, each once: facts->fixed answers for them in this order. */
const char *const *policy_certificates(const struct policy *policy, size_t *n_out);
/* Wordings of `tag` that rules have beside those of the settings, each once: nobody outside may write them either (R1). */
const char *const *policy_tags(const struct policy *policy, size_t *n_out);

/* policy_sends - name of the first rule that makes messages of its own (copies, notices, reports); NULL: none does. */
const char *policy_sends(const struct policy *policy);

/* policy_print - the policy again, in canonical layout. */
void policy_print(const struct policy *policy, struct buf *out);

#endif
