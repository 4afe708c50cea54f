/* doctor_directory - whether each directory server is reached, takes us, and has what the settings name; what a stranger could answer. */
#include "cli/directory.h"
#include "cli/doctor.h"
#include "directory/directory.h"

#include <string.h>

static void examine_server(struct doctor *doctor, struct directory *directory, size_t i)
{
    struct err err = ERR_INIT;
    const struct directory_settings *s = &doctor->settings->directory;
    if (directory_check(directory, i, &err) < 0)
        doctor_add(doctor, s->uris.n == 1 ? FINDING_ERROR : FINDING_WARNING,
                   "repair it, or the settings directory-*; until then mail that needs it waits",
                   "directory: %s", err.msg);
    else
        doctor_add(doctor, FINDING_GOOD, NULL, "directory %s answers, and has the bases", s->uris.items[i]);
}

void doctor_directory(struct doctor *doctor)
{
    const struct directory_settings *s = &doctor->settings->directory;
    if (s->uris.n == 0)
        return;
    struct directory *directory = directory_new(s, cli_clock_ms);
    for (size_t i = 0; i < s->uris.n; i++) {
        examine_server(doctor, directory, i);
        if (strncmp(s->uris.items[i], "ldap:", 5) == 0 && !s->starttls)
            doctor_add(doctor, FINDING_WARNING, "directory-starttls = yes, or ldaps://",
                       "directory %s is asked without TLS: whoever is on the line can answer for it",
                       s->uris.items[i]);
    }
    directory_free(&directory);
}
