/* status - what the user is told: a tag in front of the Subject, and two header fields for programs. */
#include "xform/internal.h"

#include "mime/compose.h"

#include <string.h>

/* The sender's text is cut, not the tag (R3). */
#define SUBJECT_KEEP 1000

static size_t utf8_cut(const char *text, size_t max)
{
    size_t n = strlen(text);
    if (n <= max)
        return n;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

int xform_tag(const struct xform_in *in, struct draft *draft, const char *text, struct err *err)
{
    (void)in;
    const char *subject = draft_subject(draft);
    const char *tagged = arena_printf(draft->arena, "%s%s%.*s", text, *subject == '\0' ? "" : " ",
                                      (int)utf8_cut(subject, SUBJECT_KEEP), subject);
    return draft_set_subject(draft, tagged, err);
}

/* RFC 7281 3.1: the result's name in Authentication-Results. */
static const char *result_name(enum signature signature)
{
    switch (signature) {
    case SIGNATURE_NONE:
        return "none";
    case SIGNATURE_GOOD:
        return "pass";
    case SIGNATURE_WEAK:
    case SIGNATURE_UNTRUSTED:
        return "policy";
    case SIGNATURE_BAD:
    case SIGNATURE_PARTIAL:
    case SIGNATURE_MISMATCH:
        return "fail";
    case SIGNATURE_UNSUPPORTED:
        return "neutral";
    }
    return "permerror";
}

static int put_results(const struct xform_in *in, struct draft *draft, const struct view *view,
                       struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(8192);
    bool pgp = view->signed_by == METHOD_OPENPGP;
    buf_printf(&value, "%s; %s=%s", in->settings->authserv_id, pgp ? "x-openpgp" : "smime",
               result_name(view->signature));
    if (view->signature_why != NULL && view->signature != SIGNATURE_GOOD && view->signature != SIGNATURE_NONE)
        buf_printf(&value, " reason=%s", compose_quoted(draft->arena, view->signature_why));
    if (view->signer != NULL)
        buf_printf(&value, " body.%s-identifier=%s", pgp ? "x-openpgp" : "smime",
                   compose_quoted(draft->arena, view->signer));
    if (pgp && view->signer_fp != NULL)
        buf_printf(&value, " body.x-openpgp-fingerprint=%s", view->signer_fp);
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(16384);
    if (buf_check(&value, err) < 0 ||
        compose_structured(&line, "Authentication-Results", buf_str(&value), err) < 0)
        return -1;
    draft_put_top(draft, (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len});
    return 0;
}

/* What proves that the opened text is what was sent (R16). */
static const char *authenticated_by(const struct view *view)
{
    if (view->decryption == DECRYPTION_UNAUTHENTICATED)
        return "none";
    return view->signature == SIGNATURE_GOOD ? "signature" : "cipher";
}

static int put_status(const struct xform_in *in, struct draft *draft, const struct view *view,
                      struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(8192);
    buf_printf(&value, "encryption=%s;", decryption_name(view->decryption));
    if (view->opened >= 0)
        buf_printf(&value, " auth=%s;%s%s", authenticated_by(view), view->weak_cipher ? " cipher=weak;" : "",
                   in->facts->encrypted_in_text ? " form=inline;" : "");
    buf_printf(&value, " signature=%s", signature_name(view->signature));
    if (view->subject != NULL)
        buf_printf(&value, "; subject=%s", view_is_authentic(view) ? "protected" : "unauthenticated");
    if (view->signer != NULL)
        buf_printf(&value, "; signer=%s", compose_quoted(draft->arena, view->signer));
    if (view->signer_fp != NULL)
        buf_printf(&value, "; fingerprint=%s", view->signer_fp);
    const char *why = view->signature != SIGNATURE_GOOD && view->signature_why != NULL ? view->signature_why
                                                                                       : view->decryption_why;
    if (why != NULL)
        buf_printf(&value, "; reason=%s", compose_quoted(draft->arena, why));
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(16384);
    if (buf_check(&value, err) < 0 ||
        compose_structured(&line, "X-Sealmilter-Status", buf_str(&value), err) < 0)
        return -1;
    draft_put_top(draft, (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len});
    return 0;
}

int xform_status(const struct xform_in *in, struct draft *draft, const struct op *op, struct err *err)
{
    const struct view *view = &in->facts->views[op->view];
    if (view->signature != SIGNATURE_NONE && put_results(in, draft, view, err) < 0)
        return -1;
    return put_status(in, draft, view, err);
}
