/* cert_print - a certificate for people. */
#include "base/text.h"
#include "smime/cert.h"

#include <time.h>

static void print_text(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s: ", name);
    text_clean(span_of(value), out);
    buf_add_char(out, '\n');
}

static void print_time(struct buf *out, const char *name, int64_t when)
{
    char text[40] = "?";
    struct tm tm;
    time_t t = when;
    if (gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
    print_text(out, name, text);
}

static void print_key(struct buf *out, const struct cert_info *info)
{
    static const char *const names[] = {
        [KEY_RSA] = "RSA", [KEY_EC_P256] = "P-256", [KEY_EC_P384] = "P-384", [KEY_EC_P521] = "P-521"};
    if (!info->supported)
        buf_printf(out, "key: not supported (%u bits)\n", info->key_bits);
    else if (info->key_type == KEY_RSA)
        buf_printf(out, "key: RSA %u\n", info->key_bits);
    else
        buf_printf(out, "key: %s\n", names[info->key_type]);
}

static void print_usage(struct buf *out, unsigned usage)
{
    buf_add_str(out, "use:");
    buf_add_str(out, (usage & CERT_SIGN) != 0 ? " sign" : "");
    buf_add_str(out, (usage & CERT_ENCRYPT) != 0 ? " encrypt" : "");
    buf_add_str(out, (usage & CERT_CA) != 0 ? " ca" : "");
    buf_add_str(out, usage == 0 ? " none\n" : "\n");
}

void cert_print(const struct cert *cert, struct buf *out)
{
    const struct cert_info *info = cert_info(cert);
    print_text(out, "fingerprint", info->fingerprint);
    print_text(out, "subject", info->subject);
    print_text(out, "issuer", info->self_signed ? "itself" : info->issuer);
    print_text(out, "serial", info->serial);
    for (size_t i = 0; i < info->nemails; i++)
        print_text(out, "address", info->emails[i]);
    print_time(out, "valid from", info->not_before);
    print_time(out, "valid until", info->not_after);
    print_key(out, info);
    print_usage(out, info->usage);
    if (info->weak_signature)
        buf_add_str(out, "warning: signed with MD5 or SHA-1\n");
}
