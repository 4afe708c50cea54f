/* armor - markers, header lines, base64 and CRC-24. */
#include "openpgp/armor.h"

#include "mime/transfer.h"
#include "openpgp/notes.h"

#include <pthread.h>
#include <string.h>

#define HEADERS_MAX     20
#define HEADER_LINE_MAX 1000
#define CHECKSUM_LINE   5 /* "=" and four characters */
#define CRC_INIT        0xb704ce00u
#define CRC_POLY        0x864cfb00u

static const struct {
    const char *begin, *end;
} markers[] = {
    [ARMOR_MESSAGE] = {"-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"},
    [ARMOR_SIGNATURE] = {"-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"},
    [ARMOR_PUBLIC] = {"-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"},
    [ARMOR_SECRET] = {"-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----"},
};

/* The 24 bits stand in the upper ones of 32; table k is for an octet that k others follow. */
static uint32_t crc_tables[4][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    for (uint32_t octet = 0; octet < 256; octet++) {
        uint32_t crc = octet << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ ((crc & 0x80000000u) != 0 ? CRC_POLY : 0);
        crc_tables[0][octet] = crc;
    }
    for (unsigned k = 1; k < 4; k++)
        for (unsigned octet = 0; octet < 256; octet++) {
            uint32_t crc = crc_tables[k - 1][octet];
            crc_tables[k][octet] = crc << 8 ^ crc_tables[0][crc >> 24];
        }
}

static uint32_t crc24(struct span octets)
{
    pthread_once(&once, make_tables);
    const unsigned char *at = (const unsigned char *)octets.ptr, *end = at + octets.len;
    uint32_t crc = CRC_INIT;
    for (; end - at >= 4; at += 4) {
        crc ^= (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        crc = crc_tables[3][crc >> 24] ^ crc_tables[2][crc >> 16 & 0xff] ^ crc_tables[1][crc >> 8 & 0xff] ^
              crc_tables[0][crc & 0xff];
    }
    for (; at < end; at++)
        crc = crc << 8 ^ crc_tables[0][crc >> 24 ^ *at];
    return crc >> 8;
}

/* The line at the front of rest, without its end and trailing blanks. false: rest holds no whole line. */
static bool take_line(struct span *rest, struct span *line)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    if (end == NULL)
        return false;
    size_t len = (size_t)(end - rest->ptr);
    *line = span_sub(*rest, 0, len);
    *rest = span_sub(*rest, len + 1, rest->len);
    while (line->len > 0 && strchr(" \t\r", line->ptr[line->len - 1]) != NULL)
        line->len--;
    return true;
}

static bool is_header(struct span line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    return colon != NULL && colon > line.ptr && line.len <= HEADER_LINE_MAX;
}

/* Header lines, and the empty one behind them. */
static bool skip_headers(struct span *rest)
{
    struct span line;
    for (unsigned n = 0; n <= HEADERS_MAX && take_line(rest, &line); n++) {
        if (line.len == 0)
            return true;
        if (!is_header(line))
            return false;
    }
    return false;
}

/* A checksum is never a reason to refuse (RFC 9580 6.1). */
static struct span without_checksum(struct span data)
{
    data = span_trim(data);
    const char *end = data.len == 0 ? NULL : memrchr(data.ptr, '\n', data.len);
    size_t at = end == NULL ? 0 : (size_t)(end + 1 - data.ptr);
    bool has = data.len - at == CHECKSUM_LINE && data.ptr[at] == '=';
    return has ? span_sub(data, 0, at) : data;
}

int armor_decode(struct span text, enum armor_type type, struct spool *out, struct err *err)
{
    const char *begin = markers[type].begin, *end = markers[type].end;
    size_t end_len = strlen(end);
    text = span_trim(text);
    struct span line, tail = span_sub(text, text.len < end_len ? 0 : text.len - end_len, end_len);
    if (!span_is(tail, end))
        return err_set(err, ERR_SYNTAX, "not an armour: it does not end in \"%s\"", end);
    struct span rest = span_sub(text, 0, text.len - end_len);
    if (!take_line(&rest, &line) || !span_is(line, begin))
        return err_set(err, ERR_SYNTAX, "not an armour: it does not begin with \"%s\"", begin);
    if (!skip_headers(&rest))
        return err_set(err, ERR_SYNTAX, "armour: no empty line behind its header lines");
    struct span data = without_checksum(rest);
    if (rest.len == 0 || rest.ptr[rest.len - 1] != '\n' || data.len == 0)
        return err_set(err, ERR_SYNTAX, "armour: no data");
    if (base64_decode(data, out, err) < 0)
        return err_wrap(err, "armour");
    return 0;
}

/* The marker at the start of a line; SIZE_MAX when there is none. */
static size_t find_marker(struct span text, const char *marker, size_t from)
{
    size_t at = from;
    while ((at = span_find(text, marker, strlen(marker), at)) != SIZE_MAX)
        if (at == 0 || text.ptr[at - 1] == '\n')
            return at;
        else
            at++;
    return SIZE_MAX;
}

bool armor_next(struct span *text, enum armor_type type, struct span *armor_out)
{
    size_t begin = find_marker(*text, markers[type].begin, 0);
    size_t end = begin == SIZE_MAX ? SIZE_MAX : find_marker(*text, markers[type].end, begin);
    if (end == SIZE_MAX)
        return false;
    end += strlen(markers[type].end);
    *armor_out = span_sub(*text, begin, end - begin);
    *text = span_sub(*text, end, text->len);
    return true;
}

bool armor_says_more(struct span armor)
{
    static const char *const usual[] = {"Version:", "Comment:", "Hash:", "Charset:", "MessageID:"};
    struct span line;
    bool known = take_line(&armor, &line);
    while (known && take_line(&armor, &line) && line.len > 0) {
        known = false;
        for (size_t i = 0; i < SEAL_COUNT(usual); i++)
            known = known || span_starts_nocase(line, usual[i]);
    }
    return !known;
}

static int write_line(struct spool *out, struct span a, const char *b, struct err *err)
{
    return spool_write_span(out, a, err) < 0 ? -1 : spool_write(out, b, strlen(b), err);
}

static int encode(struct span octets, enum armor_type type, struct spool *out, struct err *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t crc = crc24(octets);
    char checksum[CHECKSUM_LINE] = {'=', digits[crc >> 18], digits[crc >> 12 & 63], digits[crc >> 6 & 63],
                                    digits[crc & 63]};
    if (write_line(out, span_of(markers[type].begin), "\r\n\r\n", err) < 0 ||
        base64_encode(octets, out, err) < 0 ||
        write_line(out, (struct span){checksum, sizeof checksum}, "\r\n", err) < 0)
        return -1;
    return write_line(out, span_of(markers[type].end), "\r\n", err);
}

int armor_encode(struct span octets, enum armor_type type, struct spool *out, struct err *err)
{
    if (type != ARMOR_PUBLIC)
        return encode(octets, type, out, err);
    SEAL_CLEANUP(buf_fini) struct buf bare = BUF_INIT(octets.len);
    notes_drop(octets, &bare);
    return buf_check(&bare, err) < 0 ? -1 : encode(buf_span(&bare), type, out, err);
}
