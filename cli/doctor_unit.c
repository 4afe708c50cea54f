/*
 * doctor_unit - the unit keeps the daemon on this host (IPAddressDeny=any), so what doctor reaches the daemon may not.
 *
 * Silent where no systemd answers, or the unit is another one's: then nothing is known of it.
 *
 * source  systemd.resource-control(5)
 */
#include "cli/doctor.h"
#include "cli/run.h"

#include "conf/network.h"

#include <string.h>

#define UNIT     "sealmilter.service"
#define SAID_MAX (64u << 10)
#define REPAIR                                                                                               \
    "systemctl edit sealmilter: [Service] IPAddressAllow=, see sealmilter.conf(5), openpgp-lookup; then "    \
    "restart it"

/* Behind "://" stands one of this machine's own names, or the path of a socket. */
static bool is_here(const char *url)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = strstr(url, "://");
    if (host == NULL || strncmp(url, "ldapi:", 6) == 0)
        return true;
    host += 3;
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(host, names[i], len) == 0 && strchr(":/", host[len]) != NULL)
            return true;
    }
    return false;
}

/* The first that the settings name on another host; NULL: none. */
static const char *first_elsewhere(const struct settings *settings)
{
    const struct lookup_settings *lookup = &settings->openpgp.lookup;
    for (size_t i = 0; *settings->openpgp.gpg != '\0' && i < lookup->nservers; i++)
        if (lookup->servers[i].base == NULL || !is_here(lookup->servers[i].base))
            return lookup->servers[i].name;
    for (size_t i = 0; i < settings->directory.uris.n; i++)
        if (!is_here(settings->directory.uris.items[i]))
            return settings->directory.uris.items[i];
    return NULL;
}

/* "PROPERTY=word word" among the lines has a word that the test takes. */
static bool property_has(struct doctor *doctor, const char *said, const char *property,
                         bool (*test)(const char *))
{
    const char *line = strstr(said, property);
    if (line == NULL)
        return false;
    line += strlen(property);
    char *rest = NULL, *words = arena_spandup(doctor->arena, (struct span){line, strcspn(line, "\n")});
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (test(word))
            return true;
    return false;
}

static bool is_any(const char *network)
{
    return strcmp(network, "0.0.0.0/0") == 0;
}

static bool is_elsewhere(const char *network)
{
    return !network_within(network, "127.0.0.0/8") && !network_within(network, "::1/128");
}

void doctor_unit(struct doctor *doctor)
{
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(SAID_MAX);
    struct err ignored = ERR_INIT; /* no systemd here */
    const char *const argv[] = {"systemctl", "show", "--property=IPAddressAllow,IPAddressDeny", UNIT, NULL};
    const char *needed = first_elsewhere(doctor->settings);
    if (needed == NULL || run_capture(argv, &said, &ignored) < 0 ||
        !property_has(doctor, buf_str(&said), "IPAddressDeny=", is_any) ||
        property_has(doctor, buf_str(&said), "IPAddressAllow=", is_elsewhere))
        return;
    doctor_add(doctor, FINDING_ERROR, REPAIR,
               "the unit " UNIT " keeps the daemon on this host, and the settings name %s", needed);
}
