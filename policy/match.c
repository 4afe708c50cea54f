/* match - conditions against facts: yes, no, could not be found out, or not looked for yet. */
#include "policy/policy_internal.h"

#include "base/addr.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static enum answer yes_if(bool holds)
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
        return yes_if(patterns_fit(condition->hashed, condition->values, addr));
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
    return yes_if(method != METHOD_NONE && (condition->set & BIT(method)) != 0);
}

static bool header_holds(const char *value, enum header_test test, const char *wanted)
{
    switch (test) {
    case HEADER_PRESENT:
        return true;
    case HEADER_IS:
        return span_eq_nocase(span_trim(span_of(value)), span_trim(span_of(wanted)));
    case HEADER_CONTAINS:
        return strcasestr(value, wanted) != NULL;
    case HEADER_LIKE:
        return text_is_like(value, wanted);
    }
    return false;
}

static enum answer match_header(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < facts->nheaders; i++) {
        if (strcasecmp(facts->headers[i].name, condition->header) != 0)
            continue;
        if (condition->test == HEADER_PRESENT)
            return ANSWER_YES;
        for (size_t k = 0; k < condition->nvalues; k++)
            if (header_holds(facts->headers[i].value, condition->test, condition->values[k]))
                return ANSWER_YES;
    }
    return ANSWER_NO;
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

static enum answer match_plain(const struct condition *condition, const struct facts *facts, size_t rcpt,
                               unsigned *needs)
{
    switch (condition->kind) {
    case CONDITION_DIRECTION:
        return yes_if((condition->set & BIT(facts->rcpts[rcpt].direction)) != 0);
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
        return yes_if(facts->size > condition->size);
    case CONDITION_SIZE_UNDER:
        return yes_if(facts->size < condition->size);
    case CONDITION_HEADER:
        return match_header(condition, facts);
    case CONDITION_REGISTERED:
        return match_registered(condition, facts, rcpt, needs);
    }
    return ANSWER_UNKNOWN;
}

enum answer match_condition(const struct condition *condition, const struct facts *facts, size_t rcpt,
                            unsigned *needs)
{
    enum answer answer = match_plain(condition, facts, rcpt, needs);
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

enum answer match_rule(const struct rule *rule, const struct facts *facts, size_t rcpt, unsigned *needs,
                       const struct condition **failed_out)
{
    enum answer heaviest = ANSWER_YES;
    unsigned wanted = 0;
    *failed_out = NULL;
    for (size_t i = 0; i < rule->nconditions && heaviest != ANSWER_NO; i++) {
        enum answer answer = match_condition(&rule->conditions[i], facts, rcpt, &wanted);
        if (weight(answer) > weight(heaviest)) {
            heaviest = answer;
            *failed_out = &rule->conditions[i];
        }
    }
    if (heaviest == ANSWER_UNASKED)
        *needs |= wanted;
    return heaviest;
}
