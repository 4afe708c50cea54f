/* esmtp - "NAME=value" arguments. */
#include "milter/esmtp.h"

#include <string.h>
#include <strings.h>

/* The value of "NAME=value", or NULL when the argument is another. */
static const char *value_of(const char *arg, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static void read_value(const char **out, struct arena *arena, const char *arg, const char *name)
{
    const char *value = value_of(arg, name);
    if (value != NULL)
        *out = arena_strdup(arena, value);
}

void esmtp_read_mail(struct envelope *env, struct arena *arena, const char *const *args)
{
    for (; *args != NULL; args++) {
        read_value(&env->ret, arena, *args, "RET");
        read_value(&env->envid, arena, *args, "ENVID");
        read_value(&env->body, arena, *args, "BODY");
        env->smtputf8 = env->smtputf8 || strcasecmp(*args, "SMTPUTF8") == 0;
        env->requiretls = env->requiretls || strcasecmp(*args, "REQUIRETLS") == 0;
    }
}

void esmtp_read_rcpt(struct recipient *rcpt, struct arena *arena, const char *const *args)
{
    for (; *args != NULL; args++) {
        read_value(&rcpt->notify, arena, *args, "NOTIFY");
        read_value(&rcpt->orcpt, arena, *args, "ORCPT");
    }
}
