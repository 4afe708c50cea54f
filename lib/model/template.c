/* template - pieces of a template. */
#include "model/template.h"

#include <string.h>

static enum template_word word_of(struct span inside)
{
    static const char *const names[TEMPLATE_WORDS] = {
        [TEMPLATE_SENDER] = "sender",         [TEMPLATE_RECIPIENT] = "recipient",
        [TEMPLATE_RECIPIENTS] = "recipients", [TEMPLATE_RULE] = "rule",
        [TEMPLATE_QUEUE_ID] = "queue-id",     [TEMPLATE_DATE] = "date",
        [TEMPLATE_HOSTNAME] = "hostname",     [TEMPLATE_SUBJECT] = "subject"};
    for (enum template_word word = TEMPLATE_SENDER; word < TEMPLATE_WORDS; word++)
        if (span_is(inside, names[word]))
            return word;
    return TEMPLATE_UNKNOWN;
}

bool template_next(const char **at, struct template_piece *out)
{
    const char *begin = *at;
    if (*begin == '\0')
        return false;
    if (*begin != '{') {
        out->word = TEMPLATE_TEXT;
        out->text = (struct span){begin, strcspn(begin, "{")};
    } else {
        size_t inside = strcspn(begin + 1, "{}");
        bool ends = begin[1 + inside] == '}';
        out->word = ends ? word_of((struct span){begin + 1, inside}) : TEMPLATE_UNKNOWN;
        out->text = (struct span){begin, 1 + inside + (ends ? 1 : 0)};
    }
    *at = begin + out->text.len;
    return true;
}
