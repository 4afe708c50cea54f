/* doctor_lookup - whether the key servers of openpgp-lookup can be asked from here, and whose would be asked that nobody named. */
#include "cli/doctor.h"

#include "base/addr.h"
#include "cli/directory.h"
#include "fetch/lookup.h"

#include <string.h>
#include <unistd.h>

/* A name that nobody has: a server that says so has answered. */
#define NOBODY "sealmilter-doctor@%s"
#define REPAIR "repair it, or take it out of openpgp-lookup; until then mail that depends on it waits"

static enum find take(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out)
{
    (void)arg;
    (void)index;
    (void)offer;
    *why_out = "answers";
    return FIND_ABSENT;
}

/* The domain of a pattern; NULL: it stands for many. */
static const char *domain_of(const char *pattern)
{
    const char *domain = strrchr(pattern, '@') != NULL ? strrchr(pattern, '@') + 1 : pattern;
    return strpbrk(domain, "*?") == NULL ? domain : NULL;
}

static void add_address(struct doctor *doctor, struct lookup *lookups, size_t *n, const char *domain)
{
    const char *addr = arena_printf(doctor->arena, NOBODY, domain);
    for (size_t i = 0; i < *n; i++)
        if (strcmp(lookups[i].addr, addr) == 0)
            return;
    if (*n < LOOKUP_MAX)
        lookups[(*n)++].addr = addr;
}

/* One that is named is asked once; of the directories of domains each whose domain is known. */
static size_t list_addresses(struct doctor *doctor, const struct key_server *server, struct lookup *lookups)
{
    size_t n = 0;
    for (size_t i = 0; i < server->patterns.n; i++) {
        const char *domain = domain_of(server->patterns.items[i]);
        if (domain != NULL && (n == 0 || server->base == NULL))
            add_address(doctor, lookups, &n, domain);
    }
    if (n == 0 && server->base != NULL)
        add_address(doctor, lookups, &n, "example.org");
    return n;
}

static void report(struct doctor *doctor, const struct key_server *server, const struct lookup *lookup)
{
    const char *whose = server->base == NULL ? addr_domain(lookup->addr) : "";
    const char *space = *whose == '\0' ? "" : " ";
    if (lookup->answer == FIND_FAILED)
        doctor_add(doctor, FINDING_ERROR, REPAIR, "openpgp-lookup: %s%s%s cannot be asked: %s", server->name,
                   space, whose, lookup->why);
    else if (lookup->no_host)
        doctor_add(doctor, FINDING_WARNING, "correct the domain, or take it out of openpgp-lookup",
                   "openpgp-lookup: %s%s%s: no such host: nothing will be found", server->name, space, whose);
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "openpgp-lookup: %s%s%s can be asked: %s", server->name, space,
                   whose, lookup->why);
}

/* What to write for a server that is asked without TLS; NULL: for one that proves who it is. */
static const char *remedy(const struct doctor *doctor, const struct key_server *server)
{
    switch (server->kind) {
    case KEY_SERVER_WKD:
        return NULL;
    case KEY_SERVER_HKP:
        return strncmp(server->base, "http:", 5) == 0 ? "hkps://" : NULL;
    case KEY_SERVER_LDAP:
        /* that of the settings directory-* is looked at by doctor_directory() */
        return server->directory != &doctor->settings->directory && strncmp(server->base, "ldap:", 5) == 0 &&
                       !server->directory->starttls
                   ? "openpgp-lookup-starttls = yes, or ldaps://"
                   : NULL;
    }
    return NULL;
}

static void examine_server(struct doctor *doctor, const struct key_server *server)
{
    struct lookup lookups[LOOKUP_MAX];
    struct key_server everybody = *server;
    everybody.patterns.n = 0;
    struct lookup_settings alone = doctor->settings->openpgp.lookup;
    alone.servers = &everybody;
    alone.nservers = 1;
    size_t n = list_addresses(doctor, server, lookups);
    lookup_all(&alone, cli_clock_ms, NULL, doctor->arena, lookups, n, &(struct lookup_taker){.take = take});
    for (size_t i = 0; i < n; i++)
        report(doctor, server, &lookups[i]);
    const char *instead = remedy(doctor, server);
    if (instead != NULL)
        doctor_add(doctor, FINDING_WARNING, instead,
                   "openpgp-lookup: %s is asked without TLS: whoever is on the line can answer for it",
                   server->name);
}

void doctor_lookup(struct doctor *doctor)
{
    const struct openpgp_settings *openpgp = &doctor->settings->openpgp;
    if (*openpgp->gpg == '\0' || openpgp->lookup.nservers == 0)
        return;
    if (lookup_asks_any_domain(&openpgp->lookup))
        doctor_add(doctor, FINDING_WARNING,
                   "name the domains behind it: openpgp-lookup = wkd partner.example",
                   "openpgp-lookup: wkd without address patterns asks the web server of every domain: while "
                   "one fails, mail there that a rule wants to encrypt is deferred");
    if (access(openpgp->lookup.ca_file, R_OK) < 0)
        doctor_add(doctor, FINDING_ERROR, "install ca-certificates, or correct openpgp-lookup-ca-file",
                   "%s cannot be read: no key server can prove who it is", openpgp->lookup.ca_file);
    for (size_t i = 0; i < openpgp->lookup.nservers; i++)
        examine_server(doctor, &openpgp->lookup.servers[i]);
}
