/* match_party - groups, files of addresses and attributes of the sender or of a recipient. */
#include "policy/policy_internal.h"

#include <string.h>

struct asking {
    const struct policy *policy;
    const char *addr;
    const struct party_facts *party;
};

static struct asking asking_of(const struct policy *policy, enum party party, const struct facts *facts,
                               size_t rcpt)
{
    struct asking asking = {.policy = policy};
    switch (party) {
    case PARTY_SENDER:
        asking.addr = match_writer(facts);
        asking.party = &facts->sender_party;
        break;
    case PARTY_RECIPIENT:
        asking.addr = facts->rcpts[rcpt].addr;
        asking.party = &facts->rcpts[rcpt].party;
        break;
    }
    return asking;
}

static enum answer in_group(const struct asking *asking, size_t group)
{
    const struct address_list *list = asking->policy->groups[group].list;
    if (list != NULL)
        return address_list_has(list, asking->addr) ? ANSWER_YES : ANSWER_NO;
    return asking->party->groups == NULL ? ANSWER_UNASKED : asking->party->groups[group];
}

/* Of several: one yes settles it; what is not asked yet may turn out one; one that could not be found out outweighs a no. */
static int weight(enum answer answer)
{
    switch (answer) {
    case ANSWER_NO:
        return 0;
    case ANSWER_UNKNOWN:
        return 1;
    case ANSWER_UNASKED:
        return 2;
    case ANSWER_YES:
        return 3;
    }
    return 1;
}

static enum answer in_any_group(const struct asking *asking, const struct condition *condition)
{
    enum answer heaviest = ANSWER_NO;
    for (size_t i = 0; i < condition->ngroups && heaviest != ANSWER_YES; i++) {
        enum answer answer = in_group(asking, condition->groups[i]);
        if (weight(answer) > weight(heaviest))
            heaviest = answer;
    }
    return heaviest;
}

static enum answer has_attribute(const struct asking *asking, const struct condition *condition)
{
    if (asking->party->attributes == NULL)
        return ANSWER_UNASKED;
    const struct attribute_fact *fact = &asking->party->attributes[condition->attribute];
    if (fact->known != ANSWER_YES)
        return fact->known;
    for (size_t i = 0; i < fact->n; i++)
        if (condition->test == TEXT_PRESENT || match_any_text(condition, fact->values[i]))
            return ANSWER_YES;
    return ANSWER_NO;
}

enum answer match_party(const struct policy *policy, const struct condition *condition,
                        const struct facts *facts, size_t rcpt, unsigned *needs)
{
    struct asking asking = asking_of(policy, condition->party, facts, rcpt);
    if (*asking.addr == '\0')
        return ANSWER_NO; /* the null sender is nobody */
    enum answer answer = condition->kind == CONDITION_ATTRIBUTE ? has_attribute(&asking, condition)
                                                                : in_any_group(&asking, condition);
    if (answer == ANSWER_UNASKED)
        *needs |= FACTS_DIRECTORY;
    return answer;
}
