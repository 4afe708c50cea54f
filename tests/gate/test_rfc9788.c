/*
 * The examples of RFC 9788, Appendices C and D, as they arrive: rebuilt from their structure and header fields, under keys and at the date of the
 * tests. Each is named by its Message-ID there.
 */
#include "support/check.h"
#include "support/has.h"
#include "support/site.h"

#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    decrypt\n"
                             "    tag\n"
                             "rule \"rest\"\n"
                             "    pass\n";

static struct site *site;
static struct pki_entity *alice, *bob;

static void setup(void)
{
    site = site_new(policy);
    alice = site_partner(site, "alice@smime.example", PKI_RSA2048);
    bob = site_user(site, "bob@our.example", PKI_RSA2048);
}

static void teardown(void)
{
    site_free(&site);
}

/* ---- the examples ---- */

enum layers {
    OPAQUE,    /* signedData */
    DETACHED,  /* multipart/signed */
    ENCRYPTED, /* envelopedData around signedData */
};

enum scheme {
    UNPROTECTED,
    CLEAR,
    BASELINE, /* Subject hidden */
    SHY,      /* and names, and the time zone */
    WRAPPED,  /* RFC 8551 */
};

static const struct example {
    const char *name;
    enum layers layers;
    enum scheme scheme;
    bool complex; /* multipart/mixed of text, HTML and a picture */
    bool legacy;  /* with a display of what is hidden */
    const char *answers;
} examples[] = {
    {"smime-one-part", OPAQUE, UNPROTECTED, false, false, NULL},
    {"smime-multipart", DETACHED, UNPROTECTED, false, false, NULL},
    {"smime-signed-enc", ENCRYPTED, UNPROTECTED, false, false, NULL},
    {"smime-one-part-complex", OPAQUE, UNPROTECTED, true, false, NULL},
    {"smime-multipart-complex", DETACHED, UNPROTECTED, true, false, NULL},
    {"smime-signed-enc-complex", ENCRYPTED, UNPROTECTED, true, false, NULL},
    {"smime-one-part-hp", OPAQUE, CLEAR, false, false, NULL},
    {"smime-multipart-hp", DETACHED, CLEAR, false, false, NULL},
    {"smime-one-part-complex-hp", OPAQUE, CLEAR, true, false, NULL},
    {"smime-multipart-complex-hp", DETACHED, CLEAR, true, false, NULL},
    {"smime-one-part-complex-rfc8551hp", OPAQUE, WRAPPED, true, false, NULL},
    {"smime-multipart-complex-rfc8551hp", DETACHED, WRAPPED, true, false, NULL},
    {"smime-signed-enc-hp-baseline", ENCRYPTED, BASELINE, false, false, NULL},
    {"smime-signed-enc-hp-baseline-legacy", ENCRYPTED, BASELINE, false, true, NULL},
    {"smime-signed-enc-hp-shy", ENCRYPTED, SHY, false, false, NULL},
    {"smime-signed-enc-hp-shy-legacy", ENCRYPTED, SHY, false, true, NULL},
    {"smime-signed-enc-hp-baseline-reply", ENCRYPTED, BASELINE, false, false, "smime-signed-enc-hp-baseline"},
    {"smime-signed-enc-hp-baseline-legacy-reply", ENCRYPTED, BASELINE, false, true,
     "smime-signed-enc-hp-baseline-legacy"},
    {"smime-signed-enc-complex-hp-baseline", ENCRYPTED, BASELINE, true, false, NULL},
    {"smime-signed-enc-complex-hp-baseline-legacy", ENCRYPTED, BASELINE, true, true, NULL},
    {"smime-signed-enc-complex-hp-shy-legacy", ENCRYPTED, SHY, true, true, NULL},
    {"smime-signed-enc-complex-hp-baseline-legacy-reply", ENCRYPTED, BASELINE, true, true,
     "smime-signed-enc-complex-hp-baseline-legacy"},
    {"smime-signed-enc-complex-rfc8551hp-baseline", ENCRYPTED, WRAPPED, true, false, NULL},
};

static bool hides(const struct example *e)
{
    return e->layers == ENCRYPTED && e->scheme != UNPROTECTED;
}

/* As the author wrote them; prefix: "HP-Outer: ", or nothing. */
static const char *fields(const struct example *e, const char *prefix, const char *subject, bool shy)
{
    const char *thread =
        e->answers == NULL
            ? ""
            : arena_printf(site->arena, "%sIn-Reply-To: <%s@example>\n%sReferences: <%s@example>\n", prefix,
                           e->answers, prefix, e->answers);
    return arena_printf(
        site->arena,
        "%sSubject: %s\n%sMessage-ID: <%s@example>\n%sFrom: %s\n%sTo: %s\n%sDate: %s\n"
        "%sUser-Agent: Sample MUA Version 1.0\n%s",
        prefix, subject, prefix, e->name, prefix, shy ? "alice@smime.example" : "Alice <alice@smime.example>",
        prefix, shy ? "bob@smime.example" : "Bob <bob@smime.example>", prefix,
        shy ? "Thu, 01 Jan 2026 00:00:00 +0000" : "Wed, 31 Dec 2025 19:00:00 -0500", prefix, thread);
}

static const char *outside(const struct example *e)
{
    return fields(e, "", hides(e) ? "[...]" : e->name, e->scheme == SHY);
}

static const char *text_of(const struct example *e)
{
    return arena_printf(site->arena, "%s%s%sThis is the\n%s\nmessage.\n\n-- \nAlice\nalice@smime.example\n",
                        e->legacy ? "Subject: " : "", e->legacy ? e->name : "", e->legacy ? "\n\n" : "",
                        e->name);
}

static const char *parts_of(const struct example *e)
{
    const char *mark = e->legacy ? "; hp-legacy-display=\"1\"" : "";
    const char *display =
        !e->legacy ? ""
                   : arena_printf(site->arena,
                                  "<div class=\"header-protection-legacy-display\">\n<pre>Subject: %s</pre>\n"
                                  "</div>\n",
                                  e->name);
    return arena_printf(site->arena,
                        "--550\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"fcd\"\n\n"
                        "--fcd\nContent-Type: text/plain; charset=\"us-ascii\"%s\nMIME-Version: 1.0\n"
                        "Content-Transfer-Encoding: 7bit\n\n%s"
                        "--fcd\nContent-Type: text/html; charset=\"us-ascii\"%s\nMIME-Version: 1.0\n"
                        "Content-Transfer-Encoding: 7bit\n\n<html><head><title></title></head><body>\n%s"
                        "<p>This is the\n<b>%s</b>\nmessage.</p></body></html>\n--fcd--\n\n"
                        "--550\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n"
                        "Content-Disposition: inline\n\niVBORw0KGgo=\n\n--550--\n",
                        mark, text_of(e), mark, display, e->name);
}

/* The message under the layers, with or without its fields. */
static const char *payload(const struct example *e)
{
    const char *hp = e->scheme == CLEAR                          ? "; hp=\"clear\""
                     : e->scheme == BASELINE || e->scheme == SHY ? "; hp=\"cipher\""
                                                                 : "";
    const char *inside = e->scheme == UNPROTECTED ? "" : fields(e, "", e->name, false);
    const char *outer =
        *hp == '\0' || e->scheme == CLEAR ? "" : fields(e, "HP-Outer: ", "[...]", e->scheme == SHY);
    const char *type = e->complex ? "multipart/mixed; boundary=\"550\"" : "text/plain; charset=\"utf-8\"";
    const char *mark = e->legacy && !e->complex ? "; hp-legacy-display=\"1\"" : "";
    return arena_printf(site->arena, "%sMIME-Version: 1.0\n%s%sContent-Type: %s%s%s\n\n%s",
                        e->scheme == WRAPPED ? "MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" : "",
                        inside, outer, type, mark, hp, e->complex ? parts_of(e) : text_of(e));
}

static struct span message_of(const struct example *e)
{
    switch (e->layers) {
    case OPAQUE:
        return site_signed_opaque(site, outside(e), payload(e), alice);
    case DETACHED:
        return site_signed(site, outside(e), payload(e), alice);
    case ENCRYPTED:
        break;
    }
    return site_enveloped(site, outside(e), site_signed_entity(site, payload(e), alice, PKI_NOW), bob);
}

static struct span arrive(struct span message)
{
    site_accepts(site, &(struct site_mail){
                           .from = "alice@smime.example", .to = {"bob@our.example"}, .bytes = message});
    return site_copy_for(site, "bob@our.example");
}

/* The Subject comes back; what the signature covers stays octet for octet, with its display; every other field is the one from outside. */
START_TEST(message_is_read_as_the_rfc_means_it)
{
    const struct example *e = &examples[_i];
    struct span message = message_of(e), copy = arrive(message);
    struct span kept = e->layers == ENCRYPTED
                           ? span_trim(site_crlf(site, payload(e)))
                           : span_sub(message, span_find(message, "\r\n\r\n", 4, 0), message.len);
    const char *tags = e->layers == ENCRYPTED ? "[secure] [signed OK] " : "[signed OK] ";
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), arena_printf(site->arena, "%s%s", tags, e->name));
    ck_assert_ptr_null(site_field(site, copy, "Subject", 1));
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_msg((strstr(status, "subject=protected") != NULL) == (e->scheme != UNPROTECTED), "%s", status);
    ck_assert_str_eq(site_field(site, copy, "From", 0),
                     e->scheme == SHY ? "alice@smime.example" : "Alice <alice@smime.example>");
    ck_assert_str_eq(site_field(site, copy, "Message-ID", 0),
                     arena_printf(site->arena, "<%s@example>", e->name));
    ck_assert_msg(span_find(copy, kept.ptr, kept.len, 0) != SIZE_MAX, "%.*s", SPAN_ARG(copy));
}
END_TEST

/* D.1, "Handling the Jones contract": what is hidden is the Subject and the Keywords, and only the Subject comes back into the header. */
START_TEST(display_of_the_jones_contract_goes_from_what_nobody_signed)
{
    static const char outer[] =
        "Date: Wed, 11 Jan 2023 16:08:43 -0500\nFrom: Bob <alice@smime.example>\n"
        "To: Alice <bob@our.example>\nMessage-ID: <20230111T210843Z.1234@lhp.example>\n"
        "Subject: [...]\n";
    static const char inner[] =
        "Date: Wed, 11 Jan 2023 16:08:43 -0500\nFrom: Bob <alice@smime.example>\nTo: Alice "
        "<bob@our.example>\n"
        "Subject: Handling the Jones contract\nKeywords: Contract, Urgent\n"
        "Message-ID: <20230111T210843Z.1234@lhp.example>\n"
        "Content-Type: text/plain; charset=\"us-ascii\"; hp-legacy-display=\"1\"; hp=\"cipher\"\n"
        "MIME-Version: 1.0\nHP-Outer: Date: Wed, 11 Jan 2023 16:08:43 -0500\n"
        "HP-Outer: From: Bob <alice@smime.example>\nHP-Outer: To: Alice <bob@our.example>\n"
        "HP-Outer: Subject: [...]\nHP-Outer: Message-ID: <20230111T210843Z.1234@lhp.example>\n\n"
        "Subject: Handling the Jones contract\nKeywords: Contract, Urgent\n\n"
        "Please review and approve or decline by Thursday, it's critical!\n\nThanks,\nBob\n";
    struct span copy = arrive(site_enveloped(site, outer, site_crlf(site, inner), bob));
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[not authenticated] [...]");
    ck_assert_str_eq(site_field(site, copy, "X-Sealmilter-Subject", 0), "Handling the Jones contract");
    ck_assert_ptr_null(site_field(site, copy, "Keywords", 0));
    ck_assert(!has(copy, "HP-Outer") && !has(copy, "Keywords: Contract"));
    ck_assert(has(copy, "\r\n\r\nPlease review and approve"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate/rfc9788");
    TCase *tcase = tcase_create("rfc9788");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, message_is_read_as_the_rfc_means_it, 0, (int)SEAL_COUNT(examples));
    tcase_add_test(tcase, display_of_the_jones_contract_goes_from_what_nobody_signed);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
