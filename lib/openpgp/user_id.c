/* user_id - one address or none: what could be read in two ways holds none (R28). */
#include "openpgp/user_id.h"

#include "base/addr.h"
#include "base/text.h"

#include <string.h>

#define TEXT_MAX 8192

static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return text_is_utf8(s);
}

static bool holds(struct span s, const char *any)
{
    for (size_t i = 0; i < s.len; i++)
        if (strchr(any, s.ptr[i]) != NULL)
            return true;
    return false;
}

/* The part that is the address of `addr` or `name <addr>`; empty when a second one could be meant. */
static struct span address_part(struct span s)
{
    size_t open = span_find(s, "<", 1, 0);
    if (open == SIZE_MAX)
        return holds(s, " \t,;\"") ? span_sub(s, 0, 0) : s;
    struct span name = span_sub(s, 0, open), addr = span_sub(s, open + 1, s.len);
    if (addr.len == 0 || addr.ptr[addr.len - 1] != '>' || holds(name, "@<>"))
        return span_sub(s, 0, 0);
    addr = span_sub(addr, 0, addr.len - 1);
    return holds(addr, "<> \t,;\"") ? span_sub(s, 0, 0) : addr;
}

void user_id_read(struct arena *arena, struct span written, struct pgp_uid *out)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);
    char addr[ADDR_MAX + 1];
    struct err err = ERR_INIT;
    text_clean(written, &text);
    *out = (struct pgp_uid){.text = arena_strdup(arena, buf_str(&text)), .addr = ""};
    struct span part = is_plain(written) ? address_part(span_trim(written)) : span_sub(written, 0, 0);
    if (part.len > 0 && addr_canonical(part, addr, &err) == 0)
        out->addr = arena_strdup(arena, addr);
}
