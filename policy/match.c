/* match - conditions against facts: yes, no, could not be found out, or not looked for yet. */
#include "policy/policy_internal.h"

#include "base/addr.h"

#include <string.h>

enum answer match_yes_if(bool holds)
{
    return holds ? ANSWER_YES : ANSWER_NO;
}

static enum answer negate(enum answer answer)
{
    switch (answer) {
    case ANSWER_YES:
        return ANSWER_NO;
    case ANSWER_NO:
        return ANSWER_YES;
    case ANSWER_UNKNOWN:
    case ANSWER_UNASKED:
        break;
    }
    return answer;
}

static enum answer match_pattern(const struct condition *condition, const char *addr)
{
    if (condition->hashed != NULL)
        return match_yes_if(address_list_has(condition->hashed, addr));
    for (size_t i = 0; i < condition->nvalues; i++)
        if (addr_matches(addr, condition->values[i]))
            return ANSWER_YES;
    return ANSWER_NO;
}

const char *match_writer(const struct facts *facts)
{
    return facts->from != NULL ? facts->from : facts->sender;
}

static enum answer match_keyword(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < condition->nvalues; i++)
        for (size_t k = 0; k < facts->nkeywords; k++)
            if (strcmp(condition->values[i], facts->keywords[k]) == 0)
                return ANSWER_YES;
    return ANSWER_NO;
}

static enum answer match_layer(const struct condition *condition, enum method method)
{
    return match_yes_if(method != METHOD_NONE && (condition->set & BIT(method)) != 0);
}

/* Any of those named: one yes is enough, and one that could not be found out outweighs a no. */
static enum answer match_registered(const struct condition *condition, const struct facts *facts, size_t rcpt,
                                    unsigned *needs)
{
    enum answer sender = (condition->set & BIT(PARTY_SENDER)) != 0 ? facts->sender_registered : ANSWER_NO;
    enum answer recipient =
        (condition->set & BIT(PARTY_RECIPIENT)) != 0 ? facts->rcpts[rcpt].registered : ANSWER_NO;
    if (sender == ANSWER_UNASKED || recipient == ANSWER_UNASKED) {
        *needs |= FACTS_USERS;
        return ANSWER_UNASKED;
    }
    if (sender == ANSWER_YES || recipient == ANSWER_YES)
        return ANSWER_YES;
    return sender == ANSWER_UNKNOWN || recipient == ANSWER_UNKNOWN ? ANSWER_UNKNOWN : ANSWER_NO;
}

unsigned match_missing_keys(const struct facts *facts, enum method method)
{
    return method == METHOD_OPENPGP && (facts->have & FACTS_KEYS) != 0 ? FACTS_LOOKUPS : FACTS_KEYS;
}

/* A usable key of one of the methods; methods that this build does not have are possible for nobody. */
static enum answer match_possible(const struct condition *condition, const struct facts *facts, size_t rcpt,
                                  unsigned *needs)
{
    enum answer heaviest = ANSWER_NO;
    for (enum method method = METHOD_NONE + 1; method < METHODS; method++) {
        if ((condition->set & BIT(method)) == 0 || !method_is_available(method))
            continue;
        switch (facts->rcpts[rcpt].encrypt[method].usable) {
        case ANSWER_YES:
            return ANSWER_YES;
        case ANSWER_UNASKED:
            *needs |= match_missing_keys(facts, method);
            return ANSWER_UNASKED;
        case ANSWER_UNKNOWN:
            heaviest = ANSWER_UNKNOWN;
            break;
        case ANSWER_NO:
            break;
        }
    }
    return heaviest;
}

/* Of what this recipient may see. */
static enum answer match_verified(const struct condition *condition, const struct facts *facts, size_t rcpt,
                                  unsigned *needs)
{
    if (facts->nviews == 0) {
        *needs |= FACTS_OPENED;
        return ANSWER_UNASKED;
    }
    return match_yes_if((condition->set & BIT(facts->views[facts->rcpts[rcpt].view].signature)) != 0);
}

static enum answer match_plain(const struct policy *policy, const struct condition *condition,
                               const struct facts *facts, size_t rcpt, unsigned *needs)
{
    switch (condition->kind) {
    case CONDITION_DIRECTION:
        return match_yes_if((condition->set & BIT(facts->rcpts[rcpt].direction)) != 0);
    case CONDITION_FROM:
        return match_pattern(condition, match_writer(facts));
    case CONDITION_TO:
        return match_pattern(condition, facts->rcpts[rcpt].addr);
    case CONDITION_KEYWORD:
        return match_keyword(condition, facts);
    case CONDITION_SIGNED:
        return match_layer(condition, facts->signed_by);
    case CONDITION_ENCRYPTED:
        return match_layer(condition, facts->encrypted_by);
    case CONDITION_SIZE_OVER:
        return match_yes_if(facts->size > condition->size);
    case CONDITION_SIZE_UNDER:
        return match_yes_if(facts->size < condition->size);
    case CONDITION_HEADER:
        return match_yes_if(match_header(condition, facts));
    case CONDITION_REGISTERED:
        return match_registered(condition, facts, rcpt, needs);
    case CONDITION_GROUP:
    case CONDITION_FILE:
    case CONDITION_ATTRIBUTE:
        return match_party(policy, condition, facts, rcpt, needs);
    case CONDITION_CLIENT:
        return match_client(condition, facts);
    case CONDITION_CLIENT_NAME:
        return match_client_name(condition, facts);
    case CONDITION_LISTENER:
        return match_listener(condition, facts);
    case CONDITION_LOGIN:
        return match_login(condition, facts);
    case CONDITION_TLS:
        return match_tls(condition, facts);
    case CONDITION_ATTACHMENT:
        return match_yes_if(match_attachment(condition, facts));
    case CONDITION_PRIORITY:
        return match_yes_if((condition->set & BIT(facts->priority)) != 0);
    case CONDITION_SENSITIVITY:
        return match_yes_if((condition->set & BIT(facts->sensitivity)) != 0);
    case CONDITION_TRAIT:
        return match_yes_if((condition->set & facts->traits) != 0);
    case CONDITION_POSSIBLE:
        return match_possible(condition, facts, rcpt, needs);
    case CONDITION_VERIFIED:
        return match_verified(condition, facts, rcpt, needs);
    }
    return ANSWER_UNKNOWN;
}

/* Whether it holds for a recipient: yes, no, unknown; unasked when *needs got the classes of facts to gather first. */
static enum answer match_condition(const struct policy *policy, const struct condition *condition,
                                   const struct facts *facts, size_t rcpt, unsigned *needs)
{
    enum answer answer = match_plain(policy, condition, facts, rcpt, needs);
    return condition->negated ? negate(answer) : answer;
}

/* How much an answer weighs against others of the same rule: "no" settles it, and look-ups are made only when nothing else does. */
static int weight(enum answer answer)
{
    switch (answer) {
    case ANSWER_YES:
        return 0;
    case ANSWER_UNKNOWN:
        return 1;
    case ANSWER_UNASKED:
        return 2;
    case ANSWER_NO:
        return 3;
    }
    return 1;
}

enum side {
    SIDE_OUTSIDE,
    SIDE_INSIDE
};

/* The heaviest answer of those conditions that ask about one side. */
static enum answer match_side(const struct policy *policy, const struct rule *rule, enum side side,
                              const struct facts *facts, size_t rcpt, unsigned *needs,
                              const struct condition **failed_out)
{
    enum answer heaviest = ANSWER_YES;
    for (size_t i = 0; i < rule->nconditions && heaviest != ANSWER_NO; i++) {
        const struct condition *condition = &rule->conditions[i];
        if (condition_asks_inside(condition) != (side == SIDE_INSIDE))
            continue;
        enum answer answer = match_condition(policy, condition, facts, rcpt, needs);
        if (weight(answer) > weight(heaviest)) {
            heaviest = answer;
            *failed_out = condition;
        }
    }
    return heaviest;
}

enum answer match_rule(const struct policy *policy, const struct rule *rule, const struct facts *facts,
                       size_t rcpt, unsigned *needs, const struct condition **failed_out)
{
    unsigned wanted = 0;
    *failed_out = NULL;
    enum answer answer = match_side(policy, rule, SIDE_OUTSIDE, facts, rcpt, &wanted, failed_out);
    if (answer == ANSWER_YES)
        answer = match_side(policy, rule, SIDE_INSIDE, facts, rcpt, &wanted, failed_out);
    if (answer == ANSWER_UNASKED)
        *needs |= wanted;
    return answer;
}
