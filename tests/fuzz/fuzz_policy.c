/* fuzz_policy - any text is parsed or refused; what was parsed can be checked, and prints to what parses to the same print; any
 * text is a file of addresses, or the place of what is wrong with it is told. */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what, const struct err *err)
{
    if (condition)
        return;
    fprintf(stderr, "%s: %s\n", what, err->msg);
    abort();
}

/* The files that a policy names all hold the same. */
static int parse(struct span text, struct span list, struct policy **out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(64u << 20);
    const char **paths = NULL;
    size_t n = 0;
    if (policy_files("fuzz", text, arena, &paths, &n, err) < 0)
        return -1;
    struct policy_file *files = arena_array(arena, n, sizeof *files);
    for (size_t i = 0; i < n; i++)
        files[i] = (struct policy_file){paths[i], list};
    return policy_parse("fuzz", text, files, n, out, err);
}

static void read_policy(struct span text)
{
    static const struct span list = SPAN_LIT("a@b.example\n*.b.example # all\n");
    struct err err = ERR_INIT;
    struct policy *policy = NULL, *again = NULL;
    SEAL_CLEANUP(buf_fini)
    struct buf once = BUF_INIT(16u << 20), twice = BUF_INIT(16u << 20), said = BUF_INIT(64u << 20);
    if (parse(text, list, &policy, &err) < 0) {
        must(err_is_set(&err) && *err.msg != '\0', "failed without a reason", &err);
        return;
    }
    policy_print(policy, &once);
    must(parse(buf_span(&once), list, &again, &err) == 0, "its print does not parse", &err);
    policy_print(again, &twice);
    must(span_eq(buf_span(&once), buf_span(&twice)), "its print prints differently", &err);
    size_t errors = policy_check(policy, &said);
    must(errors == 0 || said.len > 0, "errors that are not told", &err);
    policy_free(&policy);
    policy_free(&again);
}

/* The same octets as a file of addresses. */
static void read_list(struct span text)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    if (parse(span_of("rule \"r\"\n    when to file /l\n    pass\n"), text, &policy, &err) < 0)
        must(strstr(err.msg, "/l:") != NULL, "a list fails without its place", &err);
    policy_free(&policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    if (size > 65536)
        return 0;
    read_policy(text);
    read_list(text);
    return 0;
}
