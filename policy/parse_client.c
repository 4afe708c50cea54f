/* parse_client - who hands the message in, and where: client, listener, login, TLS. */
#include "policy/parser.h"

#include "conf/network.h"

#include <string.h>

/* Texts of which a function of conf/network.h says what they are not. */
static int read_checked(struct parser *p, const char *what, int (*check)(const char *, struct err *),
                        struct err *err)
{
    size_t cap = 0;
    do {
        struct err why = ERR_INIT;
        if (parser_value(p, parser_text(p, what, err), &cap) < 0)
            return -1;
        const char *value = p->condition->values[p->condition->nvalues - 1];
        if (check(value, &why) < 0)
            return lex_error(&p->lex, p->at - 1, err, "found '%s': %s", value, why.msg);
    } while (parser_take(p, "or"));
    return 0;
}

int parser_client(struct parser *p, struct err *err)
{
    p->condition->kind = parser_take(p, "name") ? CONDITION_CLIENT_NAME : CONDITION_CLIENT;
    if (p->condition->kind == CONDITION_CLIENT_NAME)
        return parser_values(p, "the client's host name, perhaps with wildcards", err);
    return read_checked(p, "name, or a network such as 192.0.2.0/24", network_check, err);
}

int parser_listener(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_LISTENER;
    return read_checked(p, "a port, address:port or name of a listener", listener_check, err);
}

/* Nothing more, or values. */
static int read_optional(struct parser *p, enum condition_kind kind, const char *what, struct err *err)
{
    p->condition->kind = kind;
    return parser_at_end(p) ? 0 : parser_values(p, what, err);
}

int parser_login(struct parser *p, struct err *err)
{
    return read_optional(p, CONDITION_LOGIN, "the name that the client logged in with", err);
}

int parser_tls(struct parser *p, struct err *err)
{
    return read_optional(p, CONDITION_TLS, "the subject of the client's certificate", err);
}
