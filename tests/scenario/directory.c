/* directory - the people and groups of a scenario's directory, as LDIF. */
#include "scenario.h"

#include "base/buf.h"
#include "support/check.h"
#include "support/people.h"

#include <string.h>

static int local_part(const char *addr)
{
    return (int)strcspn(addr, "@");
}

/* "bob@their.example title=lead" */
static void add_person(char *words, struct buf *out)
{
    const char *addr = strtok_r(words, " ", &words);
    int n = local_part(addr);
    buf_printf(out,
               "dn: uid=%.*s,ou=people,dc=example\nobjectClass: inetOrgPerson\nuid: %.*s\ncn: %.*s\nsn: X\n"
               "mail: %s\n",
               n, addr, n, addr, n, addr, addr);
    for (const char *word; (word = strtok_r(NULL, " ", &words)) != NULL;)
        buf_printf(out, "%.*s: %s\n", (int)strcspn(word, "="), word, strchr(word, '=') + 1);
    buf_add_char(out, '\n');
}

/* "Friends bob@their.example carol@third.example" */
static void add_group(char *words, struct buf *out)
{
    const char *name = strtok_r(words, " ", &words);
    buf_printf(out, "dn: cn=%s,ou=groups,dc=example\nobjectClass: groupOfNames\ncn: %s\n", name, name);
    for (const char *word; (word = strtok_r(NULL, " ", &words)) != NULL;)
        buf_printf(out, "member: uid=%.*s,ou=people,dc=example\n", local_part(word), word);
    buf_add_char(out, '\n');
}

const char *scenario_ldif(struct arena *arena, const struct block *block)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    char *lines = arena_strdup(arena, block->text);
    buf_add_str(&out, PEOPLE_BASE);
    for (char *line; (line = strtok_r(lines, "\n", &lines)) != NULL;) {
        char *words = line + strcspn(line, " ");
        bool person = strncmp(line, "person ", 7) == 0;
        ck_assert_msg(person || strncmp(line, "group ", 6) == 0, "directory: %s", line);
        (person ? add_person : add_group)(words, &out);
    }
    return arena_strdup(arena, buf_str(&out));
}
