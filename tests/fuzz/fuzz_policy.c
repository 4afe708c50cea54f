/* fuzz_policy - any text is parsed or refused; what was parsed can be checked, and prints to what parses to the same print. */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what, const struct err *err)
{
    if (condition)
        return;
    fprintf(stderr, "%s: %s\n", what, err->msg);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL, *again = NULL;
    SEAL_CLEANUP(buf_fini)
    struct buf once = BUF_INIT(16u << 20), twice = BUF_INIT(16u << 20), said = BUF_INIT(64u << 20);
    if (size > 65536)
        return 0;
    if (policy_parse("fuzz", (struct span){(const char *)data, size}, NULL, 0, &policy, &err) < 0) {
        must(err_is_set(&err) && *err.msg != '\0', "failed without a reason", &err);
        return 0;
    }
    policy_print(policy, &once);
    must(policy_parse("print", buf_span(&once), NULL, 0, &again, &err) == 0, "its print does not parse",
         &err);
    policy_print(again, &twice);
    must(span_eq(buf_span(&once), buf_span(&twice)), "its print prints differently", &err);
    size_t errors = policy_check(policy, &said);
    must(errors == 0 || said.len > 0, "errors that are not told", &err);
    policy_free(&policy);
    policy_free(&again);
    return 0;
}
