/*
 * verify - SignedData over known bytes.
 *
 * One pass digests the content with every digest that a signer needs; then each SignerInfo is judged, and the worst of them counts
 * (R11). What is wrong with the object is a result; -1 is only for what is wrong with us.
 */
#include "smime/verify.h"

#include "smime/capability.h"
#include "smime/cms.h"
#include "smime/oid.h"
#include "smime/preference.h"
#include "smime/signer.h"

#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_SKEW 300 /* R12 */

struct work {
    const struct smime_limits *limits;
    const struct smime_verify_conf *conf;
    struct outline outline;
    struct outline_signed parts;
    struct outline_signer *signers;
    struct cert **certs; /* of the message */
    size_t ncerts;
    BIO *digests;
    CMS_ContentInfo *info;
    unsigned char first; /* octet of the content; 0: there is none */
};

static void work_fini(struct work *work)
{
    for (size_t i = 0; i < work->ncerts; i++)
        cert_free(&work->certs[i]);
    free(work->certs);
    free(work->signers);
    BIO_free_all(work->digests);
    CMS_ContentInfo_free(work->info);
}

void smime_verified_fini(struct smime_verified *verified)
{
    cert_free(&verified->signer);
    cert_free(&verified->encrypt_cert);
    chain_result_fini(&verified->chain);
}

/* The object's fault: a result, and nothing more to do. */
static int conclude(struct smime_verified *out, enum signature signature, const char *why)
{
    out->signature = signature;
    snprintf(out->why, sizeof out->why, "%s", why);
    return 0;
}

/* From worst to best; an untrusted but weak signature must not pass for one that could be harvested. */
static unsigned badness(enum signature signature)
{
    static const enum signature order[] = {SIGNATURE_BAD, SIGNATURE_UNSUPPORTED, SIGNATURE_WEAK,
                                           SIGNATURE_UNTRUSTED, SIGNATURE_GOOD};
    for (unsigned i = 0; i < SEAL_COUNT(order); i++)
        if (order[i] == signature)
            return SEAL_COUNT(order) - i;
    abort();
}

static int read_cert(const struct smime_verify_conf *conf, struct span der, struct cert **out,
                     struct err *err)
{
    return conf->cert_get != NULL ? conf->cert_get(conf->cert_arg, der, out, err) : cert_parse(der, out, err);
}

static int read_certs(struct work *work, struct err *err)
{
    struct ber one;
    work->certs = xcalloc(ber_count(work->parts.certs), sizeof *work->certs);
    for (struct span rest = work->parts.certs; ber_next(&rest, &one);) {
        struct err fault = ERR_INIT;
        if (one.id != BER_SEQUENCE)
            continue; /* attribute and other certificates */
        if (read_cert(work->conf, one.all, &work->certs[work->ncerts], &fault) == 0)
            work->ncerts++;
        else if (err_is_temporary(&fault))
            return err_set(err, fault.code, "%s", fault.msg);
    }
    return 0;
}

static int read_signers(struct work *work, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf kept = BUF_INIT(64u << 20);
    struct span rest = work->parts.signers;
    work->signers = xcalloc(work->parts.nsigners, sizeof *work->signers);
    for (size_t i = 0; i < work->parts.nsigners; i++) {
        if (outline_signer(&rest, &work->signers[i], err) < 0)
            return -1;
        ber_put_header(&kept, BER_SEQUENCE, work->signers[i].kept.len);
        buf_add_span(&kept, work->signers[i].kept);
    }
    if (cms_of_signed(&work->outline, &work->parts, buf_span(&kept), &work->info, err) < 0)
        return -1;
    if ((size_t)sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(work->info)) != work->parts.nsigners)
        return err_set(err, ERR_SYNTAX, "signers are malformed");
    return 0;
}

/* Structure only; NULL, or what is wrong with the form of the signature (R11). */
static const char *check_form(const struct work *work, bool detached)
{
    if (work->parts.nsigners == 0)
        return "no signer";
    if (detached && work->parts.has_content)
        return "a detached signature that carries a content";
    if (!detached && !work->parts.has_content)
        return "no content inside";
    return NULL;
}

static bool has_digest(BIO *chain, const EVP_MD *md)
{
    for (BIO *bio = chain; bio != NULL; bio = BIO_next(bio)) {
        EVP_MD_CTX *ctx = NULL;
        if (BIO_get_md_ctx(bio, &ctx) == 1 && EVP_MD_CTX_get_type(ctx) == EVP_MD_get_type(md))
            return true;
    }
    return false;
}

static int make_digests(struct work *work, struct err *err)
{
    for (size_t i = 0; i < work->parts.nsigners; i++) {
        const EVP_MD *md;
        if (!signer_digest_find(&work->signers[i], &md) || has_digest(work->digests, md))
            continue;
        BIO *bio = BIO_new(BIO_f_md());
        if (bio == NULL || BIO_set_md(bio, md) != 1) {
            BIO_free(bio);
            return ossl_fail(err, ERR_IO, "digest");
        }
        work->digests = BIO_push(bio, work->digests);
    }
    return 0;
}

/* The BIOs only hold the digests where CMS looks for them; nothing is written through the chain. */
static int digest_piece(struct work *work, struct span piece, struct err *err)
{
    if (work->first == 0 && piece.len > 0)
        work->first = (unsigned char)piece.ptr[0];
    for (BIO *bio = work->digests; bio != NULL; bio = BIO_next(bio)) {
        EVP_MD_CTX *ctx = NULL;
        if (BIO_get_md_ctx(bio, &ctx) != 1 || EVP_DigestUpdate(ctx, piece.ptr, piece.len) != 1)
            return ossl_fail(err, ERR_IO, "digest");
    }
    return 0;
}

static int digest_inner(struct work *work, struct spool *inner_out, struct err *err)
{
    struct octets octets;
    size_t size = 0;
    if (octets_begin(&work->parts.content, &octets, &size, err) < 0)
        return -1;
    if (size > work->limits->output_max)
        return err_set(err, ERR_LIMIT, "signed content of %zu octets", size);
    for (struct span piece; octets_next(&octets, &piece);)
        if (digest_piece(work, piece, err) < 0 ||
            (inner_out != NULL && spool_write_span(inner_out, piece, err) < 0))
            return -1;
    return 0;
}

/* A claimed time counts for the chain when it is near enough to now to be believed. */
static int64_t time_of_chain(const struct smime_verify_conf *conf, int64_t signing_time)
{
    bool believed = signing_time != 0 && signing_time >= conf->now - conf->signing_time_window &&
                    signing_time <= conf->now + CLOCK_SKEW;
    return believed && signing_time < conf->now ? signing_time : conf->now;
}

static struct chain_terms terms_of(const struct smime_verify_conf *conf, enum chain_purpose purpose,
                                   int64_t when)
{
    return (struct chain_terms){
        .purpose = purpose, .when = when, .now = conf->now, .min_rsa_bits = conf->min_rsa_bits};
}

static bool shares_address(const struct cert *a, const struct cert *b)
{
    const struct cert_info *info = cert_info(a);
    for (size_t i = 0; i < info->nemails; i++)
        if (cert_has_address(b, info->emails[i], ADDR_CASE_FOLD))
            return true;
    return false;
}

/* R27: the preferred certificate counts only when it is the same address's and leads to the same anchor as the signer's. */
static int find_preferred(const struct work *work, const struct signer_finding *finding, int64_t when,
                          struct smime_verified *out, struct err *err)
{
    struct cert *preferred = preference_find(finding->attrs.preference, work->certs, work->ncerts);
    if (preferred == NULL || out->chain.answer != CHAIN_OK || !shares_address(out->signer, preferred))
        return 0;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    const struct chain_terms terms = terms_of(work->conf, CHAIN_ENCRYPT, when);
    if (chain_check(work->conf->anchors, preferred, work->certs, work->ncerts, &terms, &chain, err) < 0)
        return -1;
    if (chain.answer == CHAIN_OK &&
        cert_same(chain.path[chain.npath - 1], out->chain.path[out->chain.npath - 1]))
        out->encrypt_cert = cert_ref(preferred);
    return 0;
}

/* What is kept of the first signer, who is the one that is shown. */
static int keep_first(const struct work *work, const struct signer_finding *finding,
                      struct chain_result *chain, int64_t when, struct smime_verified *out, struct err *err)
{
    out->signer = finding->cert == NULL ? NULL : cert_ref(finding->cert);
    out->signing_time = finding->attrs.signing_time;
    out->chain = *chain;
    *chain = (struct chain_result){.answer = CHAIN_UNTRUSTED};
    if (finding->signature != SIGNATURE_GOOD && finding->signature != SIGNATURE_WEAK)
        return 0;
    capability_names(finding->attrs.capabilities, out->capabilities, sizeof out->capabilities);
    return find_preferred(work, finding, when, out, err);
}

static int judge_signer(const struct work *work, size_t i, struct smime_verified *out, struct err *err)
{
    struct signer_finding finding;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(work->info), (int)i);
    signer_check(info, &work->signers[i], work->digests, work->first == BER_SET, work->certs, work->ncerts,
                 work->conf->min_rsa_bits, &finding);
    int64_t when = time_of_chain(work->conf, finding.attrs.signing_time);
    bool verified = finding.signature == SIGNATURE_GOOD || finding.signature == SIGNATURE_WEAK;
    const struct chain_terms terms = terms_of(work->conf, CHAIN_SIGN, when);
    if (verified &&
        chain_check(work->conf->anchors, finding.cert, work->certs, work->ncerts, &terms, &chain, err) < 0)
        return -1;
    if (finding.signature == SIGNATURE_GOOD && chain.answer != CHAIN_OK) {
        finding.signature = SIGNATURE_UNTRUSTED;
        finding.why = chain.why;
    }
    if (badness(finding.signature) > badness(out->signature))
        conclude(out, finding.signature, finding.why);
    return i == 0 ? keep_first(work, &finding, &chain, when, out, err) : 0;
}

static int examine(struct work *work, struct span cms, struct span content, struct spool *inner_out,
                   struct smime_verified *out, struct err *err)
{
    if (outline_parse(cms, work->limits, &work->outline, err) < 0)
        return -1;
    if (work->outline.kind != SMIME_KIND_SIGNED)
        return conclude(out, SIGNATURE_UNSUPPORTED, "not a SignedData object");
    if (outline_signed(&work->outline, work->limits, &work->parts, err) < 0)
        return -1;
    const char *fault = check_form(work, content.ptr != NULL);
    if (fault != NULL)
        return conclude(out, SIGNATURE_BAD, fault);
    if (oid_nid(work->parts.content_type) != NID_pkcs7_data)
        return conclude(out, SIGNATURE_UNSUPPORTED, "signed content is not of type id-data");
    if (read_signers(work, err) < 0 || read_certs(work, err) < 0 || make_digests(work, err) < 0)
        return -1;
    if ((content.ptr != NULL ? digest_piece(work, content, err) : digest_inner(work, inner_out, err)) < 0)
        return -1;
    for (size_t i = 0; i < work->parts.nsigners; i++)
        if (judge_signer(work, i, out, err) < 0)
            return -1;
    return 0;
}

int smime_verify(struct span cms, struct span content, const struct smime_limits *limits,
                 const struct smime_verify_conf *conf, struct spool *inner_out, struct smime_verified *out,
                 struct err *err)
{
    SEAL_CLEANUP(work_fini) struct work work = {.limits = limits, .conf = conf};
    struct err fault = ERR_INIT;
    *out = (struct smime_verified){.signature = SIGNATURE_GOOD, .chain = {.answer = CHAIN_UNTRUSTED}};
    ossl_begin();
    int status = examine(&work, cms, content, inner_out, out, &fault);
    ossl_begin();
    if (status == 0)
        return 0;
    smime_verified_fini(out);
    *out = (struct smime_verified){.signature = SIGNATURE_BAD, .chain = {.answer = CHAIN_UNTRUSTED}};
    if (fault.code == ERR_SYNTAX)
        return conclude(out, SIGNATURE_BAD, fault.msg);
    if (fault.code == ERR_LIMIT)
        return conclude(out, SIGNATURE_UNSUPPORTED, fault.msg);
    return err_set(err, fault.code, "%s", fault.msg);
}
