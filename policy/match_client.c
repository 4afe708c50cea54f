/* match_client - who hands the message in, and where. */
#include "policy/policy_internal.h"

#include "base/text.h"
#include "conf/network.h"

#include <string.h>

/* Mail of this machine's own has no client and no listener; of other mail the MTA must tell both, or nobody knows. */
static enum answer not_told(const struct facts *facts)
{
    return facts->submitter == SUBMITTER_LOCAL ? ANSWER_NO : ANSWER_UNKNOWN;
}

enum answer match_client(const struct condition *condition, const struct facts *facts)
{
    if (facts->client_addr == NULL)
        return not_told(facts);
    for (size_t i = 0; i < condition->nvalues; i++)
        if (network_has(condition->values[i], facts->client_addr))
            return ANSWER_YES;
    return ANSWER_NO;
}

enum answer match_listener(const struct condition *condition, const struct facts *facts)
{
    if (facts->listener_addr == NULL && facts->listener_port == 0 && facts->listener_name == NULL)
        return not_told(facts);
    for (size_t i = 0; i < condition->nvalues; i++)
        if (listener_is(condition->values[i], facts->listener_addr, facts->listener_port,
                        facts->listener_name))
            return ANSWER_YES;
    return ANSWER_NO;
}

static bool is_like_any(const struct condition *condition, const char *value)
{
    for (size_t i = 0; value != NULL && i < condition->nvalues; i++)
        if (text_is_like(value, condition->values[i]))
            return true;
    return false;
}

/* A subject may hold a * of its own ("CN=*.example.org"). */
static bool is_any(const struct condition *condition, const char *value)
{
    for (size_t i = 0; value != NULL && i < condition->nvalues; i++)
        if (strcmp(value, condition->values[i]) == 0)
            return true;
    return false;
}

enum answer match_client_name(const struct condition *condition, const struct facts *facts)
{
    return match_yes_if(is_like_any(condition, facts->client_name));
}

enum answer match_login(const struct condition *condition, const struct facts *facts)
{
    return match_yes_if(condition->nvalues == 0 ? facts->login != NULL
                                                : is_like_any(condition, facts->login));
}

enum answer match_tls(const struct condition *condition, const struct facts *facts)
{
    return match_yes_if(condition->nvalues == 0 ? facts->tls_version != NULL
                                                : is_any(condition, facts->tls_subject));
}
