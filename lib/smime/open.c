/* open - what can be seen of a CMS object without a private key. */
#include "smime/open.h"

#include "smime/cert_x509.h"
#include "smime/cipher.h"
#include "smime/cms.h"
#include "smime/oid.h"

#include <openssl/objects.h>

static bool is_transport_readable(struct span body)
{
    struct ber version, id, algorithm;
    if (!ber_take(&body, BER_INTEGER, &version) || !ber_next(&body, &id) ||
        !ber_take(&body, BER_SEQUENCE, &algorithm))
        return false;
    int nid = oid_algorithm_nid(algorithm.all);
    return nid == NID_rsaEncryption || nid == NID_rsaesOaep;
}

static bool is_agreement_readable(struct span body)
{
    static const int schemes[] = {
        NID_dhSinglePass_stdDH_sha1kdf_scheme,        NID_dhSinglePass_stdDH_sha224kdf_scheme,
        NID_dhSinglePass_stdDH_sha256kdf_scheme,      NID_dhSinglePass_stdDH_sha384kdf_scheme,
        NID_dhSinglePass_stdDH_sha512kdf_scheme,      NID_dhSinglePass_cofactorDH_sha1kdf_scheme,
        NID_dhSinglePass_cofactorDH_sha224kdf_scheme, NID_dhSinglePass_cofactorDH_sha256kdf_scheme,
        NID_dhSinglePass_cofactorDH_sha384kdf_scheme, NID_dhSinglePass_cofactorDH_sha512kdf_scheme,
    };
    struct ber version, originator, ukm, algorithm;
    if (!ber_take(&body, BER_INTEGER, &version) || !ber_take(&body, BER_CONTEXT_CONSTRUCTED, &originator))
        return false;
    (void)ber_take(&body, BER_CONTEXT_CONSTRUCTED | 1, &ukm);
    if (!ber_take(&body, BER_SEQUENCE, &algorithm))
        return false;
    int nid = oid_algorithm_nid(algorithm.all);
    for (size_t i = 0; i < SEAL_COUNT(schemes); i++)
        if (schemes[i] == nid)
            return true;
    return false;
}

static bool has_readable_recipient(struct span recipients)
{
    for (struct ber one; ber_next(&recipients, &one);)
        if (one.id == BER_SEQUENCE ? is_transport_readable(one.body)
                                   : one.id == OUTLINE_AGREEMENT && is_agreement_readable(one.body))
            return true;
    return false;
}

static int look_at_sealed(struct arena *arena, const struct outline *cms, const struct smime_limits *limits,
                          struct smime_outside *out, struct err *err)
{
    struct outline_sealed sealed;
    if (outline_sealed(cms, limits, &sealed, err) < 0)
        return -1;
    const struct cipher *cipher = cipher_of_sealed(cms, &sealed);
    struct span params;
    out->nrecipients = sealed.nrecipients;
    out->supported = cipher != NULL && has_readable_recipient(sealed.recipients.body);
    out->cipher =
        cipher != NULL ? cipher->name : oid_text(arena, oid_algorithm_oid(sealed.algorithm, &params));
    out->authenticated = cipher != NULL && cipher->authenticated;
    out->weak = cipher != NULL && cipher->weak;
    return 0;
}

static int look_at_content(struct arena *arena, const struct outline *cms, const struct smime_limits *limits,
                           struct smime_outside *out, struct err *err)
{
    struct outline_signed signed_data;
    struct outline_compressed compressed;
    switch (cms->kind) {
    case SMIME_KIND_ENVELOPED:
    case SMIME_KIND_AUTH_ENVELOPED:
        return look_at_sealed(arena, cms, limits, out, err);
    case SMIME_KIND_SIGNED:
        return outline_signed(cms, limits, &signed_data, err);
    case SMIME_KIND_COMPRESSED:
        return outline_compressed(cms, &compressed, err);
    case SMIME_KIND_OTHER:
        out->why = arena_printf(arena, "CMS content type %s", oid_text(arena, cms->type));
        return 0;
    case SMIME_KIND_NONE:
    default:
        return err_set(err, ERR_BUG, "kind %d of a parsed CMS object", (int)cms->kind);
    }
}

int smime_look(struct arena *arena, struct span cms, const struct smime_limits *limits,
               struct smime_outside *out, struct err *err)
{
    *out = (struct smime_outside){.kind = SMIME_KIND_NONE};
    struct err fault = ERR_INIT;
    struct outline outline;
    if (outline_parse(cms, limits, &outline, &fault) == 0 &&
        look_at_content(arena, &outline, limits, out, &fault) == 0) {
        out->kind = outline.kind;
        return 0;
    }
    if (fault.code != ERR_SYNTAX)
        return err_set(err, fault.code, "%s", fault.msg);
    *out = (struct smime_outside){.kind = SMIME_KIND_NONE, .why = arena_strdup(arena, fault.msg)};
    return 0;
}

int smime_names(struct span cms, const struct smime_limits *limits, struct cert *const *certs, size_t n,
                bool *named_out, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        named_out[i] = false;
    struct err fault = ERR_INIT;
    struct outline outline;
    struct outline_sealed sealed;
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *info = NULL;
    ossl_begin();
    if (outline_parse(cms, limits, &outline, &fault) == 0 &&
        (outline.kind == SMIME_KIND_ENVELOPED || outline.kind == SMIME_KIND_AUTH_ENVELOPED) &&
        outline_sealed(&outline, limits, &sealed, &fault) == 0 &&
        cms_of_sealed(&outline, &sealed, NULL, &info, &fault) == 0)
        for (size_t i = 0; i < n; i++)
            named_out[i] = cms_names(info, cert_x509(certs[i]));
    ossl_begin();
    if (fault.code == ERR_NONE || fault.code == ERR_SYNTAX)
        return 0;
    return err_set(err, fault.code, "%s", fault.msg);
}
