/*
 * gather_content - what header and parts say of a message: attachments, what sort of message it is, priority, sensitivity.
 *
 * Only what can be seen without a key, and without taking an opaque signature apart.
 *
 * source  RFC 2156 5.3.4, 5.3.6 (Sensitivity, Importance, Priority), RFC 3834 (Auto-Submitted), RFC 2919, RFC 2369 (lists), RFC 5545 8.1
 *         (calendar), RFC 3462 (reports)
 */
#include "gate/internal.h"

#include <string.h>
#include <strings.h>

/* ---- header fields ---- */

/* The n-th value of this name; NULL when there are fewer. */
static const char *value_of(const struct facts *facts, const char *name, size_t nth)
{
    for (size_t i = 0; i < facts->nheaders; i++)
        if (strcasecmp(facts->headers[i].name, name) == 0 && nth-- == 0)
            return facts->headers[i].value;
    return NULL;
}

/* The first word: "auto-replied; owner-email=..", "1 (Highest)". */
static struct span first_word(const char *value)
{
    return span_sub(span_of(value), 0, strcspn(value, " \t;("));
}

struct meaning {
    const char *word;
    unsigned value;
};

/* What the first field of this name that says something known says. */
static bool field_means(const struct facts *facts, const char *name, const struct meaning *meanings, size_t n,
                        unsigned *value_out)
{
    const char *value;
    for (size_t i = 0; (value = value_of(facts, name, i)) != NULL; i++) {
        for (size_t k = 0; k < n; k++) {
            if (!span_is_nocase(first_word(value), meanings[k].word))
                continue;
            *value_out = meanings[k].value;
            return true;
        }
    }
    return false;
}

static enum priority priority_of(const struct facts *facts)
{
    static const struct meaning importance[] = {
        {"high", PRIORITY_HIGH}, {"normal", PRIORITY_NORMAL}, {"low", PRIORITY_LOW}};
    static const struct meaning x_priority[] = {{"1", PRIORITY_HIGH},
                                                {"2", PRIORITY_HIGH},
                                                {"3", PRIORITY_NORMAL},
                                                {"4", PRIORITY_LOW},
                                                {"5", PRIORITY_LOW}};
    static const struct meaning priority[] = {
        {"urgent", PRIORITY_HIGH}, {"normal", PRIORITY_NORMAL}, {"non-urgent", PRIORITY_LOW}};
    unsigned value = PRIORITY_NORMAL;
    if (!field_means(facts, "Importance", importance, SEAL_COUNT(importance), &value) &&
        !field_means(facts, "X-Priority", x_priority, SEAL_COUNT(x_priority), &value))
        field_means(facts, "Priority", priority, SEAL_COUNT(priority), &value);
    return (enum priority)value;
}

static enum sensitivity sensitivity_of(const struct facts *facts)
{
    static const struct meaning sensitivity[] = {{"personal", SENSITIVITY_PERSONAL},
                                                 {"private", SENSITIVITY_PRIVATE},
                                                 {"company-confidential", SENSITIVITY_CONFIDENTIAL}};
    unsigned value = SENSITIVITY_NORMAL;
    field_means(facts, "Sensitivity", sensitivity, SEAL_COUNT(sensitivity), &value);
    return (enum sensitivity)value;
}

static bool has_precedence(const struct facts *facts, const char *word)
{
    const struct meaning meaning = {word, 1};
    unsigned ignored;
    return field_means(facts, "Precedence", &meaning, 1, &ignored);
}

static bool is_list(const struct facts *facts)
{
    return value_of(facts, "List-Id", 0) != NULL || value_of(facts, "List-Post", 0) != NULL ||
           has_precedence(facts, "list");
}

static bool is_automatic(const struct facts *facts)
{
    const char *value;
    for (size_t i = 0; (value = value_of(facts, "Auto-Submitted", i)) != NULL; i++)
        if (!span_is_nocase(first_word(value), "no"))
            return true;
    return *facts->sender == '\0' || has_precedence(facts, "bulk") || has_precedence(facts, "junk");
}

/* ---- parts ---- */

/* Names under which a reader may save a part; two readers may take two different ones. */
struct file_names {
    const char **items;
    size_t n, cap;
    bool attached; /* to be saved, by Content-Disposition */
};

static void add_name(struct work *work, struct file_names *names, const char *name)
{
    if (*name == '\0')
        return;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return;
    names->items = arena_grow(work->arena, names->items, names->n, &names->cap, sizeof *names->items);
    names->items[names->n++] = name;
}

static void add_params(struct work *work, struct file_names *names, const struct parameter *params, size_t n,
                       const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(params[i].name, name) == 0)
            add_name(work, names, params[i].value);
}

static void read_names(struct work *work, const struct part *part, struct file_names *names)
{
    const struct field *field;
    for (size_t i = 0; (field = header_find(&part->header, "Content-Disposition", i)) != NULL; i++) {
        struct content_disposition disposition;
        content_disposition_parse(work->arena, field->value, &disposition);
        names->attached = names->attached || strcmp(disposition.type, "attachment") == 0;
        add_params(work, names, disposition.params, disposition.nparams, "filename");
    }
    add_params(work, names, part->type.params, part->type.nparams, "name");
}

static void add_attachment(struct work *work, const char *name, const char *type, size_t *cap)
{
    struct facts *facts = work->facts;
    facts->attachments =
        arena_grow(work->arena, facts->attachments, facts->nattachments, cap, sizeof *facts->attachments);
    facts->attachments[facts->nattachments++] = (struct attachment_fact){.name = name, .type = type};
}

static bool is_calendar(const struct part *part)
{
    return part_is(part, "text", "calendar");
}

static bool is_tnef(const struct part *part, const struct file_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcasecmp(names->items[i], "winmail.dat") == 0)
            return true;
    return part_is(part, "application", "ms-tnef") || part_is(part, "application", "vnd.ms-tnef");
}

/* What the structure takes for the ciphertext or signature around the message is nobody's attachment. */
static bool is_wrapping(const struct work *work, size_t i)
{
    const struct part *root = &work->table.parts[0], *part = &work->table.parts[i];
    bool signed_by = work->facts->signed_by != METHOD_NONE,
         encrypted_by = work->facts->encrypted_by != METHOD_NONE;
    if (i == 0)
        return signed_by || encrypted_by;
    if (part->parent != 0)
        return false;
    if (part_is(root, "multipart", "encrypted"))
        return encrypted_by;
    if (!part_is(root, "multipart", "signed") || !signed_by)
        return false;
    return i == part_child(&work->table, 0, 1) || (encrypted_by && i == part_child(&work->table, 0, 0));
}

static void gather_part(struct work *work, size_t i, size_t *cap)
{
    const struct part *part = &work->table.parts[i];
    struct file_names names = {.n = 0};
    if (part_is(part, "multipart", "*"))
        return;
    read_names(work, part, &names);
    if (is_calendar(part))
        work->facts->traits |= 1u << TRAIT_CALENDAR;
    if (is_tnef(part, &names))
        work->facts->traits |= 1u << TRAIT_TNEF;
    if (part_is(part, "application", "pgp-keys") && !pgp_is_off(work))
        work->facts->brings_keys = true;
    if (is_wrapping(work, i))
        return;
    const char *type = arena_printf(work->arena, "%s/%s", part->type.type, part->type.subtype);
    for (size_t k = 0; k < names.n; k++)
        add_attachment(work, names.items[k], type, cap);
    if (names.n == 0 && names.attached)
        add_attachment(work, "", type, cap);
}

void gather_content(struct work *work)
{
    struct facts *facts = work->facts;
    size_t cap = 0;
    for (size_t i = 0; i < work->table.n; i++)
        gather_part(work, i, &cap);
    if (is_list(facts))
        facts->traits |= 1u << TRAIT_LIST;
    if (is_automatic(facts))
        facts->traits |= 1u << TRAIT_AUTOMATIC;
    if (part_is(&work->table.parts[0], "multipart", "report"))
        facts->traits |= 1u << TRAIT_REPORT;
    if (value_of(facts, "Autocrypt", 0) != NULL && !pgp_is_off(work))
        facts->brings_keys = true;
    facts->priority = priority_of(facts);
    facts->sensitivity = sensitivity_of(facts);
}
