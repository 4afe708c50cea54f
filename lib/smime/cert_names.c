/* cert_names - names in certificates. */
#include "smime/cert_names.h"

#include "base/addr.h"
#include "base/text.h"
#include "smime/ossl.h"

#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_OCTETS 1000

void cert_names_fini(struct cert_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct cert_names){0};
}

static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '<' || c == '>')
            return false;
    }
    return s.len > 0 && s.ptr[0] != '@'; /* a source route */
}

bool cert_names_is_mailbox(struct span s)
{
    char exact[ADDR_MAX + 1];
    struct err ignored = ERR_INIT;
    return is_plain(s) && text_is_utf8(s) && addr_exact(s, exact, &ignored) == 0;
}

static int add_mailbox(struct cert_names *names, struct span mailbox, struct err *err)
{
    if (!cert_names_is_mailbox(mailbox))
        return 0;
    if (names->n == CERT_EMAILS_MAX)
        return err_set(err, ERR_LIMIT, "certificate with more than %d addresses", CERT_EMAILS_MAX);
    names->list = xrealloc(names->list, (names->n + 1) * sizeof *names->list);
    names->list[names->n++] = xstrndup(mailbox.ptr, mailbox.len);
    return 0;
}

static struct span string_span(const ASN1_STRING *s)
{
    return (struct span){(const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static int add_general_name(struct cert_names *names, const GENERAL_NAME *name, struct err *err)
{
    if (name->type == GEN_EMAIL) {
        struct span text = string_span(name->d.rfc822Name);
        return text_is_ascii(text) ? add_mailbox(names, text, err) : 0;
    }
    if (name->type == GEN_OTHERNAME && OBJ_obj2nid(name->d.otherName->type_id) == NID_id_on_SmtpUTF8Mailbox) {
        const ASN1_TYPE *value = name->d.otherName->value;
        if (value != NULL && value->type == V_ASN1_UTF8STRING)
            return add_mailbox(names, string_span(value->value.utf8string), err);
    }
    return 0;
}

int cert_names_san(const X509 *x509, struct cert_names *out, struct err *err)
{
    ossl_begin();
    int found = 0; /* -1: absent, -2: twice */
    SEAL_CLEANUP(ossl_free_general_names)
    GENERAL_NAMES *san = X509_get_ext_d2i(x509, NID_subject_alt_name, &found, NULL);
    if (san == NULL)
        return found == -1 ? 0 : ossl_fail(err, ERR_SYNTAX, "certificate with a malformed subjectAltName");
    for (int i = 0; i < sk_GENERAL_NAME_num(san); i++)
        if (add_general_name(out, sk_GENERAL_NAME_value(san, i), err) < 0)
            return -1;
    return 0;
}

int cert_names_dn(const X509 *x509, struct cert_names *out, struct err *err)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    int i = -1;
    while ((i = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, i)) >= 0) {
        struct span text = string_span(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
        if (text_is_ascii(text) && add_mailbox(out, text, err) < 0)
            return -1;
    }
    return 0;
}

char *cert_names_line(const X509_NAME *name)
{
    const unsigned long form = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_2253 |
                               ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
                               ASN1_STRFLGS_DUMP_DER;
    SEAL_CLEANUP(buf_fini) struct buf clean = BUF_INIT(2 * CERT_DER_MAX);
    SEAL_CLEANUP(ossl_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, form) < 0) {
        ossl_begin();
        return xstrdup("?");
    }
    long len = BIO_get_mem_data(bio, &text);
    text_clean(span_sub((struct span){text, (size_t)len}, 0, LINE_MAX_OCTETS), &clean);
    return xstrdup(buf_str(&clean));
}
