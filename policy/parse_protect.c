/* parse_protect - protect headers, sign, encrypt, attach keys, generate key. */
#include "policy/parser.h"

#include <string.h>

#define FINGERPRINT_LENGTH 64 /* SHA-256 in hexadecimal */

static bool has_method(const struct step *step, enum method method)
{
    for (size_t i = 0; i < step->nmethods; i++)
        if (step->methods[i] == method)
            return true;
    return false;
}

static int read_method(struct parser *p, struct err *err)
{
    struct step *step = p->step;
    enum method method = parser_method(p, err);
    if (method == METHOD_NONE)
        return -1;
    if (has_method(step, method))
        return lex_error(&p->lex, p->at - 1, err, "found '%s' twice", method_name(method));
    step->methods[step->nmethods++] = method;
    return 0;
}

int parser_sign(struct parser *p, struct err *err)
{
    p->step->kind = STEP_SIGN;
    if (parser_take(p, "with") && read_method(p, err) < 0)
        return -1;
    if (parser_take(p, "opaque"))
        p->step->form = SIGN_OPAQUE;
    else if (!parser_take(p, "detached") && !token_ends(p->at) && !parser_next_is(p, "if") &&
             !parser_next_is(p, ","))
        return parser_expected(p, err, "with, opaque, detached, if possible, or the end of the line");
    return parser_otherwise(p, err);
}

static int read_cipher(struct parser *p, struct err *err)
{
    static const char *const ciphers[] = {"aes256-cbc", "aes256-gcm"};
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++) {
        if (parser_take(p, ciphers[i])) {
            p->step->cipher = ciphers[i];
            return 0;
        }
    }
    return parser_expected(p, err, "aes256-cbc or aes256-gcm");
}

/* As any program shows it: upper case and colons do not count. */
static const char *read_fingerprint(struct parser *p, struct err *err)
{
    char hex[FINGERPRINT_LENGTH + 2] = ""; /* room for one digit too many */
    size_t n = 0;
    for (const char *c = p->at->text; *c != '\0' && n <= FINGERPRINT_LENGTH; c++)
        if (*c != ':')
            hex[n++] = (char)(*c >= 'A' && *c <= 'F' ? *c | 0x20 : *c);
    bool has_text = p->at->kind == TOKEN_WORD || p->at->kind == TOKEN_STRING;
    if (!has_text || n != FINGERPRINT_LENGTH || strspn(hex, "0123456789abcdef") < n) {
        parser_expected(p, err, "the SHA-256 fingerprint of a certificate, 64 hexadecimal digits");
        return NULL;
    }
    p->at++;
    return arena_strdup(p->policy->arena, hex);
}

static int read_certificate(struct parser *p, struct err *err)
{
    struct step *step = p->step;
    struct policy *policy = p->policy;
    if (parser_need(p, "certificate", err) < 0)
        return -1;
    if (step->nmethods > 0 && !has_method(step, METHOD_SMIME))
        return lex_error(&p->lex, p->at - 1, err, "found a certificate, which goes with smime alone");
    step->certificate = read_fingerprint(p, err);
    if (step->certificate == NULL)
        return -1;
    step->fixed = parser_once(p, &policy->certificates, &policy->ncertificates, &p->certificates_cap,
                              step->certificate);
    return 0;
}

int parser_encrypt(struct parser *p, struct err *err)
{
    p->step->kind = STEP_ENCRYPT;
    if (parser_take(p, "with")) {
        do {
            if (read_method(p, err) < 0)
                return -1;
        } while (parser_take(p, "or"));
    }
    if (parser_take(p, "to") && read_certificate(p, err) < 0)
        return -1;
    if (parser_take(p, "using") && read_cipher(p, err) < 0)
        return -1;
    return parser_otherwise(p, err);
}

/* Of one of the methods that have keys, or none said. */
static int read_key_method(struct parser *p, struct err *err)
{
    if (token_ends(p->at))
        return 0;
    if (!parser_next_is(p, "smime") && !parser_next_is(p, "openpgp"))
        return parser_expected(p, err, "smime, openpgp, or the end of the line");
    return read_method(p, err);
}

int parser_attach(struct parser *p, struct err *err)
{
    p->step->kind = STEP_ATTACH;
    return parser_need(p, "keys", err) < 0 ? -1 : read_key_method(p, err);
}

int parser_generate(struct parser *p, struct err *err)
{
    p->step->kind = STEP_GENERATE;
    return parser_need(p, "key", err) < 0 ? -1 : read_key_method(p, err);
}

int parser_protect(struct parser *p, struct err *err)
{
    static const struct {
        const char *word;
        enum protection protection;
    } words[] = {{"no", PROTECTION_NONE}, {"plain", PROTECTION_PLAIN}, {"baseline", PROTECTION_BASELINE}};
    p->step->kind = STEP_PROTECT;
    if (parser_need(p, "headers", err) < 0)
        return -1;
    for (size_t i = 0; i < SEAL_COUNT(words); i++) {
        if (parser_take(p, words[i].word)) {
            p->step->protection = words[i].protection;
            return 0;
        }
    }
    return parser_expected(p, err, "no, plain or baseline");
}
