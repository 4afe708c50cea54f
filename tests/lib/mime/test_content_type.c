#include "mime/part.h"

#include "base/buf.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static const struct {
    const char *raw, *read; /* "type/subtype name=value|.." */
} good[] = {
    {" text/plain", "text/plain"},
    {" TEXT/Plain; Charset=\"UTF-8\"", "text/plain charset=UTF-8|"},
    {" text/plain;charset=utf-8;;", "text/plain charset=utf-8|"},
    {" text/plain; charset=us-ascii (Plain text)", "text/plain charset=us-ascii|"},
    {" text/plain (x); charset=utf-8", "text/plain charset=utf-8|"},
    {" text/plain; charset=a; charset=b", "text/plain charset=a|charset=b|"},
    {" application/pdf; name=my file (1).pdf", "application/pdf name=my file|"},
    {" application/pdf; name=file[1].pdf; x=y", "application/pdf name=file[1].pdf|x=y|"},
    {" application/pdf;\r\n\tname=\"a \\\"b\\\".pdf\"", "application/pdf name=a \"b\".pdf|"},
    {" application/pdf; name=\"never ends", "application/pdf name=never ends|"},
    {" application/pdf; name=\"=?utf-8?q?caf=C3=A9=2Epdf?=\"", "application/pdf name=caf\xc3\xa9.pdf|"},
    {" application/pdf; name*=utf-8'de'caf%C3%A9.pdf", "application/pdf name=caf\xc3\xa9.pdf|"},
    {" application/pdf; name*=iso-8859-1''caf%E9.pdf", "application/pdf name=caf\xc3\xa9.pdf|"},
    {" application/pdf; name*0*=utf-8''caf%C3; name*1*=%A9; name*2=\"%2e.pdf\"",
     "application/pdf name=caf\xc3\xa9%2e.pdf|"},
    {" application/pdf; name*1=b; name*0=a; name*3=d", "application/pdf name=ab|"},
    {" application/pdf; name=old.pdf; name*=utf-8''new.pdf", "application/pdf name=new.pdf|name=old.pdf|"},
    {" application/pdf; name*=utf-8''a%00b", "application/pdf name=a\xef\xbf\xbd"
                                             "b|"},
    {" application/pdf; name*=no-quotes%41", "application/pdf name=no-quotesA|"},
    {" application/pdf; *=x; name*1=y; =z; w", "application/pdf *=x|"},
    {" multipart/signed; micalg=sha-256; protocol=\"application/pkcs7-signature\"; boundary=b",
     "multipart/signed micalg=sha-256|protocol=application/pkcs7-signature|boundary=b|"},
};

START_TEST(type_and_parameters_are_read)
{
    struct err err = ERR_INIT;
    struct content_type type;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(10000);
    ck_ok(content_type_parse(arena, span_of(good[_i].raw), &type, &err));
    buf_printf(&out, "%s/%s%s", type.type, type.subtype, type.nparams > 0 ? " " : "");
    for (size_t i = 0; i < type.nparams; i++)
        buf_printf(&out, "%s=%s|", type.params[i].name, type.params[i].value);
    ck_assert_str_eq(buf_str(&out), good[_i].read);
}
END_TEST

static const struct {
    struct span raw;
    enum err_code code;
} bad[] = {
    {SPAN_LIT(""), ERR_SYNTAX},
    {SPAN_LIT(" text"), ERR_SYNTAX},
    {SPAN_LIT(" text/"), ERR_SYNTAX},
    {SPAN_LIT(" /plain"), ERR_SYNTAX},
    {SPAN_LIT(" text /plain"), ERR_SYNTAX},
    {SPAN_LIT(" text/plain charset=utf-8"), ERR_SYNTAX},
    {SPAN_LIT(" text/plain, text/html"), ERR_SYNTAX},
    {SPAN_LIT(" text/plain\0; x=y"), ERR_SYNTAX},
    {SPAN_LIT(" t\xc3\xa4xt/plain"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary = b"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary=b/c"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary=\"b\" c"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary=\"b"), ERR_SYNTAX},
    {SPAN_LIT(" multipart/mixed; boundary=b (c)"), ERR_AMBIGUOUS},
    {SPAN_LIT(" multipart/mixed; boundary=b; boundary=b"), ERR_AMBIGUOUS},
    {SPAN_LIT(" multipart/mixed; type=b; TYPE=c; boundary=x"), ERR_AMBIGUOUS},
    {SPAN_LIT(" multipart/mixed; boundary*1=b; boundary=b"), ERR_AMBIGUOUS},
    {SPAN_LIT(" multipart/mixed; boundary=\"b\\c\""), ERR_AMBIGUOUS},
};

START_TEST(what_cannot_be_read_in_one_way_is_refused)
{
    struct err err = ERR_INIT;
    struct content_type type;
    ck_fails(content_type_parse(arena, bad[_i].raw, &type, &err), bad[_i].code);
}
END_TEST

START_TEST(thousands_of_parameters_are_bounded)
{
    struct err err = ERR_INIT;
    struct content_type type;
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(1u << 20);
    buf_add_str(&value, _i == 0 ? " text/plain" : " multipart/mixed");
    for (int i = 0; i < 50000; i++)
        buf_printf(&value, "; p%d=x", i);
    if (_i == 0) {
        ck_ok(content_type_parse(arena, buf_span(&value), &type, &err));
        ck_assert_uint_le(type.nparams, 100);
    } else {
        ck_fails(content_type_parse(arena, buf_span(&value), &type, &err), ERR_AMBIGUOUS);
    }
}
END_TEST

static const struct {
    const char *raw, *type, *filename;
} dispositions[] = {
    {" attachment; filename=a.pdf", "attachment", "a.pdf"},
    {" ATTACHMENT;filename=\"a b.pdf\";size=10", "attachment", "a b.pdf"},
    {" inline;\r\n\tfilename*0=a;\r\n\tfilename*1=.pdf", "inline", "a.pdf"},
    {" attachment; filename=\"=?utf-8?b?YS5wZGY=?=\"", "attachment", "a.pdf"},
    {" attachment", "attachment", NULL},
    {"; filename=a.pdf", "", "a.pdf"},
    {" (x) attachment; filename=a.pdf", "", "a.pdf"},
    {"", "", NULL},
};

START_TEST(a_disposition_is_read_whatever_it_looks_like)
{
    struct content_disposition out;
    content_disposition_parse(arena, span_of(dispositions[_i].raw), &out);
    ck_assert_str_eq(out.type, dispositions[_i].type);
    const char *name = params_find(out.params, out.nparams, "filename");
    ck_assert_int_eq(name == NULL, dispositions[_i].filename == NULL);
    if (name != NULL)
        ck_assert_str_eq(name, dispositions[_i].filename);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("content_type");
    TCase *tcase = tcase_create("content_type");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, type_and_parameters_are_read, 0, SEAL_COUNT(good));
    tcase_add_loop_test(tcase, what_cannot_be_read_in_one_way_is_refused, 0, SEAL_COUNT(bad));
    tcase_add_loop_test(tcase, thousands_of_parameters_are_bounded, 0, 2);
    tcase_add_loop_test(tcase, a_disposition_is_read_whatever_it_looks_like, 0, SEAL_COUNT(dispositions));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
