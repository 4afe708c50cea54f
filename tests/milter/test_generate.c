/* test_generate - a key that a rule generates: made once, used for the message that asked for it and for the next. */
#include "milter/finish.h"
#include "support/check.h"
#include "support/rig.h"

#include "base/io.h"
#include "log/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"wish\"\n"
                             "    when outbound, to domain wish.example\n"
                             "    generate key\n"
                             "    sign if possible\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    generate key\n"
                             "    sign\n"
                             "rule \"rest\"\n"
                             "    generate key\n"
                             "    sign if possible\n";

#define GUEST     "guest@our.example"
#define AS(who)   .from = "<" who ">", .login = who
#define MAIL(who) "From: " who "\nMessage-Id: <1@client>\n\nORCHID\n"

static struct rig *rig;
static FILE *log_file;

static void set_up(void)
{
    rig = rig_new(policy, NULL, 0);
    site_known(rig->site, GUEST, "Gus T.");
    log_file = tmpfile();
    dup2(fileno(log_file), STDERR_FILENO);
    log_open(LOG_TO_STDERR, LEVEL_WARNING);
}

static void tear_down(void)
{
    rig_free(&rig);
    fclose(log_file);
}

static const char *log_text(void)
{
    static char text[20000];
    rewind(log_file);
    text[fread(text, 1, sizeof text - 1, log_file)] = '\0';
    return text;
}

static enum verdict guest_writes_to(const char *addr)
{
    return rig_send(rig, &(struct rig_mail){AS(GUEST), .to = {addr}, .text = MAIL(GUEST)});
}

static bool is_signed(void)
{
    return strstr(rig_delivered(rig), "multipart/signed") != NULL;
}

/* The only key of an address, and its certificate; false: there is none. */
static bool only_key_of(const char *addr, struct key_record *key, struct cert_record *cert)
{
    struct err err = ERR_INIT;
    struct store_read *read;
    struct key_record *keys;
    size_t n;
    ck_ok(store_read_begin(rig->site->store, rig->site->arena, &read, &err));
    ck_ok(store_keys_of(read, addr, &keys, &n, &err));
    ck_assert_uint_le(n, 1);
    if (n == 1) {
        *key = keys[0];
        ck_assert_int_eq(store_find_cert(read, key->fingerprint, cert, &err), FIND_FOUND);
    }
    store_read_end(&read);
    return n == 1;
}

START_TEST(first_message_has_a_key_generated_and_the_next_uses_it)
{
    struct key_record first, second;
    struct cert_record cert;
    site_own_ca(rig->site);
    ck_assert_int_eq(guest_writes_to("<bob@their.example>"), VERDICT_ACCEPT);
    ck_assert(is_signed());
    ck_assert(only_key_of(GUEST, &first, &cert));
    ck_assert_int_eq(cert.source, CERT_ISSUED);
    ck_assert_int_eq(cert.trust, TRUST_TRUSTED);
    ck_assert_uint_eq(cert.naddrs, 1);
    ck_assert_str_eq(cert.addrs[0], GUEST);
    ck_assert_uint_eq(cert.key_bits, 3072);
    ck_assert_int_eq(guest_writes_to("<carol@their.example>"), VERDICT_ACCEPT);
    ck_assert(is_signed());
    ck_assert(only_key_of(GUEST, &second, &cert));
    ck_assert_str_eq(first.fingerprint, second.fingerprint);
    const char *line = strstr(log_text(), "event=generate");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line + 1, "event=generate"));
    ck_assert_ptr_nonnull(strstr(line, "addr=" GUEST));
    ck_assert_ptr_nonnull(strstr(line, first.fingerprint));
}
END_TEST

#define THREADS 4

struct worker {
    pthread_t thread;
    struct rig *rig;
    enum verdict verdict;
};

static void *send_one(void *arg)
{
    static const char text[] = "From: " GUEST "\r\nMessage-Id: <1@client>\r\n\r\nORCHID\r\n";
    struct worker *worker = arg;
    worker->verdict = rig_send(worker->rig, &(struct rig_mail){AS(GUEST), .to = {"<bob@their.example>"},
                                                               .bytes = {text, sizeof text - 1}});
    return NULL;
}

START_TEST(messages_at_once_end_with_one_key)
{
    struct worker workers[THREADS];
    struct key_record key;
    struct cert_record cert;
    site_own_ca(rig->site);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.rig = rig_beside(rig)};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, send_one, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_int_eq(workers[i].verdict, VERDICT_ACCEPT);
        ck_assert_ptr_null(workers[i].rig->mta->trouble);
        ck_assert_ptr_nonnull(strstr(buf_str(&workers[i].rig->mta->log), "body\n"));
        rig_free(&workers[i].rig);
    }
    ck_assert(only_key_of(GUEST, &key, &cert));
}
END_TEST

START_TEST(who_may_not_sign_is_given_none)
{
    struct key_record key;
    struct cert_record cert;
    site_own_ca(rig->site);
    const struct rig_mail mails[] = {
        {.from = "<" GUEST ">", .to = {"<dave@our.example>"}, .text = MAIL(GUEST)}, /* from outside */
        {AS("stranger@our.example"), .to = {"<x@wish.example>"}, .text = MAIL("stranger@our.example")},
        {.from = "<" GUEST ">",
         .login = "other@our.example",
         .to = {"<x@wish.example>"},
         .text = MAIL(GUEST)},
        {.from = "<>", .login = GUEST, .to = {"<x@wish.example>"}, .text = MAIL(GUEST)},
    };
    for (size_t i = 0; i < SEAL_COUNT(mails); i++) {
        ck_assert_int_eq(rig_send(rig, &mails[i]), VERDICT_ACCEPT);
        ck_assert(!is_signed());
    }
    ck_assert(!only_key_of(GUEST, &key, &cert) && !only_key_of("stranger@our.example", &key, &cert));
    ck_assert_ptr_null(strstr(log_text(), "event=generate"));
}
END_TEST

START_TEST(without_a_ca_of_our_own_a_required_signature_defers_and_a_wished_one_is_left_out)
{
    ck_assert_int_eq(guest_writes_to("<bob@their.example>"), VERDICT_TEMPFAIL);
    ck_assert_ptr_nonnull(strstr(log_text(), "there is no own CA"));
    ck_assert_int_eq(guest_writes_to("<x@wish.example>"), VERDICT_ACCEPT);
    ck_assert(!is_signed());
    site_own_ca(rig->site);
    ck_assert_int_eq(guest_writes_to("<bob@their.example>"), VERDICT_ACCEPT);
    ck_assert(is_signed());
}
END_TEST

START_TEST(key_that_was_rejected_today_is_not_followed_by_another)
{
    struct err err = ERR_INIT;
    struct key_record key;
    struct cert_record cert;
    site_own_ca(rig->site);
    ck_assert_int_eq(guest_writes_to("<bob@their.example>"), VERDICT_ACCEPT);
    ck_assert(only_key_of(GUEST, &key, &cert));
    ck_ok(store_set_trust(rig->site->store, key.fingerprint, TRUST_REJECTED, &err));
    ck_assert_int_eq(guest_writes_to("<bob@their.example>"), VERDICT_TEMPFAIL);
    ck_assert(only_key_of(GUEST, &key, &cert));
    ck_assert_ptr_nonnull(strstr(log_text(), "less than a day ago"));
}
END_TEST

/* Whatever fails on the way, the message waits, and no certificate without its key is left: somebody would encrypt to it. */
START_TEST(what_fails_leaves_nothing_that_nobody_can_open)
{
    struct err err = ERR_INIT;
    site_own_ca(rig->site);
    for (unsigned n = 1;; n++) {
        struct store_read *read;
        struct cert_record *certs;
        size_t ncerts;
        io_fault_at(n, ENOSPC);
        enum verdict verdict = guest_writes_to("<bob@their.example>");
        io_fault_at(0, 0);
        ck_ok(store_read_begin(rig->site->store, rig->site->arena, &read, &err));
        ck_ok(store_certs_of(read, GUEST, &certs, &ncerts, &err));
        for (size_t i = 0; i < ncerts; i++) {
            struct key_record key;
            ck_assert_int_eq(store_find_key(read, certs[i].fingerprint, &key, &err), FIND_FOUND);
        }
        store_read_end(&read);
        ck_assert(verdict == VERDICT_TEMPFAIL || (verdict == VERDICT_ACCEPT && ncerts == 1 && is_signed()));
        if (verdict == VERDICT_ACCEPT)
            break;
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/generate");
    TCase *t = tcase_create("generate");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, first_message_has_a_key_generated_and_the_next_uses_it);
    tcase_add_test(t, messages_at_once_end_with_one_key);
    tcase_add_test(t, who_may_not_sign_is_given_none);
    tcase_add_test(t, without_a_ca_of_our_own_a_required_signature_defers_and_a_wished_one_is_left_out);
    tcase_add_test(t, key_that_was_rejected_today_is_not_followed_by_another);
    tcase_add_test(t, what_fails_leaves_nothing_that_nobody_can_open);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
