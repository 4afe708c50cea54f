#include "openpgp/packet.h"

#include "pieces.h"
#include "support/check.h"

#include <string.h>

static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
static struct arena *arena;
static struct buf bytes;
static struct pgp_outside outside;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    bytes = (struct buf)BUF_INIT(PIECES_MAX);
}

static void tear_down(void)
{
    buf_fini(&bytes);
    arena_free(&arena);
}

static enum pgp_kind look_at(struct span packets)
{
    struct err err = ERR_INIT;
    ck_ok(pgp_look(arena, packets, &limits, &outside, &err));
    ck_assert_msg(outside.kind != PGP_KIND_NONE || outside.why != NULL, "nothing, and not why");
    return outside.kind;
}

static enum pgp_kind look(void)
{
    return look_at(buf_span(&bytes));
}

/* What gpg and sq write. */
static const struct {
    const char *file;
    enum pgp_kind kind;
    bool supported;
    size_t nkeyids;
    bool hidden;
} written[] = {
    {"message-alice.gpg", PGP_KIND_ENCRYPTED, true, 1, false},
    {"message-all.gpg", PGP_KIND_ENCRYPTED, true, 5, false},
    {"message-hidden.gpg", PGP_KIND_ENCRYPTED, true, 2, true},
    {"message-also-password.gpg", PGP_KIND_ENCRYPTED, true, 1, false},
    {"message-password.gpg", PGP_KIND_ENCRYPTED, false, 0, false},
    {"message-parts.gpg", PGP_KIND_ENCRYPTED, true, 1, false},
    {"message-signed-within.gpg", PGP_KIND_ENCRYPTED, true, 1, false},
    {"message-frank-sq.gpg", PGP_KIND_ENCRYPTED, true, 1, false},
    {"signed-compressed.gpg", PGP_KIND_SIGNED, false, 0, false},
    {"signed-two.gpg", PGP_KIND_SIGNED, false, 0, false},
    {"literal.gpg", PGP_KIND_SIGNED, false, 0, false},
    {"signature-two.gpg", PGP_KIND_SIGNATURE, true, 2, false},
    {"signature-frank-sq.gpg", PGP_KIND_SIGNATURE, true, 1, false},
    {"key-alice.gpg", PGP_KIND_KEY, false, 0, false},
    {"key-bob-signed.gpg", PGP_KIND_KEY, false, 0, false},
    {"key-frank-sq.gpg", PGP_KIND_KEY, false, 0, false},
    {"keys-two.gpg", PGP_KIND_KEY, false, 0, false},
    {"secret-alice.gpg", PGP_KIND_SECRET, false, 0, false},
};

START_TEST(what_others_write_is_told_apart)
{
    const char *file = written[_i].file;
    pieces_add_file(&bytes, file);
    ck_assert_msg(look() == written[_i].kind, "%s: kind %d, %s", file, outside.kind,
                  outside.why == NULL ? "" : outside.why);
    ck_assert_msg(outside.supported == written[_i].supported, "%s", file);
    ck_assert_msg(outside.authenticated == (written[_i].kind == PGP_KIND_ENCRYPTED), "%s", file);
    ck_assert_msg(outside.nkeyids == written[_i].nkeyids, "%s: %zu", file, outside.nkeyids);
    ck_assert_msg(outside.hidden == written[_i].hidden, "%s", file);
    ck_assert_msg((outside.why != NULL) == (outside.kind == PGP_KIND_ENCRYPTED && !outside.supported), "%s",
                  file);
}
END_TEST

/* Cut anywhere, nothing is taken for the whole; a run of keys or signatures may end where a packet does. */
START_TEST(what_is_cut_is_nothing)
{
    SEAL_CLEANUP(buf_fini) struct buf whole = pieces_file(written[_i].file);
    for (size_t n = 0; n < whole.len; n++) {
        enum pgp_kind kind = look_at(span_sub(buf_span(&whole), 0, n));
        bool may_end = written[_i].kind != PGP_KIND_ENCRYPTED && written[_i].kind != PGP_KIND_SIGNED;
        /* Compressed data of indeterminate length has no end that could be missing. */
        may_end |= strcmp(written[_i].file, "signed-compressed.gpg") == 0;
        ck_assert_msg(kind == PGP_KIND_NONE || (may_end && kind == written[_i].kind),
                      "%s: %zu octets are of kind %d", written[_i].file, n, kind);
    }
}
END_TEST

START_TEST(recipients_are_named_as_gpg_names_them)
{
    SEAL_CLEANUP(buf_fini) struct buf list = pieces_file("keys.txt");
    pieces_add_file(&bytes, "message-all.gpg");
    ck_assert_int_eq(look(), PGP_KIND_ENCRYPTED);
    for (size_t i = 0; i < outside.nkeyids; i++) {
        ck_assert_uint_eq(strlen(outside.keyids[i]), PGP_KEYID_SIZE - 1);
        char upper[PGP_KEYID_SIZE];
        for (size_t c = 0; c < PGP_KEYID_SIZE; c++)
            upper[c] = (char)(outside.keyids[i][c] >= 'a' ? outside.keyids[i][c] - 32 : outside.keyids[i][c]);
        ck_assert_msg(strstr(buf_str(&list), upper) != NULL, "%s", upper);
    }
    pieces_add_file(&list, "message-hidden.gpg");
    buf_clear(&bytes);
    pieces_add_file(&bytes, "message-hidden.gpg");
    look();
    ck_assert_str_eq(outside.keyids[0], "0000000000000000");
}
END_TEST

/* What stands in for the parts of a message below. */
enum piece {
    END,
    SESSION,      /* for alice */
    SESSION_V6,   /* RFC 9580 */
    SESSION_V9,   /* nobody's */
    SESSION_ODD,  /* of an algorithm that is not known */
    SESSION_LONG, /* with octets behind its numbers */
    PASSWORD,
    PASSWORD_V5, /* GnuPG 2.3 */
    CONTAINER,   /* SEIPD version 1 */
    CONTAINER_V2,
    CONTAINER_V3,
    CONTAINER_SED,
    CONTAINER_OCB,
    CONTAINER_EMPTY,
    LITERAL,
    ONE_PASS,
    SIGNATURE,
    SIGNATURE_V6,
    SIGNATURE_CUT,
    MARKER,
    MARKER_TALKS,
    PADDING,
    PRIVATE, /* a tag for experiments */
    KEY,
    SECRET_SUBKEY,
};

static void add_changed(struct span body, size_t at, char octet, unsigned tag)
{
    SEAL_CLEANUP(buf_fini) struct buf changed = BUF_INIT(10000);
    buf_add_span(&changed, body);
    changed.ptr[at] = octet;
    pieces_add(&bytes, tag, buf_span(&changed));
}

static void add_session(enum piece piece)
{
    SEAL_CLEANUP(buf_fini) struct buf message = pieces_file("message-alice.gpg");
    struct span body = pieces_nth(buf_span(&message), 0, FRAME_PKESK);
    SEAL_CLEANUP(buf_fini) struct buf longer = BUF_INIT(1000);
    buf_add_span(&longer, body);
    buf_add_str(&longer, "x");
    if (piece == SESSION_LONG)
        pieces_add(&bytes, FRAME_PKESK, buf_span(&longer));
    else if (piece == SESSION_ODD)
        add_changed(body, 9, 99, FRAME_PKESK);
    else
        add_changed(body, 0, piece == SESSION_V6 ? 6 : piece == SESSION_V9 ? 9 : 3, FRAME_PKESK);
}

static void add_container(enum piece piece)
{
    SEAL_CLEANUP(buf_fini) struct buf message = pieces_file("message-alice.gpg");
    struct span body = pieces_nth(buf_span(&message), 1, FRAME_SEIPD);
    unsigned tag = piece == CONTAINER_SED ? FRAME_SED : piece == CONTAINER_OCB ? FRAME_OCB : FRAME_SEIPD;
    if (piece == CONTAINER_EMPTY)
        pieces_add(&bytes, tag, span_of(""));
    else
        add_changed(body, 0, piece == CONTAINER_V2 ? 2 : piece == CONTAINER_V3 ? 3 : 1, tag);
}

static void add_signature(enum piece piece)
{
    SEAL_CLEANUP(buf_fini) struct buf signatures = pieces_file("signature-two.gpg");
    struct span body = pieces_nth(buf_span(&signatures), 0, FRAME_SIGNATURE);
    if (piece == SIGNATURE_CUT)
        body.len = 30;
    add_changed(body, 0, piece == SIGNATURE_V6 ? 6 : 4, FRAME_SIGNATURE);
}

static void add_first_of(const char *file, enum frame_tag tag)
{
    SEAL_CLEANUP(buf_fini) struct buf packets = pieces_file(file);
    pieces_add(&bytes, tag, pieces_nth(buf_span(&packets), 0, tag));
}

static void add_piece(enum piece piece)
{
    if (piece >= SESSION && piece <= SESSION_LONG)
        add_session(piece);
    else if (piece >= CONTAINER && piece <= CONTAINER_EMPTY)
        add_container(piece);
    else if (piece >= SIGNATURE && piece <= SIGNATURE_CUT)
        add_signature(piece);
    else if (piece == PASSWORD)
        add_first_of("message-password.gpg", FRAME_SKESK);
    else if (piece == PASSWORD_V5)
        pieces_add(&bytes, FRAME_SKESK, span_of("\x05\x09\x02"));
    else if (piece == LITERAL)
        add_first_of("literal.gpg", FRAME_LITERAL);
    else if (piece == ONE_PASS)
        add_first_of("signed-two.gpg", FRAME_ONE_PASS);
    else if (piece == KEY)
        add_first_of("key-alice.gpg", FRAME_PUBLIC_KEY);
    else if (piece == MARKER)
        pieces_add(&bytes, FRAME_MARKER, span_of("PGP"));
    else if (piece == MARKER_TALKS)
        pieces_add(&bytes, FRAME_MARKER, span_of("Dear Bob, the password is ORCHID"));
    else
        pieces_add(&bytes, piece == PADDING ? 21 : piece == SECRET_SUBKEY ? 7 : 60, span_of("ORCHID"));
}

static const struct {
    const char *name;
    enum piece pieces[6];
    enum pgp_kind kind;
    const char *why; /* in it; "": none */
} sequences[] = {
    {"an ordinary one", {SESSION, CONTAINER}, PGP_KIND_ENCRYPTED, ""},
    {"several keys and a password", {PASSWORD, SESSION, SESSION, CONTAINER}, PGP_KIND_ENCRYPTED, ""},
    {"a marker in front", {MARKER, SESSION, MARKER, CONTAINER, MARKER}, PGP_KIND_ENCRYPTED, ""},
    {"RFC 9580", {SESSION_V6, CONTAINER_V2}, PGP_KIND_ENCRYPTED, "SEIPD version 2"},
    {"RFC 9580's key, old container",
     {SESSION_V6, CONTAINER},
     PGP_KIND_ENCRYPTED,
     "session key of a version"},
    {"both keys, old container",
     {SESSION_V6, SESSION, CONTAINER},
     PGP_KIND_ENCRYPTED,
     "session key of a version"},
    {"both kinds of password",
     {SESSION, PASSWORD_V5, CONTAINER},
     PGP_KIND_ENCRYPTED,
     "session key of a version"},
    {"old key, new container", {SESSION, CONTAINER_V2}, PGP_KIND_ENCRYPTED, "SEIPD version 2"},
    {"GnuPG 2.3", {SESSION, CONTAINER_OCB}, PGP_KIND_ENCRYPTED, "OCB"},
    {"no integrity", {SESSION, CONTAINER_SED}, PGP_KIND_ENCRYPTED, "without integrity protection"},
    {"password only", {PASSWORD, CONTAINER}, PGP_KIND_ENCRYPTED, "no session key for a public key"},
    {"unknown algorithm only",
     {SESSION_ODD, CONTAINER},
     PGP_KIND_ENCRYPTED,
     "no session key for a public key"},
    {"unknown algorithm too", {SESSION_ODD, SESSION, CONTAINER}, PGP_KIND_ENCRYPTED, ""},
    {"literal alone", {LITERAL}, PGP_KIND_SIGNED, ""},
    {"literal behind a session key", {SESSION, LITERAL}, PGP_KIND_NONE, "between session keys"},
    {"literal in front", {LITERAL, SESSION, CONTAINER}, PGP_KIND_NONE, "behind the data"},
    {"literal behind", {SESSION, CONTAINER, LITERAL}, PGP_KIND_NONE, "behind the encrypted container"},
    {"two containers", {SESSION, CONTAINER, CONTAINER}, PGP_KIND_NONE, "behind the encrypted container"},
    {"two messages",
     {SESSION, CONTAINER, SESSION, CONTAINER},
     PGP_KIND_NONE,
     "behind the encrypted container"},
    {"signature behind", {SESSION, CONTAINER, SIGNATURE}, PGP_KIND_NONE, "behind the encrypted container"},
    {"signed outside",
     {ONE_PASS, SESSION, CONTAINER, SIGNATURE},
     PGP_KIND_NONE,
     "neither literal nor compressed"},
    {"signature in front", {SIGNATURE, SESSION, CONTAINER}, PGP_KIND_NONE, "neither literal nor compressed"},
    {"no session key", {CONTAINER}, PGP_KIND_NONE, "without a session key"},
    {"session key alone", {SESSION}, PGP_KIND_NONE, "without anything encrypted"},
    {"nothing in it", {SESSION, CONTAINER_EMPTY}, PGP_KIND_NONE, "nothing in it"},
    {"container of the future", {SESSION, CONTAINER_V3}, PGP_KIND_NONE, "version that is not known"},
    {"session key of the future", {SESSION_V9, CONTAINER}, PGP_KIND_NONE, "version that is not known"},
    {"session key with more in it", {SESSION_LONG, CONTAINER}, PGP_KIND_NONE, "malformed"},
    {"marker with text", {MARKER_TALKS, SESSION, CONTAINER}, PGP_KIND_NONE, "marker"},
    {"padding", {PADDING, SESSION, CONTAINER}, PGP_KIND_NONE, "begins nothing"},
    {"private packet between", {SESSION, PRIVATE, CONTAINER}, PGP_KIND_NONE, "between session keys"},
    {"private packet behind", {SESSION, CONTAINER, PRIVATE}, PGP_KIND_NONE, "behind the encrypted container"},
    {"key behind", {SESSION, CONTAINER, KEY}, PGP_KIND_NONE, "behind the encrypted container"},
    {"old signed message", {SIGNATURE, LITERAL}, PGP_KIND_SIGNED, ""},
    {"signed in one pass", {ONE_PASS, LITERAL, SIGNATURE}, PGP_KIND_SIGNED, ""},
    {"one signature too few", {ONE_PASS, ONE_PASS, LITERAL, SIGNATURE}, PGP_KIND_NONE, "is missing"},
    {"one signature too many", {ONE_PASS, LITERAL, SIGNATURE, SIGNATURE}, PGP_KIND_NONE, "behind the data"},
    {"one pass for nothing", {ONE_PASS}, PGP_KIND_NONE, "for nothing"},
    {"two literals", {LITERAL, LITERAL}, PGP_KIND_NONE, "behind the data"},
    {"signature and key", {SIGNATURE, KEY}, PGP_KIND_NONE, "neither literal nor compressed"},
    {"signature of version 6", {SIGNATURE_V6}, PGP_KIND_SIGNATURE, "version that gpg does not know"},
    {"both versions", {SIGNATURE_V6, SIGNATURE}, PGP_KIND_SIGNATURE, "version that gpg does not know"},
    {"both, the other way round",
     {SIGNATURE, SIGNATURE_V6},
     PGP_KIND_SIGNATURE,
     "version that gpg does not know"},
    {"malformed signature", {SIGNATURE, SIGNATURE_CUT}, PGP_KIND_NONE, "malformed"},
    {"key and message", {KEY, SESSION, CONTAINER}, PGP_KIND_NONE, "does not belong there"},
    {"key with secret subkey", {KEY, SECRET_SUBKEY}, PGP_KIND_SECRET, ""},
    {"subkey first", {SECRET_SUBKEY, KEY}, PGP_KIND_NONE, "begins nothing"},
};

START_TEST(sequence_of_packets_is_one_whole_or_nothing)
{
    for (size_t i = 0; i < SEAL_COUNT(sequences[_i].pieces) && sequences[_i].pieces[i] != END; i++)
        add_piece(sequences[_i].pieces[i]);
    enum pgp_kind kind = look();
    const char *why = outside.why == NULL ? "" : outside.why, *expected = sequences[_i].why;
    ck_assert_msg(kind == sequences[_i].kind, "%s: kind %d: %s", sequences[_i].name, kind, why);
    ck_assert_msg(*expected == '\0' ? *why == '\0' : strstr(why, expected) != NULL, "%s: \"%s\"",
                  sequences[_i].name, why);
    if (kind == PGP_KIND_ENCRYPTED || kind == PGP_KIND_SIGNATURE)
        ck_assert_msg(outside.supported == (*expected == '\0'), "%s", sequences[_i].name);
}
END_TEST

START_TEST(there_is_a_key_id_for_each_signature_also_of_nobody)
{
    SEAL_CLEANUP(buf_fini) struct buf two = pieces_file("signature-two.gpg");
    struct span named = pieces_nth(buf_span(&two), 0, FRAME_SIGNATURE);
    pieces_add(&bytes, FRAME_SIGNATURE, named);
    /* Version 4, made at some time, and nothing else. */
    pieces_add(&bytes, FRAME_SIGNATURE,
               (struct span){"\4\0\x16\x08\0\6\5\2time\0\0\x12\x34\0\1\1\0\1\1", 22});
    ck_assert_int_eq(look(), PGP_KIND_SIGNATURE);
    ck_assert(outside.supported && !outside.hidden);
    ck_assert_uint_eq(outside.nkeyids, 2);
    ck_assert_str_ne(outside.keyids[0], "0000000000000000");
    ck_assert_str_eq(outside.keyids[1], "0000000000000000");
}
END_TEST

START_TEST(integrity_is_told_by_the_container)
{
    static const enum piece containers[] = {CONTAINER, CONTAINER_V2, CONTAINER_OCB, CONTAINER_SED};
    for (size_t i = 0; i < SEAL_COUNT(containers); i++) {
        buf_clear(&bytes);
        add_piece(SESSION);
        add_piece(containers[i]);
        ck_assert_int_eq(look(), PGP_KIND_ENCRYPTED);
        ck_assert_int_eq(outside.authenticated, containers[i] != CONTAINER_SED);
    }
}
END_TEST

/* The rest of gpg's input would be the container's body, whatever it is. */
START_TEST(container_of_indeterminate_length_is_nothing)
{
    add_piece(SESSION);
    buf_add(&bytes, "\xa7", 1);
    buf_add_str(&bytes, "whatever");
    ck_assert_int_eq(look(), PGP_KIND_NONE);
}
END_TEST

static const struct {
    enum piece piece;
    size_t n; /* one more is too many */
    bool message;
} counts[] = {{SESSION, 1000, true},
              {PASSWORD, 1000, true},
              {MARKER, 1998, true},
              {SIGNATURE, 20, false},
              {KEY, 20000, false}};

START_TEST(too_many_packets_are_a_limit)
{
    struct err err = ERR_INIT;
    for (size_t extra = 0; extra < 2; extra++) {
        buf_clear(&bytes);
        add_piece(counts[_i].piece);
        size_t len = bytes.len;
        for (size_t i = 1; i < counts[_i].n + extra; i++) {
            char *room = buf_reserve(&bytes, len);
            memcpy(room, bytes.ptr, len);
            buf_commit(&bytes, len);
        }
        if (counts[_i].message) {
            if (counts[_i].piece == MARKER)
                add_piece(SESSION);
            add_piece(CONTAINER);
        }
        if (extra == 0)
            ck_assert_int_ne(look(), PGP_KIND_NONE);
        else
            ck_fails(pgp_look(arena, buf_span(&bytes), &limits, &outside, &err), ERR_LIMIT);
    }
}
END_TEST

START_TEST(text_is_no_packet)
{
    static const char *const texts[] = {"", "Hello", "-----BEGIN PGP MESSAGE-----", "\x80", "\xc0", "\xff"};
    for (size_t i = 0; i < SEAL_COUNT(texts); i++)
        ck_assert_int_eq(look_at(span_of(texts[i])), PGP_KIND_NONE);
}
END_TEST

static Suite *packet_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/packet");
    TCase *tcase = tcase_create("packet");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, what_others_write_is_told_apart, 0, SEAL_COUNT(written));
    tcase_add_loop_test(tcase, what_is_cut_is_nothing, 0, SEAL_COUNT(written));
    tcase_add_test(tcase, recipients_are_named_as_gpg_names_them);
    tcase_add_loop_test(tcase, sequence_of_packets_is_one_whole_or_nothing, 0, SEAL_COUNT(sequences));
    tcase_add_test(tcase, there_is_a_key_id_for_each_signature_also_of_nobody);
    tcase_add_test(tcase, integrity_is_told_by_the_container);
    tcase_add_test(tcase, container_of_indeterminate_length_is_nothing);
    tcase_add_loop_test(tcase, too_many_packets_are_a_limit, 0, SEAL_COUNT(counts));
    tcase_add_test(tcase, text_is_no_packet);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(packet_suite)
