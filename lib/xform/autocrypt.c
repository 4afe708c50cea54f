/*
 * autocrypt - the sender's OpenPGP key in a header field of its own, so that the recipient can answer encrypted.
 *
 * source  Autocrypt level 1, 2.1 (the Autocrypt header)
 */
#include "xform/internal.h"

#include "mime/compose.h"
#include "mime/transfer.h"

#define FIELD_MAX   (10u << 10) /* readers need not take more */
#define BASE64_LINE 78          /* as base64_encode() writes it, with its end */

/* Blanks in keydata mean nothing: one for each line, where the field can be folded. */
static int write_keydata(struct span key, struct buf *value, struct err *err)
{
    static const struct spool_conf conf = {.mem_max = FIELD_MAX, .size_max = FIELD_MAX};
    SEAL_CLEANUP(spool_free) struct spool *text = spool_new(&conf);
    if (base64_encode(key, text, err) < 0 || spool_seal(text, err) < 0)
        return -1;
    for (size_t at = 0; at < spool_size(text); at += BASE64_LINE) {
        buf_add_char(value, ' ');
        buf_add_span(value, span_trim(span_sub(spool_all(text), at, BASE64_LINE)));
    }
    return buf_check(value, err);
}

int xform_autocrypt(const struct xform_in *in, const struct op *op, struct draft *draft, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(FIELD_MAX);
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(FIELD_MAX);
    buf_printf(&value, "addr=%s;", in->facts->from);
    if (op->text != NULL)
        buf_printf(&value, " prefer-encrypt=%s;", op->text);
    buf_add_str(&value, " keydata=");
    if (write_keydata(in->keyring->entries[op->keys[0]].pgp, &value, err) < 0 ||
        compose_structured(&line, "Autocrypt", buf_str(&value), err) < 0 || buf_check(&line, err) < 0)
        return err_wrap(err, "Autocrypt field");
    draft_put_top(draft, (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len});
    return 0;
}
