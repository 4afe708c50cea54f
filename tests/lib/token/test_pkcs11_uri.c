#include "support/check.h"

#include "token/pkcs11_uri.h"

#include <string.h>

START_TEST(names_are_read)
{
    struct err err = ERR_INIT;
    struct pkcs11_uri uri;
    ck_ok(pkcs11_uri_parse(
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=0a1b;token=my%3btoken;"
        "id=%00%FFa;object=key%20of%20alice;type=private",
        &uri, &err));
    ck_assert_str_eq(uri.token, "my;token");
    ck_assert_str_eq(uri.model, "SoftHSM v2");
    ck_assert_str_eq(uri.manufacturer, "SoftHSM project");
    ck_assert_str_eq(uri.serial, "0a1b");
    ck_assert_str_eq(uri.object, "key of alice");
    ck_assert_uint_eq(uri.id_len, 3);
    ck_assert_mem_eq(uri.id, "\0\377a", 3);
    ck_ok(pkcs11_uri_parse("pkcs11:serial=1;id=%01", &uri, &err));
    ck_assert_str_eq(uri.token, "");
}
END_TEST

static const struct {
    const char *text;
    enum err_code code;
} refused[] = {
    {"", ERR_SYNTAX},
    {"file:/key", ERR_SYNTAX},
    {"pkcs11:", ERR_SYNTAX},
    {"pkcs11:token=gw", ERR_SYNTAX},
    {"pkcs11:object=key", ERR_SYNTAX},
    {"pkcs11:token=gw;object", ERR_SYNTAX},
    {"pkcs11:token=gw;object=", ERR_SYNTAX},
    {"pkcs11:token=gw;object=a;object=b", ERR_SYNTAX},
    {"pkcs11:token=gw;id=%01;id=%02", ERR_SYNTAX},
    {"pkcs11:token=gw;object=%4", ERR_SYNTAX},
    {"pkcs11:token=gw;object=%", ERR_SYNTAX},
    {"pkcs11:token=gw;object=%zz", ERR_SYNTAX},
    {"pkcs11:token=gw;object=a%00b", ERR_SYNTAX},
    {"pkcs11:token=123456789012345678901234567890123;object=a", ERR_SYNTAX},
    {"pkcs11:token=gw;object=a;;", ERR_SYNTAX},
    {"pkcs11:token=gw;object=a;type=cert", ERR_KEY_UNUSABLE},
    {"pkcs11:token=gw;object=a;slot-id=3", ERR_UNSUPPORTED},
    {"pkcs11:token=gw;object=a;x-vendor=1", ERR_UNSUPPORTED},
    {"pkcs11:token=gw;object=a?pin-value=1234", ERR_UNSUPPORTED},
    {"pkcs11:token=gw;object=a?module-path=/tmp/evil.so", ERR_UNSUPPORTED},
};

START_TEST(other_names_are_refused)
{
    struct err err = ERR_INIT;
    struct pkcs11_uri uri;
    ck_assert_msg(pkcs11_uri_parse(refused[_i].text, &uri, &err) < 0, "%s", refused[_i].text);
    ck_assert_msg(err.code == refused[_i].code, "%s: %s", refused[_i].text, err.msg);
    ck_assert_ptr_null(strstr(err.msg, "1234"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pkcs11_uri");
    TCase *all = tcase_create("all");
    tcase_add_test(all, names_are_read);
    tcase_add_loop_test(all, other_names_are_refused, 0, (int)SEAL_COUNT(refused));
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
