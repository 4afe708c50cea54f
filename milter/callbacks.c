/* callbacks - from libmilter to session and finish. */
#include "milter/callbacks.h"

#include "log/log.h"
#include "milter/finish.h"
#include "milter/mta_smfi.h"

/* libmilter hands no argument of ours to the first callback of a connection. */
static struct daemon *shared;

#define ACTIONS                                                                                              \
    (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE |      \
     SMFIF_CHGFROM)
/* Steps that are not sent, and steps that are not answered. libmilter answers for us where the MTA insists. */
#define STEPS                                                                                                \
    (SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |          \
     SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY | SMFIP_HDR_LEADSPC)

static const char *get_macro(void *ctx, const char *name)
{
    return smfi_getsymval(ctx, (char *)name);
}

static struct macros macros_of(SMFICTX *ctx)
{
    return (struct macros){.get = get_macro, .arg = ctx};
}

static void ask_for_macros(SMFICTX *ctx)
{
    static const struct {
        int stage;
        const char *names;
    } lists[] = {
        {SMFIM_CONNECT, "j v {daemon_name} {daemon_addr} {daemon_port} {if_addr}"},
        {SMFIM_ENVFROM, "i {auth_authen} {tls_version} {cert_subject} {verify}"},
        {SMFIM_EOM, "i {auth_authen}"},
    };
    for (size_t n = 0; n < SEAL_COUNT(lists); n++)
        (void)smfi_setsymlist(ctx, lists[n].stage, (char *)lists[n].names);
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long f2,
                             unsigned long f3, unsigned long *actions_out, unsigned long *steps_out,
                             unsigned long *f2_out, unsigned long *f3_out)
{
    (void)f2;
    (void)f3;
    if ((actions & ACTIONS) != ACTIONS || (steps & SMFIP_HDR_LEADSPC) == 0) {
        log_event(LEVEL_ERROR, NULL, "negotiate", "why",
                  "the MTA does not offer what is needed: Postfix 3.3 or Sendmail 8.14 at least", NULL);
        return SMFIS_REJECT;
    }
    if ((actions & SMFIF_SETSYMLIST) != 0)
        ask_for_macros(ctx);
    *actions_out = ACTIONS | (actions & SMFIF_SETSYMLIST);
    *steps_out = STEPS;
    *f2_out = 0;
    *f3_out = 0;
    return SMFIS_CONTINUE;
}

/* Made when it is first needed: an MTA may begin a new client on an old connection to us. */
static struct session *session_of(SMFICTX *ctx)
{
    struct session *session = smfi_getpriv(ctx);
    if (session == NULL) {
        daemon_begin_session(shared);
        session = session_new(&shared->session);
        smfi_setpriv(ctx, session);
    }
    return session;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *addr)
{
    const struct macros macros = macros_of(ctx);
    session_connect(session_of(ctx), name, (const struct sockaddr *)addr, &macros);
    return SMFIS_NOREPLY;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
    session_helo(session_of(ctx), name);
    return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **args)
{
    const struct macros macros = macros_of(ctx);
    session_mail(session_of(ctx), (const char *const *)args, &macros);
    return SMFIS_NOREPLY;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
    session_rcpt(session_of(ctx), (const char *const *)args);
    return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    session_header(session_of(ctx), name, value);
    return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
    session_body(session_of(ctx), p, n);
    return SMFIS_NOREPLY;
}

static sfsistat answer_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ACCEPT:
    case VERDICT_HOLD:
        return SMFIS_CONTINUE;
    case VERDICT_REJECT:
        return SMFIS_REJECT;
    case VERDICT_DISCARD:
        return SMFIS_DISCARD;
    case VERDICT_TEMPFAIL:
        break;
    }
    return SMFIS_TEMPFAIL;
}

static sfsistat on_end(SMFICTX *ctx)
{
    const struct macros macros = macros_of(ctx);
    const struct mta mta = mta_smfi(ctx);
    struct session *session = session_of(ctx);
    enum verdict verdict = finish_message(shared, session, &macros, &mta);
    session_reset(session);
    return answer_of(verdict);
}

static sfsistat on_abort(SMFICTX *ctx)
{
    session_reset(session_of(ctx));
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    struct session *session = smfi_getpriv(ctx);
    if (session != NULL) {
        session_free(&session);
        smfi_setpriv(ctx, NULL);
        daemon_end_session(shared);
    }
    return SMFIS_CONTINUE;
}

int callbacks_register(struct daemon *daemon)
{
    static char name[] = "sealmilter";
    const struct smfiDesc description = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = ACTIONS,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_header = on_header,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_negotiate = on_negotiate,
    };
    shared = daemon;
    return smfi_register(description) == MI_SUCCESS ? 0 : -1;
}
