#include "model/template.h"

#include "support/check.h"

#include <stdio.h>
#include <string.h>

/* Pieces as "word:text|", a word by its number. */
static const struct {
    const char *text, *pieces;
} cases[] = {
    {"", ""},
    {"plain } text", "0:plain } text|"},
    {"{sender}", "1:{sender}|"},
    {"a {recipient}{recipients} {rule}", "0:a |2:{recipient}|3:{recipients}|0: |4:{rule}|"},
    {"{queue-id}{date}{hostname}{subject}", "5:{queue-id}|6:{date}|7:{hostname}|8:{subject}|"},
    {"{Sender}x", "9:{Sender}|0:x|"},
    {"{}", "9:{}|"},
    {"x{sender", "0:x|9:{sender|"},
    {"{{rule}}", "9:{|4:{rule}|0:}|"},
    {"{sende}{rule}", "9:{sende}|4:{rule}|"},
};

START_TEST(a_template_is_text_words_and_what_is_neither)
{
    char pieces[200] = "";
    struct template_piece piece;
    for (const char *at = cases[_i].text; template_next(&at, &piece);) {
        size_t n = strlen(pieces);
        snprintf(pieces + n, sizeof pieces - n, "%d:%.*s|", (int)piece.word, SPAN_ARG(piece.text));
    }
    ck_assert_str_eq(pieces, cases[_i].pieces);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/model/template");
    TCase *t = tcase_create("template");
    tcase_add_loop_test(t, a_template_is_text_words_and_what_is_neither, 0, SEAL_COUNT(cases));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
