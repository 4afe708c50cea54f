/* chain - path validation. */
#include "smime/chain.h"

#include "base/text.h"
#include "smime/cert_names.h"
#include "smime/cert_x509.h"
#include "smime/ossl.h"
#include "smime/revocation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_LEVEL 1 /* OpenSSL's: no MD5, no SHA-1, no RSA under 1024 bits */

struct anchors {
    X509_STORE *store;   /* the trusted ones */
    struct cert **certs; /* trusted ones, then the others */
    size_t ntrusted;
    size_t n;
    struct revocation revocation;
};

static void keep_certs(struct anchors *anchors, struct cert *const *certs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        anchors->certs[anchors->n++] = cert_ref(certs[i]);
}

int anchors_new(struct cert *const *trusted, size_t ntrusted, struct cert *const *others, size_t nothers,
                struct anchors **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    SEAL_CLEANUP(anchors_free) struct anchors *a = xcalloc(1, sizeof *a);
    a->certs = xcalloc(ntrusted + nothers + 1, sizeof(struct cert *));
    a->ntrusted = ntrusted;
    keep_certs(a, trusted, ntrusted);
    keep_certs(a, others, nothers);
    a->store = X509_STORE_new();
    if (a->store == NULL)
        return ossl_fail(err, ERR_IO, "no memory for trust anchors");
    for (size_t i = 0; i < ntrusted; i++)
        if (X509_STORE_add_cert(a->store, cert_x509(trusted[i])) != 1)
            return ossl_fail(err, ERR_CRYPTO, "trust anchor %s", cert_info(trusted[i])->fingerprint);
    *out = a;
    a = NULL;
    return 0;
}

void anchors_free(struct anchors **anchors)
{
    struct anchors *a = *anchors;
    *anchors = NULL;
    if (a == NULL)
        return;
    X509_STORE_free(a->store);
    revocation_fini(&a->revocation);
    for (size_t i = 0; i < a->n; i++)
        cert_free(&a->certs[i]);
    free(a->certs);
    free(a);
}

void anchors_set_revocation(struct anchors *anchors, enum revocation_mode mode, struct crl **crls, size_t n,
                            struct cert *own)
{
    anchors->revocation =
        (struct revocation){.mode = mode, .crls = crls, .n = n, .own = own == NULL ? NULL : cert_ref(own)};
}

static void drop_path(struct chain_result *result)
{
    for (size_t i = 0; i < result->npath; i++)
        cert_free(&result->path[i]);
    result->npath = 0;
}

void chain_result_fini(struct chain_result *result)
{
    drop_path(result);
    memset(result, 0, sizeof *result);
}

/* The end may have been cut inside a character. */
static void clean_text(const char *text, char *out, size_t size)
{
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(size);
    text_clean(span_of(text), &clean);
    snprintf(out, size, "%s", buf_str(&clean));
}

static void say_no(struct chain_result *out, enum chain_answer answer, const char *fmt, ...)
    SEAL_PRINTF(3, 4);
static void say_no(struct chain_result *out, enum chain_answer answer, const char *fmt, ...)
{
    char text[sizeof out->why];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    clean_text(text, out->why, sizeof out->why);
    out->answer = answer;
    drop_path(out);
}

/* ---- building and checking the path by OpenSSL ---- */

/* Known intermediates stand before those of the message, so that a look-alike there displaces none. */
static STACK_OF(X509) * candidates(const struct anchors *anchors, struct cert *const *extra, size_t nextra)
{
    size_t nothers = anchors->n - anchors->ntrusted;
    if (nextra > CHAIN_EXTRA_MAX)
        nextra = CHAIN_EXTRA_MAX;
    STACK_OF(X509) *list = sk_X509_new_reserve(NULL, (int)(nothers + nextra));
    for (size_t i = 0; list != NULL && i < nothers; i++)
        sk_X509_push(list, cert_x509(anchors->certs[anchors->ntrusted + i]));
    for (size_t i = 0; list != NULL && i < nextra; i++)
        if ((cert_info(extra[i])->usage & CERT_CA) != 0)
            sk_X509_push(list, cert_x509(extra[i]));
    return list;
}

/* Forgives the form that is not asked for by RFC 5280's section 6 (see chain.h). */
static int on_error(int ok, X509_STORE_CTX *ctx)
{
    bool at_anchor = X509_STORE_CTX_get_error_depth(ctx) == sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
    switch (X509_STORE_CTX_get_error(ctx)) {
    case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER:
    case X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER:
        return 1;
    case X509_V_ERR_CA_BCONS_NOT_CRITICAL:
    case X509_V_ERR_CA_CERT_MISSING_KEY_USAGE:
        return at_anchor;
    default:
        return ok;
    }
}

static int configure(X509_STORE_CTX *ctx, int64_t when)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_STORE_CTX_set_verify_cb(ctx, on_error);
    X509_VERIFY_PARAM_set_time(param, when);
    X509_VERIFY_PARAM_set_depth(param, CHAIN_PATH_MAX - 2); /* intermediates */
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
                                                  X509_V_FLAG_TRUSTED_FIRST) == 1;
}

static enum chain_answer kind_of_error(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return CHAIN_EXPIRED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return CHAIN_UNTRUSTED;
    default:
        return CHAIN_INVALID;
    }
}

static bool is_our_failure(int error)
{
    return error == X509_V_OK || error == X509_V_ERR_OUT_OF_MEM || error == X509_V_ERR_UNSPECIFIED ||
           error == X509_V_ERR_INVALID_CALL || error == X509_V_ERR_STORE_LOOKUP;
}

static int note_error(X509_STORE_CTX *ctx, struct chain_result *out, struct err *err)
{
    int error = X509_STORE_CTX_get_error(ctx);
    if (is_our_failure(error))
        return ossl_fail(err, ERR_CRYPTO, "certificate path: %s", X509_verify_cert_error_string(error));
    ossl_begin();
    X509 *at = X509_STORE_CTX_get_current_cert(ctx);
    SEAL_CLEANUP(mem_free) char *name = at == NULL ? NULL : cert_names_line(X509_get_subject_name(at));
    say_no(out, kind_of_error(error), "%s%s%s", X509_verify_cert_error_string(error),
           name == NULL ? "" : ": ", name == NULL ? "" : name);
    return 0;
}

/* ---- what OpenSSL does not check ---- */

static struct cert *find_cert(struct cert *const *certs, size_t n, const X509 *x509)
{
    for (size_t i = 0; i < n; i++)
        if (cert_x509(certs[i]) == x509)
            return certs[i];
    return NULL;
}

/* OpenSSL's path consists of the objects that it was given. */
static int take_path(const struct anchors *anchors, struct cert *leaf, struct cert *const *extra,
                     size_t nextra, X509_STORE_CTX *ctx, struct chain_result *out, struct err *err)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *x509 = sk_X509_value(chain, i);
        struct cert *cert = find_cert(&leaf, 1, x509);
        if (cert == NULL)
            cert = find_cert(anchors->certs, anchors->n, x509);
        if (cert == NULL)
            cert = find_cert(extra, nextra, x509);
        if (cert == NULL || out->npath == CHAIN_PATH_MAX)
            return err_set(err, ERR_BUG, "certificate path: a certificate that nobody gave");
        out->path[out->npath++] = cert_ref(cert);
    }
    return 0;
}

static bool allows_mail(const struct cert *cert)
{
    return (X509_get_extended_key_usage(cert_x509(cert)) & (XKU_SMIME | XKU_ANYEKU)) !=
           0; /* absent: all ones */
}

static void check_one(const struct cert *cert, unsigned min_rsa_bits, struct chain_result *out)
{
    const struct cert_info *info = cert_info(cert);
    if (!info->supported)
        say_no(out, CHAIN_INVALID, "key of an unsupported type or size: %s", info->subject);
    else if (info->key_type == KEY_RSA && info->key_bits < min_rsa_bits)
        say_no(out, CHAIN_INVALID, "RSA key of %u bits: %s", info->key_bits, info->subject);
    else if (!allows_mail(cert))
        say_no(out, CHAIN_INVALID, "not for e-mail: %s", info->subject);
}

static void check_path(enum chain_purpose purpose, unsigned min_rsa_bits, struct chain_result *out)
{
    unsigned needed = purpose == CHAIN_SIGN ? CERT_SIGN : CERT_ENCRYPT;
    for (size_t i = 0; i < out->npath; i++)
        check_one(out->path[i], min_rsa_bits, out);
    if (out->answer == CHAIN_OK && (cert_info(out->path[0])->usage & needed) == 0)
        say_no(out, CHAIN_INVALID, "certificate is not for %s",
               purpose == CHAIN_SIGN ? "signing" : "encryption");
}

/* ---- revocation ---- */

/* What became of the answer; false: it is no. */
static bool take_finding(const struct revocation *revocation, const struct revocation_finding *finding,
                         struct chain_result *out)
{
    switch (finding->answer) {
    case REVOCATION_NO:
        if (finding->until != 0 && (out->until == 0 || finding->until < out->until))
            out->until = finding->until;
        return true;
    case REVOCATION_YES:
        say_no(out, CHAIN_REVOKED, "%s", finding->why);
        return false;
    case REVOCATION_UNKNOWN:
        break;
    }
    if (revocation->mode == REVOCATION_HARD) {
        say_no(out, CHAIN_UNCHECKED, "%s", finding->why);
        return false;
    }
    if (revocation->n > 0 && out->note[0] == '\0')
        clean_text(finding->why, out->note, sizeof out->note);
    return true;
}

static void check_revocation(const struct revocation *revocation, int64_t now, struct chain_result *out)
{
    struct revocation_finding finding;
    for (size_t i = 0; i + 1 < out->npath; i++) {
        revocation_check(revocation, out->path[i], out->path[i + 1], now, &finding);
        if (!take_finding(revocation, &finding, out))
            return;
    }
}

bool chain_is_revoked(const struct anchors *anchors, const struct cert *cert, struct chain_result *out)
{
    struct revocation_finding finding;
    if (anchors->revocation.mode == REVOCATION_OFF || !revocation_named(&anchors->revocation, cert, &finding))
        return false;
    say_no(out, CHAIN_REVOKED, "%s", finding.why);
    return true;
}

int chain_check(const struct anchors *anchors, struct cert *leaf, struct cert *const *extra, size_t nextra,
                const struct chain_terms *terms, struct chain_result *out, struct err *err)
{
    ossl_begin();
    memset(out, 0, sizeof *out);
    SEAL_CLEANUP(ossl_free_x509_list) STACK_OF(X509) *untrusted = candidates(anchors, extra, nextra);
    SEAL_CLEANUP(ossl_free_x509_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (untrusted == NULL || ctx == NULL ||
        X509_STORE_CTX_init(ctx, anchors->store, cert_x509(leaf), untrusted) != 1 ||
        !configure(ctx, terms->when))
        return ossl_fail(err, ERR_IO, "no memory for a certificate path");
    if (X509_verify_cert(ctx) != 1)
        return note_error(ctx, out, err);
    ossl_begin();
    if (take_path(anchors, leaf, extra, nextra, ctx, out, err) < 0) {
        chain_result_fini(out);
        return -1;
    }
    check_path(terms->purpose, terms->min_rsa_bits, out);
    check_revocation(&anchors->revocation, terms->now, out);
    return 0;
}
