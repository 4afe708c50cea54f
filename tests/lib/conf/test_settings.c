#include "conf/settings.h"

#include "base/io.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static struct settings *parsed(struct arena *arena, const char *text)
{
    struct err err = ERR_INIT;
    struct settings *settings = NULL;
    ck_assert_msg(settings_parse(arena, "s", span_of(text), &settings, &err) == 0, "%s\n%s", text, err.msg);
    return settings;
}

START_TEST(an_empty_file_gives_the_defaults)
{
    struct arena *arena = arena_new(1u << 20);
    const struct settings *s = parsed(arena, "# nothing\n");
    ck_assert_str_eq(s->path, "s");
    ck_assert_str_eq(s->state_dir, "/var/lib/sealmilter");
    ck_assert_str_eq(s->policy_file, "/etc/sealmilter/policy.conf");
    ck_assert_str_eq(s->master_key, "/var/lib/sealmilter/master.key");
    ck_assert_str_eq(s->socket, "unix:/run/sealmilter/sealmilter.sock");
    ck_assert_str_eq(s->user, "sealmilter");
    ck_assert_str_eq(s->inject, "");
    ck_assert_uint_eq(s->spool_memory, 1u << 20);
    ck_assert_uint_eq(s->message_size_limit, 50u << 20);
    ck_assert_uint_eq(s->inject_timeout, 60);
    ck_assert_uint_eq(s->max_hidden, 20);
    ck_assert_uint_eq(s->max_copies, 100);
    ck_assert_uint_eq(s->workers_max, 200);
    ck_assert_uint_eq(s->trusted_networks.n, 0);
    ck_assert(!s->include_root && !s->match_dn_email && !s->allow_old_libcrypto);
    ck_assert_str_eq(s->tag_opened, "[secure]");
    ck_assert_str_eq(s->tag_signed, "[signed OK]");
    ck_assert_str_ne(s->hostname, "");
    ck_assert_str_eq(s->authserv_id, s->hostname);
    arena_free(&arena);
}
END_TEST

START_TEST(defaults_follow_from_what_is_set)
{
    struct arena *arena = arena_new(1u << 20);
    const struct settings *s = parsed(arena, "state = /srv/seal\nhostname = mx.example.org\n");
    ck_assert_str_eq(s->master_key, "/srv/seal/master.key");
    ck_assert_str_eq(s->authserv_id, "mx.example.org");
    s = parsed(arena,
               "state = /srv/seal\nmaster-key = /run/k\nauthserv-id = a.example\nhostname = b.example\n");
    ck_assert_str_eq(s->master_key, "/run/k");
    ck_assert_str_eq(s->notice_from, "Mail gateway <postmaster@b.example>");
    ck_assert_str_eq(s->authserv_id, "a.example");
    arena_free(&arena);
}
END_TEST

START_TEST(values_are_written_as_people_write_them)
{
    struct arena *arena = arena_new(1u << 20);
    const struct settings *s = parsed(arena, "tag-signed = [all good]   # with a blank\n"
                                             "tag-invalid = \"[# bad]\"\n"
                                             "tag-opened = \"\"\n"
                                             "spool=/tmp/my spool\n"
                                             "inject-timeout = 2m\n"
                                             "notice-from = The Gate <gate@b.example>\n"
                                             "spool-memory = 512k\n"
                                             "include-root = yes\n"
                                             "trusted-networks = 10.0.0.0/8, 192.0.2.1 2001:db8::/32,\n"
                                             "    198.51.100.0/24\n"
                                             "submission-listeners = 587 [::1]:10587, MSA\n"
                                             "inbound-listeners = \"\"\n");
    ck_assert_str_eq(s->tag_signed, "[all good]");
    ck_assert_str_eq(s->tag_invalid, "[# bad]");
    ck_assert_str_eq(s->tag_opened, "");
    ck_assert_str_eq(s->spool_dir, "/tmp/my spool");
    ck_assert_uint_eq(s->inject_timeout, 120);
    ck_assert_str_eq(s->notice_from, "The Gate <gate@b.example>");
    ck_assert_uint_eq(s->spool_memory, 512u << 10);
    ck_assert(s->include_root);
    ck_assert_uint_eq(s->trusted_networks.n, 4);
    ck_assert_str_eq(s->trusted_networks.items[3], "198.51.100.0/24");
    ck_assert_uint_eq(s->submission_listeners.n, 3);
    ck_assert_uint_eq(s->inbound_listeners.n, 0);
    arena_free(&arena);
}
END_TEST

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"stat = /x\n", "s:1:1: found 'stat', which is no setting; did you mean 'state'?"},
    {"\n  spol-memory = 1M\n",
     "s:2:3: found 'spol-memory', which is no setting; did you mean 'spool-memory'?"},
    {"frobnicate = yes\n", "s:1:1: found 'frobnicate', which is no setting"},
    {"\"state\" = /x\n", "s:1:1: found \"state\", which is no setting; did you mean 'state'?"},
    {"= /x\n", "s:1:1: found '=', which is no setting"},
    {"state /x\n", "s:1:7: found '/x', expected = behind state"},
    {"state\n", "s:1:6: found the end of the line, expected = behind state"},
    {"state =\n", "s:1:8: expected a value for state; \"\" is the empty one"},
    {"state = /a\nstate = /b\n", "s:2:1: state was set in line 1 already"},
    {"state = x\n", "s:1:9: state: found 'x', expected a path that begins with /"},
    {"state = \"\"\n", "s:1:9: state: found nothing, expected a path"},
    {"state = \"/a\" b\n", "s:1:14: expected nothing behind the string"},
    {"state = /a \"b\"\n", "s:1:12: found a string, expected the end of the line"},
    {"tag-signed = a,\nb\n", "s:2:1: a value stands on one line; one that ends in , or or is a string"},
    {"include-root = true\n", "s:1:16: include-root: found 'true', expected yes or no"},
    {"spool-memory = lots\n", "s:1:16: spool-memory: found 'lots', expected a size such as 512K, 10M or 1G"},
    {"spool-memory = 1\n", "s:1:16: spool-memory: found 1, expected 4K to 1G"},
    {"inject-timeout = 2h\n", "s:1:18: inject-timeout: found 2h, expected 1s to 1h"},
    {"max-copies = 0\n", "s:1:14: max-copies: found 0, expected 1 to 1000"},
    {"max-copies = 1K\n", "s:1:14: max-copies: found '1K', expected a number"},
    {"trusted-networks = 10.0.0.0/8, 10.1\n",
     "s:1:32: trusted-networks: found '10.1', not a network: expected an address, or an address/bits"},
    {"trusted-networks = a=b\n",
     "s:1:20: trusted-networks: found 'a', not a network: expected an address, or an address/bits"},
    {"submission-listeners = 99999\n",
     "s:1:24: submission-listeners: found '99999', not a listener: a port is from 1 to 65535"},
    {"socket = /run/x\n",
     "s:1:10: socket: found '/run/x', expected unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST"},
    {"socket = inet:0@localhost\n",
     "s:1:10: socket: found 'inet:0@localhost', expected unix:/PATH, inet:PORT@HOST or inet6:PORT@HOST"},
    {"socket-mode = 999\n", "s:1:15: socket-mode: found '999', expected an octal mode such as 0660"},
    {"inject = localhost\n", "s:1:10: inject: found 'localhost', expected HOST:PORT"},
    {"notice-from = Gate (x) <a@b.example>\n",
     "s:1:15: notice-from: found 'Gate (x) <a@b.example>', expected "
     "an address, or words and an address: Mail gateway <postmaster@example.org>"},
    {"notice-from = Gate\n",
     "s:1:15: notice-from: found 'Gate', expected an address, or words and an address: "
     "Mail gateway <postmaster@example.org>"},
    {"notice-from = Gate <a@b.example> x\n",
     "s:1:15: notice-from: found 'Gate <a@b.example> x', expected an "
     "address, or words and an address: Mail gateway <postmaster@example.org>"},
    {"notice-from = <>\n", "s:1:15: notice-from: found '<>', expected an address, or words and an address: "
                           "Mail gateway <postmaster@example.org>"},
    {"notice-rate = 0\n", "s:1:15: notice-rate: found 0, expected 1 to 1000000"},
    {"hostname = mx.a]b.example\n", "s:1:12: hostname: found 'mx.a]b.example', expected a host name"},
    {"authserv-id = a;b\n", "s:1:15: authserv-id: found 'a;b', expected a host name"},
    {"log = file\n", "s:1:7: log: found 'file', expected syslog or stderr"},
    {"log-level = all\n", "s:1:13: log-level: found 'all', expected error, warning, info or debug"},
    {"tag-opened = \" x\"\n", "s:1:14: tag-opened: found ' x', expected no blanks at its ends"},
    {"state = \"/a\n", "s:1:9: found a string without a closing \""},
};

START_TEST(every_mistake_is_told_with_its_place)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct settings *settings;
    ck_assert_msg(settings_parse(arena, "s", span_of(mistakes[_i].text), &settings, &err) < 0, "read: %s",
                  mistakes[_i].text);
    ck_assert_int_eq(err.code, ERR_CONFIG);
    ck_assert_str_eq(err.msg, mistakes[_i].message);
    arena_free(&arena);
}
END_TEST

START_TEST(what_is_printed_reads_back_the_same)
{
    struct arena *arena = arena_new(1u << 20);
    SEAL_CLEANUP(buf_fini) struct buf once = BUF_INIT(1u << 20), twice = BUF_INIT(1u << 20);
    settings_print(parsed(arena, "tag-signed = \"a \\\"b\\\" \\\\, #=\"\ntrusted-networks = 10.0.0.0/8 ::1\n"
                                 "hostname = mx.example\ntag-opened = or\n"),
                   &once);
    settings_print(parsed(arena, buf_str(&once)), &twice);
    ck_assert_str_eq(buf_str(&twice), buf_str(&once));
    ck_assert_ptr_nonnull(strstr(buf_str(&once), "tag-signed = \"a \\\"b\\\" \\\\, #=\"\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&once), "trusted-networks = 10.0.0.0/8, ::1\n"));
    arena_free(&arena);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told_apart)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    struct settings *settings;
    ck_fails(settings_load(arena, TESTS_DIR "/no-such-file", &settings, &err), ERR_ABSENT);
    ck_fails(settings_load(arena, TESTS_DIR, &settings, &err), ERR_IO);
    arena_free(&arena);
}
END_TEST

/* A default as the manual page writes it: a quotation mark is \(dq there. */
static void page_default(const char *value, struct buf *out)
{
    buf_add_str(out, "\nDefault:\n.Ql ");
    for (; *value != '\0'; value++)
        buf_add_str(out, *value == '"' ? "\\(dq" : (char[]){*value, '\0'});
    buf_add_str(out, " .\n");
}

static void check_item(const char *page, const char *name, const char *value)
{
    static const char *const following[] = {
        "hostname",   "authserv-id",     "notice-from",  "master-key",     "key-program",
        "key-socket", "openpgp-limiter", "openpgp-home", "openpgp-scratch"}; /* these say from what */
    SEAL_CLEANUP(buf_fini) struct buf item = BUF_INIT(1000), wanted = BUF_INIT(1000);
    buf_printf(&item, "\n.It Ic %s = ", name);
    page_default(value, &wanted);
    const char *at = strstr(page, buf_str(&item));
    ck_assert_msg(at != NULL, "no item for %s", name);
    const char *next = strstr(at + 1, "\n.It "), *found = strstr(at, buf_str(&wanted));
    bool said = found != NULL && (next == NULL || found < next);
    for (size_t i = 0; i < SEAL_COUNT(following); i++)
        said = said || strcmp(name, following[i]) == 0;
    ck_assert_msg(said, "%s: not said: %s", name, buf_str(&wanted));
}

/* Calls check for each setting with its default; how many it said yes to. */
static size_t count_settings(bool (*check)(struct arena *arena, const char *page, const char *name,
                                           const char *value))
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    SEAL_CLEANUP(buf_fini) struct buf page = BUF_INIT(1u << 20), table = BUF_INIT(1u << 20);
    ck_ok(io_read_file(TESTS_DIR "/../lib/conf/sealmilter.conf.5", &page, &err));
    settings_print(parsed(arena, ""), &table);
    size_t n = 0;
    char *rest = table.ptr;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *equals = strstr(line, " = ");
        if (*line == '#' || equals == NULL)
            continue;
        *equals = '\0';
        n += check(arena, buf_str(&page), line, equals + 3);
    }
    arena_free(&arena);
    return n;
}

static bool has_default(struct arena *arena, const char *page, const char *name, const char *value)
{
    (void)arena;
    check_item(page, name, value);
    return true;
}

START_TEST(the_manual_page_has_every_setting_with_its_default)
{
    ck_assert_uint_gt(count_settings(has_default), 30);
}
END_TEST

/* What the reader says a number may be: "From 1s to 1h." False for what is no number. */
static bool find_range(struct arena *arena, const char *name, struct buf *out)
{
    struct err err = ERR_INIT;
    struct settings *settings;
    const char *text = arena_printf(arena, "%s = 40000000000\n", name);
    if (settings_parse(arena, "s", span_of(text), &settings, &err) == 0)
        return false;
    const char *range = strstr(err.msg, "found 40000000000, expected ");
    if (range == NULL)
        return false;
    buf_printf(out, "\nFrom %s.\n", range + strlen("found 40000000000, expected "));
    return true;
}

static bool has_range(struct arena *arena, const char *page, const char *name, const char *value)
{
    (void)value;
    SEAL_CLEANUP(buf_fini) struct buf range = BUF_INIT(1000);
    if (!find_range(arena, name, &range))
        return false;
    const char *at = strstr(page, arena_printf(arena, "\n.It Ic %s = ", name));
    ck_assert_msg(at != NULL, "no item for %s", name);
    const char *next = strstr(at + 1, "\n.It Ic "), *found = strstr(at, buf_str(&range));
    ck_assert_msg(found != NULL && (next == NULL || found < next), "%s: not said: %s", name, buf_str(&range));
    return true;
}

START_TEST(the_manual_page_has_the_range_of_each_number)
{
    ck_assert_uint_gt(count_settings(has_range), 20);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/settings");
    TCase *t = tcase_create("settings");
    tcase_add_test(t, an_empty_file_gives_the_defaults);
    tcase_add_test(t, defaults_follow_from_what_is_set);
    tcase_add_test(t, values_are_written_as_people_write_them);
    tcase_add_loop_test(t, every_mistake_is_told_with_its_place, 0, SEAL_COUNT(mistakes));
    tcase_add_test(t, what_is_printed_reads_back_the_same);
    tcase_add_test(t, a_file_that_is_not_there_is_told_apart);
    tcase_add_test(t, the_manual_page_has_every_setting_with_its_default);
    tcase_add_test(t, the_manual_page_has_the_range_of_each_number);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
