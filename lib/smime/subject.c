/* subject - addresses and names, as RFC 5280 and RFC 8398 have them. */
#include "smime/subject.h"

#include "base/addr.h"
#include "base/text.h"
#include "smime/cert_names.h"

#include <string.h>

int subject_check(const char *addr, const char *name, struct err *err)
{
    char exact[ADDR_MAX + 1];
    if (addr_exact(span_of(addr), exact, err) < 0 || !cert_names_is_mailbox(span_of(addr)) ||
        strcmp(exact, addr) != 0) {
        err_clear(err);
        return err_set(err, ERR_USAGE, "%s: not a mail address as a certificate holds it", addr);
    }
    if (name != NULL && (*name == '\0' || !text_is_utf8(span_of(name))))
        return err_set(err, ERR_USAGE, "name in a certificate: UTF-8, not empty");
    if (!text_is_ascii(span_of(addr_domain(exact))))
        return err_set(err, ERR_UNSUPPORTED, "%s: write the domain in ASCII (xn--)", addr);
    return 0;
}

struct span subject_cut(const char *name)
{
    size_t chars = 0, n = 0;
    for (; name[n] != '\0'; n++)
        if (((unsigned char)name[n] & 0xc0) != 0x80 && ++chars > SUBJECT_CHARS_MAX)
            break;
    return (struct span){name, n};
}

int subject_set(X509_NAME *name, const char *field, struct span text)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text.ptr,
                                      (int)text.len, -1, 0) == 1;
}

static int make_string(GENERAL_NAME *name, const char *addr)
{
    if (text_is_ascii(span_of(addr))) {
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        if (text == NULL)
            return 0;
        GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
        return ASN1_STRING_set(text, addr, -1);
    }
    ASN1_TYPE *value = ASN1_TYPE_new();
    if (value == NULL ||
        GENERAL_NAME_set0_othername(name, OBJ_nid2obj(NID_id_on_SmtpUTF8Mailbox), value) != 1) {
        ASN1_TYPE_free(value);
        return 0;
    }
    ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
    ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text);
    return text != NULL && ASN1_STRING_set(text, addr, -1);
}

GENERAL_NAMES *subject_alt_names(const char *addr)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (names == NULL || name == NULL || sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        GENERAL_NAMES_free(names);
        return NULL;
    }
    if (make_string(name, addr))
        return names;
    GENERAL_NAMES_free(names);
    return NULL;
}
