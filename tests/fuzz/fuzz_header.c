/* fuzz_header - any octets as a header: fields in a row, values decoded, addresses without a guess; what is composed is read back. */
#include "mime/compose.h"
#include "mime/date.h"
#include "mime/leaf.h"
#include "mime/part.h"

#include "base/addr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_limits limits = {
    .header_max = 1u << 20, .fields_max = 500, .parts_max = 1, .depth_max = 1};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_addresses(struct arena *arena, struct span value)
{
    struct err err = ERR_INIT;
    struct mailbox_list list;
    must(header_addresses(arena, value, &list, &err) == 0 && (list.trouble == NULL || list.n == 0));
    for (size_t i = 0; i < list.n; i++) {
        char addr[ADDR_MAX + 1];
        must(addr_canonical(span_of(list.boxes[i].exact), addr, &err) == 0);
        must(strcmp(addr, list.boxes[i].addr) == 0 && leaf_is_utf8(span_of(list.boxes[i].name)));
    }
}

static void check_composed(struct arena *arena, const char *text)
{
    struct err err = ERR_INIT;
    struct header header;
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(1u << 20);
    must(compose_unstructured(&line, "Subject", text, &err) == 0);
    must(header_parse(arena, buf_span(&line), &limits, &header, &err) == 0);
    must(header.trouble == NULL && header.n == 1 && header.fields[0].raw.len == line.len);
    must(strcmp(header_decode(arena, header.fields[0].value), text) == 0);
    must(compose_structured(&line, "X-Test", compose_quoted(arena, text), &err) == 0);
}

static void check_value(struct arena *arena, struct span value)
{
    struct err err = ERR_INIT;
    struct content_type type;
    char *text = header_decode(arena, value);
    must(text[0] == '\0' || leaf_is_utf8(span_of(text)));
    check_composed(arena, text);
    check_addresses(arena, value);
    if (content_type_parse(arena, value, &type, &err) == 0)
        for (size_t i = 0; i < type.nparams; i++)
            must(type.params[i].value[0] == '\0' || leaf_is_utf8(span_of(type.params[i].value)));
    must(date_parse(value) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct err err = ERR_INIT;
    struct header header;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    if (size > 50000 || header_parse(arena, text, &limits, &header, &err) < 0)
        return 0;
    const char *at = text.ptr;
    for (size_t i = 0; i < header.n; i++) {
        const struct field *field = &header.fields[i];
        must(field->raw.ptr == at);
        must(header.trouble != NULL || memchr(field->raw.ptr, '\0', field->raw.len) == NULL);
        at += field->raw.len;
        check_value(arena, field->value);
    }
    must(header.size <= size && at <= text.ptr + header.size);
    return 0;
}
