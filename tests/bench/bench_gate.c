/*
 * bench_gate - the gate alone, in one thread: messages/s and microseconds a message, without an MTA. Not a test.
 *
 *     bench_gate [SECONDS]
 */
#include "bench/bench.h"
#include "support/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"pass\"\n    when outbound, to domain pass.example\n    pass\n"
                             "rule \"sign\"\n    when outbound, to domain sign.example\n    sign\n"
                             "rule \"out\"\n    when outbound\n    sign\n    encrypt\n"
                             "rule \"in\"\n    when inbound\n    decrypt\n    harvest\n    tag\n"
                             "rule \"house\"\n    when internal\n    pass\n";

static double duration = 1; /* seconds */

static void run(struct site *site, const char *name, const struct site_mail *mail)
{
    double begin = bench_now(), end;
    unsigned n = 0;
    do {
        if (site_run(site, mail) < 0 || site->outcome->verdict != VERDICT_ACCEPT) {
            fprintf(stderr, "%s: %s\n", name, site->err.msg);
            exit(1);
        }
        n++;
        end = bench_now();
    } while (end - begin < duration);
    printf("  %-14s %8.0f /s %8.0f us\n", name, n / (end - begin), (end - begin) / n * 1e6);
}

static char *letter(struct site *site, size_t size)
{
    char *text = arena_alloc(site->arena, size + 1);
    memset(text, 'x', size);
    for (size_t i = 70; i < size; i += 71)
        text[i] = '\n';
    return text;
}

static void measure(enum pki_key type, const char *type_name, size_t size)
{
    struct site *site = site_new(policy);
    site_user(site, "alice@our.example", type);
    struct pki_entity *alice = site_user(site, "ann@our.example", type);
    struct pki_entity *bob = site_partner(site, "bob@their.example", type);
    const char *text = letter(site, size);
    struct span out = site_crlf(
        site, arena_printf(site->arena, "From: alice@our.example\nTo: x@y\nSubject: Hi\n\n%s\n", text));
    struct span inner = site_signed_entity(
        site, arena_printf(site->arena, "Content-Type: text/plain\n\n%s\n", text), bob, PKI_NOW);
    struct span in =
        site_enveloped(site, "From: bob@their.example\nTo: ann@our.example\nSubject: Hi\n", inner, alice);
    printf("%s, %zu KB\n", type_name, size / 1000);
#define ALICE .from = "alice@our.example", .login = "alice@our.example", .bytes = out
    run(site, "pass", &(struct site_mail){ALICE, .to = {"x@pass.example"}});
    run(site, "sign", &(struct site_mail){ALICE, .to = {"x@sign.example"}});
    run(site, "sign+encrypt", &(struct site_mail){ALICE, .to = {"bob@their.example"}});
    run(site, "open+verify",
        &(struct site_mail){.from = "bob@their.example", .to = {"ann@our.example"}, .bytes = in});
    site_free(&site);
}

START_TEST(all)
{
    static const size_t sizes[] = {10000, 1000000};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        measure(PKI_P256, "P-256", sizes[i]);
        measure(PKI_RSA2048, "RSA-2048", sizes[i]);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        duration = strtod(argv[1], NULL);
    return bench_run("gate", all);
}
