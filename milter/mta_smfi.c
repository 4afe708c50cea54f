/* mta_smfi - libmilter's functions take char *, and change nothing. */
#include "milter/mta_smfi.h"

#include "base/buf.h"

#include <limits.h>

#define TEXT_MAX 980 /* octets of a reply's text that libmilter takes */

static int status(int result)
{
    return result == MI_SUCCESS ? 0 : -1;
}

static int replace_body(void *ctx, const void *p, size_t n)
{
    return n > INT_MAX ? -1 : status(smfi_replacebody(ctx, (unsigned char *)p, (int)n));
}

static int change_header(void *ctx, const char *name, int index, const char *value)
{
    return status(smfi_chgheader(ctx, (char *)name, index, (char *)value));
}

static int insert_header(void *ctx, int index, const char *name, const char *value)
{
    return status(smfi_insheader(ctx, index, (char *)name, (char *)value));
}

static int add_header(void *ctx, const char *name, const char *value)
{
    return status(smfi_addheader(ctx, (char *)name, (char *)value));
}

static int delete_rcpt(void *ctx, const char *given)
{
    return status(smfi_delrcpt(ctx, (char *)given));
}

static int change_from(void *ctx, const char *given, const char *esmtp_args)
{
    return status(smfi_chgfrom(ctx, (char *)given, (char *)esmtp_args));
}

static int quarantine(void *ctx, const char *reason)
{
    return status(smfi_quarantine(ctx, (char *)reason));
}

static int progress(void *ctx)
{
    return status(smfi_progress(ctx));
}

/* The text is a format to the MTAs: a percent sign must be said twice. */
static int set_reply(void *ctx, const char *code, const char *enhanced, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(TEXT_MAX);
    for (; *text != '\0' && line.len < TEXT_MAX - 2; text++) {
        if (*text == '%')
            buf_add_char(&line, '%');
        buf_add_char(&line, *text);
    }
    return status(smfi_setreply(ctx, (char *)code, (char *)enhanced, (char *)buf_str(&line)));
}

struct mta mta_smfi(SMFICTX *ctx)
{
    return (struct mta){
        .arg = ctx,
        .replace_body = replace_body,
        .change_header = change_header,
        .insert_header = insert_header,
        .add_header = add_header,
        .delete_rcpt = delete_rcpt,
        .change_from = change_from,
        .quarantine = quarantine,
        .progress = progress,
        .set_reply = set_reply,
    };
}
