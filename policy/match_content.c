/* match_content - texts of the message: header fields, attachments. */
#include "policy/policy_internal.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

bool match_text(const char *value, enum text_test test, const char *wanted)
{
    switch (test) {
    case TEXT_PRESENT:
        return true;
    case TEXT_IS:
        return span_eq_nocase(span_trim(span_of(value)), span_trim(span_of(wanted)));
    case TEXT_CONTAINS:
        return strcasestr(value, wanted) != NULL;
    case TEXT_LIKE:
        return text_is_like(value, wanted);
    }
    return false;
}

bool match_any_text(const struct condition *condition, const char *value)
{
    for (size_t i = 0; i < condition->nvalues; i++)
        if (match_text(value, condition->test, condition->values[i]))
            return true;
    return false;
}

bool match_header(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < facts->nheaders; i++)
        if (strcasecmp(facts->headers[i].name, condition->name) == 0 &&
            (condition->test == TEXT_PRESENT || match_any_text(condition, facts->headers[i].value)))
            return true;
    return false;
}

static bool has_type(const struct condition *condition, const char *type)
{
    for (size_t i = 0; i < condition->ntypes; i++)
        if (text_is_like(type, condition->types[i]))
            return true;
    return condition->ntypes == 0;
}

/* Name and type must be those of the same attachment. */
bool match_attachment(const struct condition *condition, const struct facts *facts)
{
    for (size_t i = 0; i < facts->nattachments; i++) {
        const struct attachment_fact *attachment = &facts->attachments[i];
        if ((condition->test == TEXT_PRESENT || match_any_text(condition, attachment->name)) &&
            has_type(condition, attachment->type))
            return true;
    }
    return false;
}
