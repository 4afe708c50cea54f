/*
 * structure - what a message is by its root, without any key (R10, R13, R24).
 *
 * Names and parameters of the MIME type are hints; what counts is what the bytes parse as. Only the root, or the first part of
 * a root multipart/signed, is ever taken for ciphertext.
 *
 * source  RFC 8551 3.2, 3.5, RFC 1847, RFC 3156, RFC 9580 4.2 (packet tags)
 */
#include "gate/internal.h"

#include "mime/transfer.h"
#include "openpgp/armor.h"

#include <string.h>

#define CMS_MAX (256u << 20)

void structure_fini(struct structure *structure)
{
    spool_free(&structure->signature);
    spool_free(&structure->envelope);
}

static struct span body_of(struct span message, const struct part *part)
{
    return span_sub(message, part->body, part->end - part->body);
}

/* The decoded body; NULL when its encoding is broken, which is no error: then it is not what its type says. */
static int decode_body(struct span message, const struct part *part, const struct spool_conf *conf,
                       struct spool **out, struct err *err)
{
    *out = spool_new(conf);
    int status = transfer_decode(part->encoding, body_of(message, part), *out, err);
    if (status == 0)
        status = spool_seal(*out, err);
    if (status == 0)
        return 0;
    spool_free(out);
    if (err->code != ERR_SYNTAX && err->code != ERR_UNSUPPORTED)
        return -1;
    err_clear(err);
    return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = name == NULL ? 0 : strlen(name), s = strlen(suffix);
    return n >= s && strcasecmp(name + n - s, suffix) == 0;
}

static bool may_be_cms(const struct part *part)
{
    return part_is(part, "application", "pkcs7-mime") || part_is(part, "application", "x-pkcs7-mime") ||
           (part_is(part, "application", "octet-stream") && has_suffix(part_param(part, "name"), ".p7m"));
}

static bool is_signature_part(const struct part *part)
{
    return part_is(part, "application", "pkcs7-signature") ||
           part_is(part, "application", "x-pkcs7-signature");
}

/* An envelope or an opaque signature in a leaf; something broken is neither. */
static int look_at_cms(struct arena *arena, struct span message, const struct part *part,
                       const struct spool_conf *conf, struct structure *out, struct err *err)
{
    static const struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    SEAL_CLEANUP(spool_free) struct spool *der = NULL;
    if (decode_body(message, part, conf, &der, err) < 0)
        return -1;
    if (der == NULL)
        return 0;
    struct smime_outside outside;
    if (smime_look(arena, spool_all(der), &limits, &outside, err) < 0)
        return -1;
    struct spool **keep = NULL;
    if (outside.kind == SMIME_KIND_ENVELOPED || outside.kind == SMIME_KIND_AUTH_ENVELOPED) {
        out->encrypted_by = METHOD_SMIME;
        out->outside = (struct outside){.supported = outside.supported,
                                        .authenticated = outside.authenticated,
                                        .weak = outside.weak,
                                        .why = outside.why};
        keep = &out->envelope;
    } else if (outside.kind == SMIME_KIND_SIGNED && out->signed_by == METHOD_NONE) {
        out->signed_by = METHOD_SMIME;
        keep = &out->signature;
    }
    if (keep != NULL) {
        *keep = der;
        der = NULL;
    }
    return 0;
}

/* ---- OpenPGP ---- */

/* The body without its transfer encoding, borrowed where there is none. An empty one when the encoding is broken. */
static int text_of(struct span message, const struct part *part, const struct spool_conf *conf,
                   struct spool **decoded, struct span *text_out, struct err *err)
{
    bool is_encoded = part->encoding == ENCODING_QP || part->encoding == ENCODING_BASE64;
    *text_out = body_of(message, part);
    if (!is_encoded)
        return 0;
    if (decode_body(message, part, conf, decoded, err) < 0)
        return -1;
    *text_out = *decoded == NULL ? span_of("") : spool_all(*decoded);
    return 0;
}

/* The packets in a part whose body is one armour and nothing else; *out NULL: it is not. */
static int decode_armor(struct span message, const struct part *part, enum armor_type type,
                        const struct spool_conf *conf, struct spool **out, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *decoded = NULL;
    struct span text;
    *out = NULL;
    if (text_of(message, part, conf, &decoded, &text, err) < 0)
        return -1;
    struct spool *packets = spool_new(conf);
    int status = armor_decode(text, type, packets, err);
    if (status == 0)
        status = spool_seal(packets, err);
    if (status == 0) {
        *out = packets;
        return 0;
    }
    spool_free(&packets);
    if (err->code != ERR_SYNTAX)
        return -1;
    err_clear(err);
    return 0;
}

static struct outside outside_of(const struct pgp_outside *pgp)
{
    return (struct outside){
        .supported = pgp->supported, .authenticated = pgp->authenticated, .why = pgp->why};
}

/* Ciphertext in a part's armour: not a literal packet that poses as encrypted. */
static int look_at_envelope(struct arena *arena, struct span message, const struct part *part,
                            const struct spool_conf *conf, struct structure *out, struct err *err)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    SEAL_CLEANUP(spool_free) struct spool *packets = NULL;
    if (decode_armor(message, part, ARMOR_MESSAGE, conf, &packets, err) < 0)
        return -1;
    if (packets == NULL)
        return 0;
    if (pgp_look(arena, spool_all(packets), &limits, &out->pgp, err) < 0)
        return -1;
    if (out->pgp.kind != PGP_KIND_ENCRYPTED)
        return 0;
    out->encrypted_by = METHOD_OPENPGP;
    out->outside = outside_of(&out->pgp);
    out->envelope = packets;
    packets = NULL;
    return 0;
}

static bool is_blank_text(struct span message, const struct part *part)
{
    return part_is(part, "text", "plain") && span_trim(body_of(message, part)).len == 0;
}

/*
 * The part with the ciphertext of PGP/MIME; NULL: it is none. Exchange makes of multipart/encrypted a multipart/mixed, and puts an empty
 * text in front.
 */
static const struct part *find_ciphertext(struct span message, const struct part_table *table, size_t index)
{
    const struct part *part = &table->parts[index];
    const char *protocol = part_param(part, "protocol");
    bool mangled = part_is(part, "multipart", "mixed");
    size_t control = 0;
    if (mangled && part->nchildren == 3 && is_blank_text(message, &table->parts[part_child(table, index, 0)]))
        control = 1;
    if (part->nchildren != control + 2)
        return NULL;
    if (!mangled && (!part_is(part, "multipart", "encrypted") || protocol == NULL ||
                     strcasecmp(protocol, "application/pgp-encrypted") != 0))
        return NULL;
    if (!part_is(&table->parts[part_child(table, index, control)], "application", "pgp-encrypted"))
        return NULL;
    return &table->parts[part_child(table, index, control + 1)];
}

/* A file that is meant to be saved, though nothing else is in the message. */
static bool is_attachment(struct arena *arena, const struct part *part)
{
    for (size_t i = 0; i < header_count(&part->header, "Content-Disposition"); i++) {
        struct content_disposition disposition;
        content_disposition_parse(arena, header_find(&part->header, "Content-Disposition", i)->value,
                                  &disposition);
        if (strcmp(disposition.type, "attachment") == 0)
            return true;
    }
    return false;
}

/* OpenPGP ciphertext, as PGP/MIME or as a text that is one armour (R14). */
static int look_at_pgp(struct arena *arena, struct span message, const struct part_table *table, size_t index,
                       const struct spool_conf *conf, struct structure *out, struct err *err)
{
    const struct part *part = &table->parts[index];
    const struct part *data = part_is(part, "text", "plain") ? part : find_ciphertext(message, table, index);
    if (data == NULL)
        return 0;
    if (look_at_envelope(arena, message, data, conf, out, err) < 0)
        return -1;
    if (data == part && out->encrypted_by == METHOD_OPENPGP) {
        out->in_text = index == 0 && !is_attachment(arena, part);
        out->outside = (struct outside){.why = "OpenPGP in the text itself is not opened"};
    }
    return 0;
}

void structure_allow_text(struct structure *structure)
{
    if (structure->in_text)
        structure->outside = outside_of(&structure->pgp);
}

static bool is_pgp_signed(const struct part *part)
{
    const char *protocol = part_param(part, "protocol");
    return part_is(part, "multipart", "signed") && protocol != NULL &&
           strcasecmp(protocol, "application/pgp-signature") == 0;
}

static int look_at_pgp_signature(struct arena *arena, struct span message, const struct part *part,
                                 const struct spool_conf *conf, struct structure *out, struct err *err)
{
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    struct pgp_outside outside = {.kind = PGP_KIND_NONE};
    if (!part_is(part, "application", "pgp-signature")) {
        out->signed_why = "the second part is no OpenPGP signature";
        return 0;
    }
    if (decode_armor(message, part, ARMOR_SIGNATURE, conf, &out->signature, err) < 0 ||
        (out->signature != NULL && pgp_look(arena, spool_all(out->signature), &limits, &outside, err) < 0))
        return -1;
    if (outside.kind != PGP_KIND_SIGNATURE)
        out->signed_why = "the signature is broken";
    return 0;
}

static int look_at_smime_signature(struct span message, const struct part *part,
                                   const struct spool_conf *conf, struct structure *out, struct err *err)
{
    if (!is_signature_part(part)) {
        out->signed_why = "the second part is no S/MIME signature";
        return 0;
    }
    if (decode_body(message, part, conf, &out->signature, err) < 0)
        return -1;
    if (out->signature == NULL)
        out->signed_why = "the signature's encoding is broken";
    return 0;
}

/* ---- the root ---- */

static int look_at_multipart_signed(struct arena *arena, struct span message, const struct part_table *table,
                                    const struct spool_conf *conf, struct structure *out, struct err *err)
{
    const struct part *root = &table->parts[0];
    bool pgp = is_pgp_signed(root);
    out->signed_by = pgp ? METHOD_OPENPGP : METHOD_SMIME;
    out->detached = true;
    if (root->nchildren != 2) {
        out->signed_why = "multipart/signed does not have two parts";
        return 0;
    }
    const struct part *content = &table->parts[part_child(table, 0, 0)];
    const struct part *signature = &table->parts[part_child(table, 0, 1)];
    out->signed_entity = span_sub(message, content->begin, content->end - content->begin);
    int status = pgp ? look_at_pgp_signature(arena, message, signature, conf, out, err)
                     : look_at_smime_signature(message, signature, conf, out, err);
    if (status < 0)
        return -1;
    return may_be_cms(content) ? look_at_cms(arena, message, content, conf, out, err)
                               : look_at_pgp(arena, message, table, part_child(table, 0, 0), conf, out, err);
}

/* OpenPGP's below the root (a list's footer beside it) say nothing, and nothing is said of them. */
static bool signed_below_root(const struct part_table *table)
{
    for (size_t i = 1; i < table->n; i++) {
        const struct part *part = &table->parts[i];
        if (is_signature_part(part) || (part_is(part, "multipart", "signed") && !is_pgp_signed(part)))
            return true;
    }
    return false;
}

int structure_look(struct arena *arena, struct span message, const struct part_table *table,
                   const struct spool_conf *spool, struct structure *out, struct err *err)
{
    struct spool_conf conf = *spool;
    if (conf.size_max > CMS_MAX)
        conf.size_max = CMS_MAX;
    *out = (struct structure){.signed_by = METHOD_NONE};
    const struct part *root = &table->parts[0];
    if (table->opaque_why != NULL)
        return 0;
    if (part_is(root, "multipart", "signed"))
        return look_at_multipart_signed(arena, message, table, &conf, out, err);
    if (may_be_cms(root))
        return look_at_cms(arena, message, root, &conf, out, err);
    if (look_at_pgp(arena, message, table, 0, &conf, out, err) < 0)
        return -1;
    out->signed_part_inside = signed_below_root(table);
    return 0;
}
