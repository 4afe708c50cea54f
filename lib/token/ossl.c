/* ossl - OpenSSL's error queue as a struct err. */
#include "token/ossl.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

void ossl_begin(void)
{
    ERR_clear_error();
}

int ossl_fail(struct err *err, enum err_code code, const char *fmt, ...)
{
    char what[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    unsigned long first = ERR_peek_error(); /* the cause; what follows are its consequences */
    ERR_clear_error();
    if (ERR_GET_REASON(first) == ERR_R_MALLOC_FAILURE)
        code = ERR_IO;
    const char *reason = ERR_reason_error_string(first);
    return reason == NULL ? err_set(err, code, "%s", what) : err_set(err, code, "%s: %s", what, reason);
}
