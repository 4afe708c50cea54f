/* listing - lines of fields. */
#include "openpgp/listing.h"

#include "openpgp/user_id.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LAST_LINE "[GNUPG:] IMPORT_RES "

enum field {
    TYPE,
    VALIDITY,
    BITS,
    ALGORITHM,
    KEYID,
    CREATED,
    EXPIRES,
    TEXT = 9, /* fingerprint, keygrip, User-ID */
    CAPABILITIES = 11,
    CURVE = 16,
    FIELDS
};

struct listing {
    struct arena *arena;
    struct pgp_key *keys;
    size_t n, cap;
    size_t uid_cap, subkey_cap; /* of the last key */
};

/* ---- fields ---- */

static void split(struct span line, struct span fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        size_t colon = span_find(line, ":", 1, 0);
        fields[i] = span_sub(line, 0, colon);
        line = colon == SIZE_MAX ? span_sub(line, line.len, 0) : span_sub(line, colon + 1, line.len);
    }
}

static int64_t number(struct span s)
{
    char text[24];
    size_t n = s.len < sizeof text - 1 ? s.len : sizeof text - 1;
    memcpy(text, s.ptr, n);
    text[n] = '\0';
    return strtoll(text, NULL, 10);
}

static const char *lower(struct arena *arena, struct span s)
{
    char *out = arena_spandup(arena, s);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Octets that would disturb the lines stand as \xHH. */
static struct span unescape(struct arena *arena, struct span s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool escaped = s.ptr[i] == '\\' && i + 3 < s.len && s.ptr[i + 1] == 'x' && hex(s.ptr[i + 2]) >= 0 &&
                       hex(s.ptr[i + 3]) >= 0;
        out[n++] = escaped ? (char)(hex(s.ptr[i + 2]) * 16 + hex(s.ptr[i + 3])) : s.ptr[i];
        i += escaped ? 3 : 0;
    }
    return (struct span){out, n};
}

/* ---- lines ---- */

static bool is_valid(struct span validity)
{
    return validity.len == 0 || strchr("erind", validity.ptr[0]) == NULL;
}

static const char *algorithm(struct arena *arena, const struct span *fields)
{
    switch (number(fields[ALGORITHM])) {
    case 1:
    case 2:
    case 3:
        return "rsa";
    case 16:
        return "elg";
    case 17:
        return "dsa";
    default:
        return arena_spandup(arena, fields[CURVE]);
    }
}

static bool can(const struct span *fields, char what)
{
    return memchr(fields[CAPABILITIES].ptr, what, fields[CAPABILITIES].len) != NULL;
}

static void add_subkey(struct listing *listing, const struct span *fields)
{
    struct pgp_key *key = &listing->keys[listing->n - 1];
    key->subkeys =
        arena_grow(listing->arena, key->subkeys, key->nsubkeys, &listing->subkey_cap, sizeof *key->subkeys);
    key->subkeys[key->nsubkeys++] = (struct pgp_subkey){
        .fingerprint = "",
        .keygrip = "",
        .keyid = lower(listing->arena, fields[KEYID]),
        .can_sign = can(fields, 's'),
        .can_encrypt = can(fields, 'e'),
        .valid = is_valid(fields[VALIDITY]) && key->why == NULL,
        .created = number(fields[CREATED]),
        .expires = number(fields[EXPIRES]),
        .algorithm = algorithm(listing->arena, fields),
        .bits = (unsigned)number(fields[BITS]),
    };
}

static void add_key(struct listing *listing, const struct span *fields)
{
    listing->keys =
        arena_grow(listing->arena, listing->keys, listing->n, &listing->cap, sizeof *listing->keys);
    struct pgp_key *key = &listing->keys[listing->n++];
    char validity = fields[VALIDITY].len > 0 ? fields[VALIDITY].ptr[0] : '-';
    listing->uid_cap = listing->subkey_cap = 0;
    *key = (struct pgp_key){
        .fingerprint = "",
        .revoked = validity == 'r',
        .created = number(fields[CREATED]),
        .expires = number(fields[EXPIRES]),
        .encrypt_until = -1,
        .why = validity == 'r'              ? "the key was revoked"
               : validity == 'e'            ? "the key has expired"
               : is_valid(fields[VALIDITY]) ? NULL
                                            : "the key is not valid",
    };
    add_subkey(listing, fields);
}

static void add_uid(struct listing *listing, const struct span *fields)
{
    struct pgp_key *key = &listing->keys[listing->n - 1];
    key->uids = arena_grow(listing->arena, key->uids, key->nuids, &listing->uid_cap, sizeof *key->uids);
    struct pgp_uid *uid = &key->uids[key->nuids++];
    user_id_read(listing->arena, unescape(listing->arena, fields[TEXT]), uid);
    uid->valid = is_valid(fields[VALIDITY]) && key->why == NULL;
}

/* "fpr" and "grp" lines speak of the last "pub" or "sub" line. */
static void add_line(struct listing *listing, struct span line)
{
    struct span fields[FIELDS];
    split(line, fields);
    if (span_is(fields[TYPE], "pub"))
        add_key(listing, fields);
    if (listing->n == 0)
        return;
    struct pgp_key *key = &listing->keys[listing->n - 1];
    struct pgp_subkey *subkey = &key->subkeys[key->nsubkeys - 1];
    if (span_is(fields[TYPE], "sub"))
        add_subkey(listing, fields);
    else if (span_is(fields[TYPE], "uid"))
        add_uid(listing, fields);
    else if (span_is(fields[TYPE], "fpr"))
        subkey->fingerprint = lower(listing->arena, fields[TEXT]);
    else if (span_is(fields[TYPE], "grp"))
        subkey->keygrip = arena_spandup(listing->arena, fields[TEXT]);
}

/* ---- all ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void complete(struct pgp_key *key)
{
    key->fingerprint = key->subkeys[0].fingerprint;
    bool has_uid = false;
    for (size_t i = 0; i < key->nuids; i++)
        has_uid = has_uid || key->uids[i].valid;
    if (key->why == NULL && !has_uid)
        key->why = "no User-ID of it is valid";
    for (size_t i = 0; i < key->nsubkeys; i++) {
        const struct pgp_subkey *subkey = &key->subkeys[i];
        int64_t until = sooner(key->expires, subkey->expires);
        if (!subkey->valid || !subkey->can_encrypt)
            continue;
        if (key->encrypt_until < 0 || until == 0)
            key->encrypt_until = until;
        else if (key->encrypt_until != 0 && until > key->encrypt_until)
            key->encrypt_until = until;
    }
}

int listing_read(struct arena *arena, struct span text, struct pgp_key **out, size_t *n_out,
                 bool *complete_out, struct err *err)
{
    struct listing listing = {.arena = arena};
    *complete_out = false;
    while (text.len > 0 && arena_check(arena, err) == 0) {
        size_t end = span_find(text, "\n", 1, 0);
        struct span line = span_sub(text, 0, end);
        text = end == SIZE_MAX ? span_sub(text, text.len, 0) : span_sub(text, end + 1, text.len);
        if (span_starts(line, LAST_LINE))
            *complete_out = true;
        else
            add_line(&listing, line);
    }
    for (size_t i = 0; i < listing.n; i++)
        complete(&listing.keys[i]);
    *out = listing.keys;
    *n_out = listing.n;
    return arena_check(arena, err);
}
