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
        out->outside = outside;
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

/* The tag of an OpenPGP message's first packet, from its armour; 0 when there is none. */
static unsigned first_packet_tag(struct span armour)
{
    static const char begin[] = "-----BEGIN PGP MESSAGE-----";
    armour = span_trim(armour);
    if (!span_starts(armour, begin))
        return 0;
    size_t at = span_find(armour, "\n\r\n", 3, 0);
    size_t bare = span_find(armour, "\n\n", 2, 0);
    size_t data = at != SIZE_MAX && at < bare ? at + 3 : bare != SIZE_MAX ? bare + 2 : SIZE_MAX;
    if (data == SIZE_MAX || data + 4 > armour.len)
        return 0;
    static const struct spool_conf conf = {.mem_max = 64, .size_max = 64};
    SEAL_CLEANUP(spool_free) struct spool *octets = spool_new(&conf);
    struct err ignored = ERR_INIT; /* broken base64 is no packet */
    if (base64_decode(span_sub(armour, data, 4), octets, &ignored) < 0 || spool_seal(octets, &ignored) < 0)
        return 0;
    struct span first = spool_window(octets, 0, 1);
    unsigned char tag = first.len == 0 ? 0 : (unsigned char)first.ptr[0];
    return (tag & 0xc0) == 0xc0 ? tag & 0x3f : (tag & 0xc0) == 0x80 ? tag >> 2 & 0x0f : 0;
}

/* Nothing but blanks stands behind the armour: text there would go in clear (R14). */
static bool ends_with_armour(struct span text)
{
    static const char end[] = "-----END PGP MESSAGE-----";
    size_t n = sizeof end - 1, at = span_find(text, end, n, 0);
    return at != SIZE_MAX && span_trim(span_sub(text, at + n, text.len)).len == 0;
}

/* Public-key or symmetric session key, or encrypted data itself: not a literal packet that poses as encrypted. */
static bool is_encrypted_armour(struct span text)
{
    unsigned tag = first_packet_tag(text);
    return (tag == 1 || tag == 3 || tag == 9 || tag == 18 || tag == 20) && ends_with_armour(text);
}

/* OpenPGP ciphertext, as PGP/MIME or as a text that is one armour. */
static bool is_pgp_encrypted(struct span message, const struct part_table *table, size_t index)
{
    const struct part *part = &table->parts[index];
    const char *protocol = part_param(part, "protocol");
    if (part_is(part, "text", "plain"))
        return is_encrypted_armour(body_of(message, part));
    if (!part_is(part, "multipart", "encrypted") || protocol == NULL ||
        strcasecmp(protocol, "application/pgp-encrypted") != 0 || part->nchildren != 2)
        return false;
    const struct part *control = &table->parts[part_child(table, index, 0)];
    const struct part *data = &table->parts[part_child(table, index, 1)];
    return part_is(control, "application", "pgp-encrypted") && is_encrypted_armour(body_of(message, data));
}

static bool is_pgp_signed(const struct part *part)
{
    const char *protocol = part_param(part, "protocol");
    return part_is(part, "multipart", "signed") && protocol != NULL &&
           strcasecmp(protocol, "application/pgp-signature") == 0;
}

static int look_at_multipart_signed(struct arena *arena, struct span message, const struct part_table *table,
                                    const struct spool_conf *conf, struct structure *out, struct err *err)
{
    const struct part *root = &table->parts[0];
    if (is_pgp_signed(root)) {
        out->signed_by = METHOD_OPENPGP;
        return 0;
    }
    out->signed_by = METHOD_SMIME;
    out->detached = true;
    if (root->nchildren != 2) {
        out->signed_why = "multipart/signed does not have two parts";
        return 0;
    }
    const struct part *content = &table->parts[part_child(table, 0, 0)];
    const struct part *signature = &table->parts[part_child(table, 0, 1)];
    if (!is_signature_part(signature)) {
        out->signed_why = "the second part is no S/MIME signature";
        return 0;
    }
    out->signed_entity = span_sub(message, content->begin, content->end - content->begin);
    if (decode_body(message, signature, conf, &out->signature, err) < 0)
        return -1;
    if (out->signature == NULL)
        out->signed_why = "the signature's encoding is broken";
    if (may_be_cms(content))
        return look_at_cms(arena, message, content, conf, out, err);
    if (is_pgp_encrypted(message, table, part_child(table, 0, 0)))
        out->encrypted_by = METHOD_OPENPGP;
    return 0;
}

/* OpenPGP's signatures are nobody's business here, at the root or below. */
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
    if (is_pgp_encrypted(message, table, 0))
        out->encrypted_by = METHOD_OPENPGP;
    out->signed_part_inside = signed_below_root(table);
    return 0;
}
