/*
 * peer - what any milter costs: peer SOCKET PERCENT.
 *
 * The same callbacks, flags, steps and macros as milter/callbacks.c, and no work: with 0 nothing changes, else a body of that part of its
 * size is put in the place of the body. sealmilter's speed is told as a ratio to these, measured in the same run.
 */
#include <libmilter/mfapi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ACTIONS                                                                                              \
    (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE |      \
     SMFIF_CHGFROM)
#define STEPS                                                                                                \
    (SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |          \
     SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY | SMFIP_HDR_LEADSPC)

static unsigned long percent;

struct body {
    char *ptr;
    size_t len, cap;
};

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long f2,
                             unsigned long f3, unsigned long *actions_out, unsigned long *steps_out,
                             unsigned long *f2_out, unsigned long *f3_out)
{
    (void)steps, (void)f2, (void)f3;
    static char connect[] = "j v {daemon_name} {daemon_addr} {daemon_port} {if_addr}";
    static char mail[] = "i {auth_authen} {tls_version} {cert_subject} {verify}";
    static char end[] = "i {auth_authen}";
    smfi_setsymlist(ctx, SMFIM_CONNECT, connect);
    smfi_setsymlist(ctx, SMFIM_ENVFROM, mail);
    smfi_setsymlist(ctx, SMFIM_EOM, end);
    *actions_out = ACTIONS | (actions & SMFIF_SETSYMLIST);
    *steps_out = STEPS;
    *f2_out = 0;
    *f3_out = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *addr)
{
    (void)name, (void)addr;
    smfi_setpriv(ctx, calloc(1, sizeof(struct body)));
    return SMFIS_NOREPLY;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
    (void)ctx, (void)name;
    return SMFIS_NOREPLY;
}

static sfsistat on_path(SMFICTX *ctx, char **args)
{
    (void)ctx, (void)args;
    return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    (void)ctx, (void)name, (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
    struct body *body = smfi_getpriv(ctx);
    if (percent == 0 || body == NULL)
        return SMFIS_NOREPLY;
    if (body->len + n > body->cap) {
        body->cap = 2 * (body->len + n);
        body->ptr = realloc(body->ptr, body->cap);
    }
    memcpy(body->ptr + body->len, p, n);
    body->len += n;
    return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *ctx)
{
    struct body *body = smfi_getpriv(ctx);
    if (percent == 0 || body == NULL || body->len == 0)
        return SMFIS_CONTINUE;
    for (size_t off = 0, all = body->len * percent / 100; off < all;) {
        size_t left = all - off, at = off % body->len, there = body->len - at;
        size_t n = left < there ? left : there;
        if (n > MILTER_CHUNK_SIZE)
            n = MILTER_CHUNK_SIZE;
        if (smfi_replacebody(ctx, (unsigned char *)body->ptr + at, (int)n) != MI_SUCCESS)
            return SMFIS_TEMPFAIL;
        off += n;
    }
    body->len = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *ctx)
{
    struct body *body = smfi_getpriv(ctx);
    if (body != NULL)
        body->len = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    struct body *body = smfi_getpriv(ctx);
    if (body != NULL)
        free(body->ptr);
    free(body);
    smfi_setpriv(ctx, NULL);
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    static char name[] = "peer";
    const struct smfiDesc description = {.xxfi_name = name,
                                         .xxfi_version = SMFI_VERSION,
                                         .xxfi_flags = ACTIONS,
                                         .xxfi_connect = on_connect,
                                         .xxfi_helo = on_helo,
                                         .xxfi_envfrom = on_path,
                                         .xxfi_envrcpt = on_path,
                                         .xxfi_header = on_header,
                                         .xxfi_body = on_body,
                                         .xxfi_eom = on_end,
                                         .xxfi_abort = on_abort,
                                         .xxfi_close = on_close,
                                         .xxfi_negotiate = on_negotiate};
    if (argc != 3)
        return 2;
    percent = strtoul(argv[2], NULL, 10);
    umask(0);
    return smfi_setconn(argv[1]) == MI_SUCCESS && smfi_register(description) == MI_SUCCESS &&
                   smfi_opensocket(1) == MI_SUCCESS
               ? smfi_main()
               : 1;
}
