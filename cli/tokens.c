/* tokens - one connection, made as who called. */
#include "cli/tokens.h"

#include "token/pkcs11_uri.h"
#include "token/remote.h"

#include <string.h>

#define TIMEOUT_MS 120000 /* a token may take that long to make an RSA key */
#define STATUS_MAX 4096

int tokens_check(const char *uri, struct err *err)
{
    struct pkcs11_uri parsed;
    if (pkcs11_uri_parse(uri, &parsed, err) == 0)
        return 0;
    char why[sizeof err->msg];
    memcpy(why, err->msg, sizeof why);
    err_clear(err);
    return err_set(err, ERR_USAGE, "--token: %s", why);
}

/* The connection is kept by the holder, and with it who we were when it was made. */
int tokens_connect(struct cli *cli, struct holder **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(STATUS_MAX);
    if (remote_new(cli->settings->keys.socket, TIMEOUT_MS, out, err) < 0)
        return -1;
    if (remote_status(*out, &said, err) == 0)
        return 0;
    holder_free(out);
    return err_wrap(err, "sealkeyd must run (systemctl start %s)",
                    strcmp(cli->settings->keys.process, "start") == 0 ? "sealmilter" : "sealkeyd");
}

int tokens_left(struct cli *cli, const char *uri)
{
    if (uri != NULL)
        buf_printf(&cli->out,
                   "warning: the token made the key, which the store has not taken: %s\n"
                   "next: destroy it with the token's own tool; or have it certified elsewhere, and then\n"
                   "      sealadm key import --token\n",
                   uri);
    return -1;
}
