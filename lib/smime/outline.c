/* outline - strict walk over the few CMS types that we read. */
#include "smime/outline.h"

#include "smime/oid.h"

#include <openssl/objects.h>

#define ELEMENTS_PER_ITEM  100 /* of ASN.1, for each recipient or certificate that is allowed */
#define ELEMENTS_OF_SIGNER 2000
#define OCTETS_PER_ITEM    8192
#define OCTETS_OF_SIGNER   65536
#define ATTRIBUTES_MAX     64
#define DIGESTS_MAX        64

static int malformed(struct err *err, const char *what)
{
    return err_set(err, ERR_SYNTAX, "%s is malformed", what);
}

static enum smime_kind kind_of(int nid)
{
    switch (nid) {
    case NID_pkcs7_signed:
        return SMIME_KIND_SIGNED;
    case NID_pkcs7_enveloped:
        return SMIME_KIND_ENVELOPED;
    case NID_id_smime_ct_authEnvelopedData:
        return SMIME_KIND_AUTH_ENVELOPED;
    case NID_id_smime_ct_compressedData:
        return SMIME_KIND_COMPRESSED;
    default:
        return SMIME_KIND_OTHER;
    }
}

int outline_parse(struct span cms, const struct smime_limits *limits, struct outline *out, struct err *err)
{
    *out = (struct outline){.kind = SMIME_KIND_NONE};
    struct ber info, type, content, sequence;
    if (ber_check(cms, &(struct ber_limits){.depth_max = limits->asn1_depth_max}, err) < 0)
        return -1;
    if (!ber_take(&cms, BER_SEQUENCE, &info) || !ber_take(&info.body, BER_OID, &type) ||
        !ber_take(&info.body, BER_CONTEXT_CONSTRUCTED, &content) || info.body.len != 0)
        return malformed(err, "CMS ContentInfo");
    out->type = type.all;
    enum smime_kind kind = kind_of(oid_nid(type.all));
    if (kind != SMIME_KIND_OTHER) {
        if (!ber_take(&content.body, BER_SEQUENCE, &sequence) || content.body.len != 0)
            return malformed(err, "CMS content");
        out->body = sequence.body;
    }
    out->kind = kind;
    return 0;
}

/* Whether the last element of a KeyAgreeRecipientInfo holds its recipients. */
static size_t agreed_recipients(struct span body)
{
    struct ber element, last = {0};
    while (ber_next(&body, &element))
        last = element;
    return last.id == BER_SEQUENCE ? ber_count(last.body) : 0;
}

static int count_recipients(struct outline_sealed *out, const struct smime_limits *limits, struct err *err)
{
    struct ber one;
    for (struct span rest = out->recipients.body; ber_next(&rest, &one);) {
        size_t agreed = one.id == OUTLINE_AGREEMENT ? agreed_recipients(one.body) : 1;
        out->nrecipients += agreed == 0 ? 1 : agreed;
        if (out->nrecipients > limits->recipients_max)
            return err_set(err, ERR_LIMIT, "encrypted for more than %zu recipients", limits->recipients_max);
    }
    if (out->recipients.all.len > limits->recipients_max * OCTETS_PER_ITEM)
        return err_set(err, ERR_LIMIT, "recipients take %zu octets", out->recipients.all.len);
    struct ber_limits inside = {limits->asn1_depth_max, (limits->recipients_max + 1) * ELEMENTS_PER_ITEM};
    return ber_check(out->recipients.all, &inside, err);
}

static bool take_content_info(struct span *body, struct outline_sealed *out)
{
    struct ber info, type, algorithm;
    if (!ber_take(body, BER_SEQUENCE, &info) || !ber_take(&info.body, BER_OID, &type) ||
        !ber_take(&info.body, BER_SEQUENCE, &algorithm))
        return false;
    out->content_type = type.all;
    out->algorithm = algorithm.all;
    out->has_content = ber_take(&info.body, BER_CONTEXT, &out->content) ||
                       ber_take(&info.body, BER_CONTEXT_CONSTRUCTED, &out->content);
    out->tail = *body;
    return info.body.len == 0;
}

/* authAttrs, mac and unauthAttrs, or unprotectedAttrs. */
static bool take_tail(struct span rest, bool authenticated, struct outline_sealed *out)
{
    struct ber element;
    if (ber_take(&rest, BER_CONTEXT_CONSTRUCTED | 1, &element) && authenticated)
        out->auth_attrs = element.all;
    if (authenticated) {
        if (!ber_take(&rest, BER_OCTETS, &element))
            return false;
        out->mac = element.body;
        (void)ber_take(&rest, BER_CONTEXT_CONSTRUCTED | 2, &element);
    }
    return rest.len == 0;
}

int outline_sealed(const struct outline *cms, const struct smime_limits *limits, struct outline_sealed *out,
                   struct err *err)
{
    *out = (struct outline_sealed){0};
    struct span body = cms->body;
    struct ber version, originator;
    if (!ber_take(&body, BER_INTEGER, &version))
        return malformed(err, "EnvelopedData");
    (void)ber_take(&body, BER_CONTEXT_CONSTRUCTED, &originator);
    out->version = version.all;
    if (!ber_take(&body, BER_SET, &out->recipients) || out->recipients.body.len == 0 ||
        !take_content_info(&body, out) || !take_tail(body, cms->kind == SMIME_KIND_AUTH_ENVELOPED, out))
        return malformed(err, "EnvelopedData");
    return count_recipients(out, limits, err);
}

static bool take_encapsulated(struct span *body, struct outline_signed *out)
{
    struct ber info, type, content;
    if (!ber_take(body, BER_SEQUENCE, &info) || !ber_take(&info.body, BER_OID, &type))
        return false;
    out->content_type = type.all;
    if (ber_take(&info.body, BER_CONTEXT_CONSTRUCTED, &content)) {
        out->has_content = true;
        if (!ber_next(&content.body, &out->content) || (out->content.id & ~BER_CONSTRUCTED) != BER_OCTETS ||
            content.body.len != 0)
            return false;
    }
    out->tail = *body;
    return info.body.len == 0;
}

static int check_signed_limits(const struct outline_signed *out, const struct smime_limits *limits,
                               struct span digests, struct err *err)
{
    if (out->nsigners > limits->signers_max)
        return err_set(err, ERR_LIMIT, "more than %zu signers", limits->signers_max);
    if (ber_count(out->certs) > limits->certs_max)
        return err_set(err, ERR_LIMIT, "more than %zu certificates", limits->certs_max);
    if (ber_count(digests) > DIGESTS_MAX || out->head.len > OCTETS_PER_ITEM)
        return err_set(err, ERR_LIMIT, "too many digest algorithms");
    return 0;
}

int outline_signed(const struct outline *cms, const struct smime_limits *limits, struct outline_signed *out,
                   struct err *err)
{
    *out = (struct outline_signed){0};
    struct span body = cms->body;
    struct ber version, digests, element;
    if (!ber_take(&body, BER_INTEGER, &version) || !ber_take(&body, BER_SET, &digests) ||
        !take_encapsulated(&body, out))
        return malformed(err, "SignedData");
    out->head = span_sub(cms->body, 0, version.all.len + digests.all.len);
    if (ber_take(&body, BER_CONTEXT_CONSTRUCTED, &element))
        out->certs = element.body;
    (void)ber_take(&body, BER_CONTEXT_CONSTRUCTED | 1,
                   &element); /* CRLs come from the store, never from a message */
    if (!ber_take(&body, BER_SET, &element) || body.len != 0)
        return malformed(err, "SignedData");
    out->signers = element.body;
    out->nsigners = ber_count(element.body);
    return check_signed_limits(out, limits, digests.body, err);
}

static int check_signer_limits(const struct outline_signer *out, const struct ber *id,
                               const struct ber *attrs, struct err *err)
{
    struct ber_limits inside = {BER_DEPTH_MAX, ELEMENTS_OF_SIGNER};
    if (out->has_attrs && ber_count(attrs->body) > ATTRIBUTES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d signed attributes", ATTRIBUTES_MAX);
    if (out->kept.len > OCTETS_OF_SIGNER)
        return err_set(err, ERR_LIMIT, "a signer takes %zu octets", out->kept.len);
    if (out->has_attrs && ber_check(attrs->all, &inside, err) < 0)
        return -1;
    return ber_check(id->all, &inside, err);
}

int outline_signer(struct span *signers, struct outline_signer *out, struct err *err)
{
    *out = (struct outline_signer){0};
    struct ber info, version, id, digest, attrs, algorithm, signature, element;
    if (!ber_take(signers, BER_SEQUENCE, &info))
        return malformed(err, "SignerInfo");
    struct span rest = info.body;
    if (!ber_take(&rest, BER_INTEGER, &version) || !ber_next(&rest, &id) ||
        !ber_take(&rest, BER_SEQUENCE, &digest))
        return malformed(err, "SignerInfo");
    out->has_attrs = ber_take(&rest, BER_CONTEXT_CONSTRUCTED, &attrs);
    if (!ber_take(&rest, BER_SEQUENCE, &algorithm) || !ber_take(&rest, BER_OCTETS, &signature))
        return malformed(err, "SignerInfo");
    out->kept = span_sub(info.body, 0, info.body.len - rest.len);
    out->digest_algorithm = digest.all;
    out->signature_algorithm = algorithm.all;
    (void)ber_take(&rest, BER_CONTEXT_CONSTRUCTED | 1, &element);
    if (rest.len != 0)
        return malformed(err, "SignerInfo");
    return check_signer_limits(out, &id, &attrs, err);
}

int outline_compressed(const struct outline *cms, struct outline_compressed *out, struct err *err)
{
    struct span body = cms->body;
    struct ber version, algorithm, info, type, content;
    if (!ber_take(&body, BER_INTEGER, &version) || !ber_take(&body, BER_SEQUENCE, &algorithm) ||
        !ber_take(&body, BER_SEQUENCE, &info) || body.len != 0 || !ber_take(&info.body, BER_OID, &type) ||
        !ber_take(&info.body, BER_CONTEXT_CONSTRUCTED, &content) || info.body.len != 0 ||
        !ber_next(&content.body, &out->content) || content.body.len != 0)
        return malformed(err, "CompressedData");
    out->algorithm = algorithm.all;
    out->content_type = type.all;
    return 0;
}
