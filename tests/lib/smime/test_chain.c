#include "support/check.h"
#include "support/pki.h"

#include "smime/chain.h"

#include <pthread.h>
#include <string.h>

static struct pki *pki;
static struct err err;
static struct chain_result result;
static struct pki_entity *root;
static const struct chain_terms sign_now = {.purpose = CHAIN_SIGN, .when = PKI_NOW, .now = PKI_NOW};

static void setup(void)
{
    err_clear(&err);
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Root"});
}

static void teardown(void)
{
    chain_result_fini(&result);
    pki_free(&pki);
}

/* One question: anchors of one trusted certificate, others known, extra from the message. */
struct question {
    struct pki_entity *trusted;
    struct pki_entity *other;
    struct pki_entity *extra[3];
    struct pki_entity *leaf;
    enum chain_purpose purpose;
    int64_t when;
    unsigned min_rsa_bits;
};

static enum chain_answer ask(const struct question *q)
{
    struct anchors *anchors;
    struct cert *extra[3];
    size_t nextra = 0;
    for (size_t i = 0; i < 3 && q->extra[i] != NULL; i++)
        extra[nextra++] = q->extra[i]->cert;
    chain_result_fini(&result);
    const struct chain_terms terms = {.purpose = q->purpose,
                                      .when = q->when == 0 ? PKI_NOW : q->when,
                                      .now = PKI_NOW,
                                      .min_rsa_bits = q->min_rsa_bits};
    ck_ok(anchors_new(q->trusted == NULL ? NULL : &q->trusted->cert, q->trusted != NULL,
                      q->other == NULL ? NULL : &q->other->cert, q->other != NULL, &anchors, &err));
    ck_ok(chain_check(anchors, q->leaf->cert, extra, nextra, &terms, &result, &err));
    anchors_free(&anchors);
    ck_assert_int_eq(result.answer == CHAIN_OK, result.npath > 0);
    ck_assert_int_eq(result.answer == CHAIN_OK, result.why[0] == '\0');
    return result.answer;
}

#define ck_answer(expected, ...)                                                                             \
    do {                                                                                                     \
        enum chain_answer got = ask(&(struct question){__VA_ARGS__});                                        \
        ck_assert_msg(got == (expected), "%d instead of %s: %s", got, #expected, result.why);                \
    } while (0)

#define SPEC(...) (&(struct pki_spec){__VA_ARGS__})

START_TEST(leaf_of_a_root_is_ok_for_both_purposes)
{
    for (enum pki_key type = PKI_P256; type <= PKI_RSA2048; type++) {
        struct pki_entity *bob = pki_leaf(pki, root, SPEC(.email = "bob@b.example", .type = type));
        ck_answer(CHAIN_OK, .trusted = root, .leaf = bob, .purpose = CHAIN_SIGN);
        ck_assert_uint_eq(result.npath, 2);
        ck_assert(result.path[0] == bob->cert && result.path[1] == root->cert);
        ck_answer(CHAIN_OK, .trusted = root, .leaf = bob, .purpose = CHAIN_ENCRYPT);
    }
}
END_TEST

START_TEST(intermediates_come_from_the_store_or_the_message)
{
    struct pki_entity *ca = pki_ca(pki, root, SPEC(.name = "CA"));
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_OK, .trusted = root, .other = ca, .leaf = bob);
    ck_answer(CHAIN_OK, .trusted = root, .extra = {bob, ca}, .leaf = bob);
    ck_assert_uint_eq(result.npath, 3);
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .leaf = bob);
}
END_TEST

START_TEST(root_of_the_message_is_not_trusted)
{
    struct pki_entity *stranger = pki_root(pki, SPEC(.name = "Stranger"));
    struct pki_entity *eve = pki_leaf(pki, stranger, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .extra = {stranger}, .leaf = eve);
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .other = stranger, .leaf = eve);
    ck_answer(CHAIN_UNTRUSTED, .trusted = NULL, .extra = {stranger}, .leaf = eve);
}
END_TEST

START_TEST(look_alike_of_a_root_is_not_trusted)
{
    struct pki_entity *twin = pki_root(pki, SPEC(.name = "Root", .no_key_ids = true));
    struct pki_entity *eve = pki_leaf(pki, twin, SPEC(.email = "bob@b.example", .no_key_ids = true));
    ck_answer(CHAIN_INVALID, .trusted = root, .extra = {twin}, .leaf = eve);
    struct pki_entity *twin2 = pki_root(pki, SPEC(.name = "Root"));
    struct pki_entity *eve2 = pki_leaf(pki, twin2, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .extra = {twin2}, .leaf = eve2);
}
END_TEST

START_TEST(look_alike_of_an_intermediate_displaces_none_that_is_known)
{
    struct pki_entity *ca = pki_ca(pki, root, SPEC(.name = "CA", .no_key_ids = true));
    struct pki_entity *twin = pki_ca(pki, root, SPEC(.name = "CA", .no_key_ids = true));
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example", .no_key_ids = true));
    ck_answer(CHAIN_OK, .trusted = root, .other = ca, .extra = {twin}, .leaf = bob);
    ck_answer(CHAIN_INVALID, .trusted = root, .extra = {twin}, .leaf = bob);
}
END_TEST

START_TEST(trusted_intermediate_needs_no_root)
{
    struct pki_entity *ca = pki_ca(pki, root, SPEC(.name = "CA"));
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_OK, .trusted = ca, .leaf = bob);
    ck_assert_uint_eq(result.npath, 2);
    ck_answer(CHAIN_UNTRUSTED, .trusted = NULL, .other = ca, .leaf = bob);
}
END_TEST

START_TEST(self_signed_leaf_is_ok_when_trusted_itself)
{
    struct pki_entity *bob = pki_self(pki, SPEC(.email = "bob@b.example", .type = PKI_RSA2048));
    ck_answer(CHAIN_OK, .trusted = bob, .leaf = bob, .purpose = CHAIN_ENCRYPT);
    ck_assert_uint_eq(result.npath, 1);
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .leaf = bob);
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .extra = {bob}, .other = bob, .leaf = bob);
}
END_TEST

START_TEST(leaf_that_is_no_ca_issues_nothing)
{
    struct pki_entity *bob = pki_leaf(pki, root, SPEC(.email = "bob@b.example"));
    struct pki_entity *eve = pki_leaf(pki, bob, SPEC(.email = "eve@b.example"));
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .extra = {bob}, .leaf = eve); /* no CA is no candidate */
    ck_answer(CHAIN_INVALID, .trusted = root, .other = bob, .leaf = eve);
    ck_answer(CHAIN_INVALID, .trusted = bob, .leaf = eve);
}
END_TEST

/* A CA with this flaw between root and leaf. */
static const struct {
    const char *what;
    enum chain_answer answer;
    struct pki_spec ca;
} flaws[] = {
    {"no flaw", CHAIN_OK, {.name = "CA"}},
    {"no basicConstraints", CHAIN_INVALID, {.name = "CA", .basic = "none"}},
    {"CA:FALSE",
     CHAIN_INVALID,
     {.name = "CA", .basic = "critical,CA:FALSE", .key_usage = "critical,keyCertSign"}},
    {"no keyCertSign", CHAIN_INVALID, {.name = "CA", .key_usage = "critical,digitalSignature,cRLSign"}},
    {"path length without keyCertSign",
     CHAIN_INVALID,
     {.name = "CA", .basic = "critical,CA:TRUE,pathlen:0", .key_usage = "critical,cRLSign"}},
    {"EKU without e-mail", CHAIN_INVALID, {.name = "CA", .eku = "serverAuth,clientAuth"}},
    {"EKU with e-mail", CHAIN_OK, {.name = "CA", .eku = "clientAuth,emailProtection"}},
    {"EKU any", CHAIN_OK, {.name = "CA", .eku = "anyExtendedKeyUsage"}},
    {"unknown critical extension", CHAIN_INVALID, {.name = "CA", .more = "1.2.3.4.5=critical,ASN1:NULL"}},
    {"SHA-1 in the path", CHAIN_INVALID, {.name = "CA", .digest = "SHA1"}},
    {"MD5 in the path", CHAIN_INVALID, {.name = "CA", .digest = "MD5"}},
    {"expired", CHAIN_EXPIRED, {.name = "CA", .not_after = PKI_NOW - 1}},
    {"not yet valid", CHAIN_EXPIRED, {.name = "CA", .not_before = PKI_NOW + 1}},
    {"name constraint that is kept",
     CHAIN_OK,
     {.name = "CA", .constraints = "critical,permitted;email:b.example"}},
    {"name constraint by address, kept",
     CHAIN_OK,
     {.name = "CA", .constraints = "critical,permitted;email:bob@b.example"}},
    {"name constraint that is violated",
     CHAIN_INVALID,
     {.name = "CA", .constraints = "critical,permitted;email:c.example"}},
    {"host for its domain only",
     CHAIN_INVALID,
     {.name = "CA", .constraints = "critical,permitted;email:.b.example"}},
    {"excluded", CHAIN_INVALID, {.name = "CA", .constraints = "critical,excluded;email:b.example"}},
    {"excluded elsewhere", CHAIN_OK, {.name = "CA", .constraints = "critical,excluded;email:c.example"}},
    {"constraint of another kind",
     CHAIN_OK,
     {.name = "CA", .constraints = "critical,permitted;DNS:c.example"}},
    {"RSA of 1024 bits", CHAIN_INVALID, {.name = "CA", .type = PKI_RSA1024}},
    {"Ed25519", CHAIN_INVALID, {.name = "CA", .type = PKI_ED25519}},
    {"no key identifiers", CHAIN_OK, {.name = "CA", .no_key_ids = true}},
    {"no key usage", CHAIN_INVALID, {.name = "CA", .key_usage = "none"}},
};

START_TEST(flaw_of_an_intermediate_decides)
{
    struct pki_entity *rsa =
        pki_root(pki, SPEC(.name = "RSA root", .type = PKI_RSA2048)); /* can sign with MD5 */
    struct pki_entity *ca = pki_ca(pki, rsa, &flaws[_i].ca);
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example"));
    enum chain_answer got =
        ask(&(struct question){.trusted = rsa, .other = ca, .leaf = bob, .min_rsa_bits = 2048});
    ck_assert_msg(got == flaws[_i].answer, "%s: %d: %s", flaws[_i].what, got, result.why);
}
END_TEST

static const struct {
    const char *what;
    enum chain_purpose purpose;
    enum chain_answer answer;
    struct pki_spec leaf;
} leaves[] = {
    {"TLS server", CHAIN_SIGN, CHAIN_INVALID, {.eku = "serverAuth"}},
    {"TLS server", CHAIN_ENCRYPT, CHAIN_INVALID, {.eku = "serverAuth"}},
    {"any EKU", CHAIN_SIGN, CHAIN_OK, {.eku = "anyExtendedKeyUsage"}},
    {"no EKU", CHAIN_SIGN, CHAIN_OK, {.eku = "none"}},
    {"no key usage", CHAIN_ENCRYPT, CHAIN_OK, {.key_usage = "none"}},
    {"signing only", CHAIN_ENCRYPT, CHAIN_INVALID, {.key_usage = "digitalSignature"}},
    {"nonRepudiation only", CHAIN_SIGN, CHAIN_OK, {.key_usage = "nonRepudiation"}},
    {"encryption only, EC", CHAIN_ENCRYPT, CHAIN_OK, {.key_usage = "keyAgreement"}},
    {"encryption only, EC", CHAIN_SIGN, CHAIN_INVALID, {.key_usage = "keyAgreement"}},
    {"keyEncipherment with EC", CHAIN_ENCRYPT, CHAIN_INVALID, {.key_usage = "keyEncipherment"}},
    {"keyAgreement with RSA",
     CHAIN_ENCRYPT,
     CHAIN_INVALID,
     {.key_usage = "keyAgreement", .type = PKI_RSA2048}},
    {"expired", CHAIN_SIGN, CHAIN_EXPIRED, {.not_after = PKI_NOW - 1}},
    {"last second", CHAIN_SIGN, CHAIN_OK, {.not_after = PKI_NOW + 1}},
    {"not yet valid", CHAIN_SIGN, CHAIN_EXPIRED, {.not_before = PKI_NOW + 1}},
    {"SHA-1", CHAIN_SIGN, CHAIN_INVALID, {.digest = "SHA1"}},
    {"RSA of 1024 bits", CHAIN_SIGN, CHAIN_INVALID, {.type = PKI_RSA1024}},
    {"Ed25519", CHAIN_SIGN, CHAIN_INVALID, {.type = PKI_ED25519}},
    {"RSA-PSS only", CHAIN_SIGN, CHAIN_INVALID, {.type = PKI_RSA_PSS}},
    {"unknown critical extension", CHAIN_SIGN, CHAIN_INVALID, {.more = "1.2.3.4.5=critical,ASN1:NULL"}},
    {"no key identifiers", CHAIN_SIGN, CHAIN_OK, {.no_key_ids = true}},
};

START_TEST(flaw_of_a_leaf_decides)
{
    struct pki_spec spec = leaves[_i].leaf;
    spec.email = "bob@b.example";
    struct pki_entity *bob = pki_leaf(pki, root, &spec);
    enum chain_answer got = ask(&(struct question){
        .trusted = root, .leaf = bob, .purpose = leaves[_i].purpose, .min_rsa_bits = 2048});
    ck_assert_msg(got == leaves[_i].answer, "%s: %d: %s", leaves[_i].what, got, result.why);
}
END_TEST

START_TEST(path_length_is_kept)
{
    struct pki_entity *one = pki_ca(pki, root, SPEC(.name = "One", .basic = "critical,CA:TRUE,pathlen:0"));
    struct pki_entity *two = pki_ca(pki, one, SPEC(.name = "Two"));
    struct pki_entity *bob = pki_leaf(pki, one, SPEC(.email = "bob@b.example"));
    struct pki_entity *eve = pki_leaf(pki, two, SPEC(.email = "eve@b.example"));
    ck_answer(CHAIN_OK, .trusted = root, .other = one, .leaf = bob);
    ck_answer(CHAIN_INVALID, .trusted = root, .other = one, .extra = {two}, .leaf = eve);
}
END_TEST

START_TEST(path_is_limited)
{
    struct cert *cas[12];
    struct pki_entity *issuer = root;
    struct anchors *anchors;
    for (size_t i = 0; i < SEAL_COUNT(cas); i++) {
        issuer = pki_ca(pki, issuer, SPEC(.name = NULL));
        cas[i] = issuer->cert;
        struct pki_entity *bob = pki_leaf(pki, issuer, SPEC(.email = "bob@b.example"));
        ck_ok(anchors_new(&root->cert, 1, cas, i + 1, &anchors, &err));
        ck_ok(chain_check(anchors, bob->cert, NULL, 0, &sign_now, &result, &err));
        bool fits = i + 3 <= CHAIN_PATH_MAX;
        ck_assert_msg((result.answer == CHAIN_OK) == fits, "%zu intermediates: %s", i + 1, result.why);
        ck_assert_uint_eq(result.npath, fits ? i + 3 : 0);
        chain_result_fini(&result);
        anchors_free(&anchors);
    }
}
END_TEST

START_TEST(constraint_holds_for_every_name_of_the_leaf)
{
    struct pki_entity *ca =
        pki_ca(pki, root, SPEC(.name = "CA", .constraints = "critical,permitted;email:b.example"));
    struct pki_entity *two =
        pki_leaf(pki, ca, SPEC(.email = "bob@b.example", .email2 = "director@bank.example"));
    struct pki_entity *dn =
        pki_leaf(pki, ca, SPEC(.email = "bob@b.example", .dn_email = "director@bank.example"));
    struct pki_entity *utf8 =
        pki_leaf(pki, ca, SPEC(.name = "x", .utf8_email = SPAN_LIT("b\xc3\xb6sse@bank.example")));
    ck_answer(CHAIN_INVALID, .trusted = root, .other = ca, .leaf = two);
    ck_answer(CHAIN_INVALID, .trusted = root, .other = ca, .leaf = dn);
    ck_answer(CHAIN_INVALID, .trusted = root, .other = ca, .leaf = utf8);
}
END_TEST

START_TEST(constraint_of_a_root_binds_too)
{
    struct pki_entity *narrow =
        pki_root(pki, SPEC(.name = "Narrow", .constraints = "critical,permitted;email:b.example"));
    struct pki_entity *eve = pki_leaf(pki, narrow, SPEC(.email = "director@bank.example"));
    ck_answer(CHAIN_INVALID, .trusted = narrow, .leaf = eve);
}
END_TEST

START_TEST(every_certificate_of_the_path_must_be_valid_at_that_time)
{
    struct pki_entity *old = pki_root(pki, SPEC(.name = "Old", .not_after = PKI_NOW));
    struct pki_entity *bob = pki_leaf(pki, old, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_OK, .trusted = old, .leaf = bob, .when = PKI_NOW - PKI_DAY);
    ck_answer(CHAIN_EXPIRED, .trusted = old, .leaf = bob, .when = PKI_NOW + PKI_DAY);
}
END_TEST

START_TEST(renewed_intermediate_is_preferred_to_its_expired_one)
{
    struct pki_entity *old = pki_ca(pki, root, SPEC(.name = "CA", .not_after = PKI_NOW - 1));
    struct pki_entity *new = pki_ca(pki, root, SPEC(.name = "CA", .same_key = old));
    struct pki_entity *bob = pki_leaf(pki, old, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_OK, .trusted = root, .other = old, .extra = {new}, .leaf = bob);
    ck_answer(CHAIN_OK, .trusted = root, .other = new, .extra = {old}, .leaf = bob);
}
END_TEST

START_TEST(own_signature_of_an_anchor_counts_for_nothing)
{
    struct pki_entity *sha1 = pki_root(pki, SPEC(.name = "Sha", .digest = "SHA1"));
    struct pki_entity *bob = pki_leaf(pki, sha1, SPEC(.email = "bob@b.example"));
    ck_answer(CHAIN_OK, .trusted = sha1, .leaf = bob);
}
END_TEST

START_TEST(form_of_a_home_made_anchor_is_forgiven)
{
    struct pki_entity *home =
        pki_root(pki, SPEC(.name = "Home", .basic = "CA:TRUE", .key_usage = "none", .no_key_ids = true));
    struct pki_entity *bob = pki_leaf(pki, home, SPEC(.email = "bob@b.example", .no_key_ids = true));
    ck_answer(CHAIN_OK, .trusted = home, .leaf = bob);
}
END_TEST

START_TEST(floor_for_rsa_keys_holds_for_the_whole_path)
{
    struct pki_entity *weak = pki_root(pki, SPEC(.name = "Weak", .type = PKI_RSA2048));
    struct pki_entity *bob = pki_leaf(pki, weak, SPEC(.email = "bob@b.example", .type = PKI_RSA3072));
    ck_answer(CHAIN_OK, .trusted = weak, .leaf = bob, .min_rsa_bits = 2048);
    ck_answer(CHAIN_INVALID, .trusted = weak, .leaf = bob, .min_rsa_bits = 3072);
}
END_TEST

START_TEST(broken_signature_is_invalid)
{
    struct pki_entity *twin = pki_root(pki, SPEC(.name = "Root", .no_key_ids = true));
    struct pki_entity *eve = pki_leaf(pki, twin, SPEC(.email = "bob@b.example", .no_key_ids = true));
    ck_answer(CHAIN_INVALID, .trusted = root, .leaf = eve);
}
END_TEST

START_TEST(reason_cannot_break_a_line)
{
    struct pki_entity *eve =
        pki_self(pki, SPEC(.name = "Eve\r\nX: y \x1b[31m \xe2\x80\xae and so on and on and on and on",
                           .email = "eve@b.example"));
    ck_answer(CHAIN_UNTRUSTED, .trusted = root, .leaf = eve);
    for (const char *p = result.why; *p != '\0'; p++)
        ck_assert((unsigned char)*p >= 0x20 && *p != 0x7f);
    ck_assert_ptr_null(strstr(result.why, "\xe2\x80\xae"));
}
END_TEST

struct work {
    const struct anchors *anchors;
    struct cert *leaf, *ca;
};

static void *check_often(void *arg)
{
    struct work *work = arg;
    struct err mine = ERR_INIT;
    struct chain_result r;
    intptr_t failures = 0;
    for (int i = 0; i < 30; i++) {
        if (chain_check(work->anchors, work->leaf, &work->ca, 1, &sign_now, &r, &mine) < 0 ||
            r.answer != CHAIN_OK)
            failures++;
        chain_result_fini(&r);
    }
    return (void *)failures;
}

START_TEST(threads_share_anchors_and_certificates)
{
    struct pki_entity *ca = pki_ca(pki, root, SPEC(.name = "CA"));
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example"));
    struct anchors *anchors;
    pthread_t threads[4];
    void *failures;
    ck_ok(anchors_new(&root->cert, 1, NULL, 0, &anchors, &err));
    struct work work = {anchors, bob->cert, ca->cert};
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, check_often, &work), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], &failures);
        ck_assert_ptr_null(failures);
    }
    anchors_free(&anchors);
}
END_TEST

START_TEST(excess_of_candidates_is_not_looked_at)
{
    struct pki_entity *ca = pki_ca(pki, root, SPEC(.name = "CA"));
    struct pki_entity *other = pki_ca(pki, root, SPEC(.name = "Other"));
    struct pki_entity *bob = pki_leaf(pki, ca, SPEC(.email = "bob@b.example"));
    struct cert *extra[CHAIN_EXTRA_MAX + 1];
    struct anchors *anchors;
    ck_ok(anchors_new(&root->cert, 1, NULL, 0, &anchors, &err));
    for (size_t at = CHAIN_EXTRA_MAX - 1; at <= CHAIN_EXTRA_MAX; at++) {
        for (size_t i = 0; i < SEAL_COUNT(extra); i++)
            extra[i] = i == at ? ca->cert : other->cert;
        ck_ok(chain_check(anchors, bob->cert, extra, SEAL_COUNT(extra), &sign_now, &result, &err));
        ck_assert_int_eq(result.answer, at < CHAIN_EXTRA_MAX ? CHAIN_OK : CHAIN_UNTRUSTED);
        chain_result_fini(&result);
    }
    anchors_free(&anchors);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smime/chain");
    TCase *c = tcase_create("chain");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, leaf_of_a_root_is_ok_for_both_purposes);
    tcase_add_test(c, intermediates_come_from_the_store_or_the_message);
    tcase_add_test(c, root_of_the_message_is_not_trusted);
    tcase_add_test(c, look_alike_of_a_root_is_not_trusted);
    tcase_add_test(c, look_alike_of_an_intermediate_displaces_none_that_is_known);
    tcase_add_test(c, trusted_intermediate_needs_no_root);
    tcase_add_test(c, self_signed_leaf_is_ok_when_trusted_itself);
    tcase_add_test(c, leaf_that_is_no_ca_issues_nothing);
    tcase_add_loop_test(c, flaw_of_an_intermediate_decides, 0, SEAL_COUNT(flaws));
    tcase_add_loop_test(c, flaw_of_a_leaf_decides, 0, SEAL_COUNT(leaves));
    tcase_add_test(c, path_length_is_kept);
    tcase_add_test(c, path_is_limited);
    tcase_add_test(c, constraint_holds_for_every_name_of_the_leaf);
    tcase_add_test(c, constraint_of_a_root_binds_too);
    tcase_add_test(c, every_certificate_of_the_path_must_be_valid_at_that_time);
    tcase_add_test(c, renewed_intermediate_is_preferred_to_its_expired_one);
    tcase_add_test(c, own_signature_of_an_anchor_counts_for_nothing);
    tcase_add_test(c, form_of_a_home_made_anchor_is_forgiven);
    tcase_add_test(c, floor_for_rsa_keys_holds_for_the_whole_path);
    tcase_add_test(c, broken_signature_is_invalid);
    tcase_add_test(c, reason_cannot_break_a_line);
    tcase_add_test(c, threads_share_anchors_and_certificates);
    tcase_add_test(c, excess_of_candidates_is_not_looked_at);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
