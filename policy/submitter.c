/* submitter - who hands the message in, from what a sender cannot forge. */
#include "policy/submitter.h"

#include "base/addr.h"
#include "conf/network.h"

#include <string.h>

static bool any_listener(const struct string_list *list, const struct envelope *env)
{
    for (size_t i = 0; i < list->n; i++)
        if (listener_is(list->items[i], env->listener_addr, env->listener_port, env->listener_name))
            return true;
    return false;
}

static bool in_networks(const struct string_list *networks, const char *addr)
{
    for (size_t i = 0; addr != NULL && i < networks->n; i++)
        if (network_has(networks->items[i], addr))
            return true;
    return false;
}

/*
 * A verified client certificate is a submitter's only when policy names it: partner MTAs show certificates too.
 */
static bool is_known_certificate(const struct policy *policy, const char *subject)
{
    size_t n;
    const struct sign_grant *grants = policy_grants(policy, &n);
    for (size_t i = 0; i < n; i++)
        if (grants[i].submitter == SUBMITTER_TLS && grants[i].who != NULL &&
            strcmp(grants[i].who, subject) == 0)
            return true;
    return false;
}

/* An inbound listener (a content filter's way back) is never submission, whatever address connects to it. */
enum submitter submitter_of(const struct settings *settings, const struct policy *policy,
                            const struct envelope *env)
{
    if (env->local)
        return SUBMITTER_LOCAL;
    if (any_listener(&settings->inbound_listeners, env))
        return SUBMITTER_NONE;
    if (env->login != NULL)
        return SUBMITTER_LOGIN;
    if (env->tls_subject != NULL && is_known_certificate(policy, env->tls_subject))
        return SUBMITTER_TLS;
    if (any_listener(&settings->submission_listeners, env) ||
        in_networks(&settings->trusted_networks, env->client_addr))
        return SUBMITTER_NETWORK;
    return SUBMITTER_NONE;
}

static bool is_who(const struct sign_grant *grant, const struct envelope *env)
{
    if (grant->who == NULL)
        return true;
    switch (grant->submitter) {
    case SUBMITTER_LOGIN:
        return env->login != NULL && strcmp(grant->who, env->login) == 0;
    case SUBMITTER_TLS:
        return env->tls_subject != NULL && strcmp(grant->who, env->tls_subject) == 0;
    case SUBMITTER_NETWORK:
        return env->client_addr != NULL && network_has(grant->who, env->client_addr);
    case SUBMITTER_LOCAL:
        return true;
    case SUBMITTER_NONE:
        return false;
    }
    return false;
}

static bool login_is_address(const char *login, const char *from)
{
    char canonical[ADDR_MAX + 1];
    struct err ignored = ERR_INIT; /* a login that is no address equals none */
    return login != NULL && addr_canonical(span_of(login), canonical, &ignored) == 0 &&
           strcmp(canonical, from) == 0;
}

bool submitter_may_sign(const struct policy *policy, const struct facts *facts, const struct envelope *env)
{
    if (facts->from == NULL || facts->submitter == SUBMITTER_NONE)
        return false;
    if (facts->submitter == SUBMITTER_LOGIN && login_is_address(env->login, facts->from))
        return true;
    size_t n;
    const struct sign_grant *grants = policy_grants(policy, &n);
    for (size_t i = 0; i < n; i++) {
        if (grants[i].submitter != facts->submitter || !is_who(&grants[i], env))
            continue;
        for (size_t k = 0; k < grants[i].nfor; k++)
            if (addr_matches(facts->from, grants[i].for_addrs[k]))
                return true;
    }
    return false;
}

enum direction submitter_direction(const struct policy *policy, enum submitter submitter, const char *addr)
{
    bool ours = policy_is_ours(policy, addr);
    if (submitter == SUBMITTER_NONE)
        return ours ? DIRECTION_INBOUND : DIRECTION_TRANSIT;
    return ours ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
}
