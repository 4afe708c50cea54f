/* fuzz_expect - any text is a table of expectations, or its place that is wrong is told; what is one can be held against the policy. */
#include "policy/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policy_text[] =
    "our domains example.org\n"
    "keyword plain subject \"[plain]\"\n"
    "group Board is directory \"cn=board,dc=example\"\n"
    "group Friends is file \"/friends\"\n"
    "any login may sign for example.org\n"
    "rule \"plain\"\n  when outbound, keyword plain\n  pass\n"
    "rule \"alarm\"\n  when attachment name *.exe\n  alert admin@example.org\n  refuse \"No programs.\"\n"
    "rule \"board\"\n  when outbound, from group Board\n  attach keys\n  sign\n  encrypt, else return\n"
    "rule \"friends\"\n  when outbound, to group Friends\n  copy to archive@example.org\n  continue\n"
    "rule \"office\"\n  when inbound, client 192.0.2.0/24, tls, login\n  discard\n"
    "rule \"lead\"\n  when inbound, to attribute title is lead, size over 1M\n  hold\n"
    "rule \"good\"\n  when inbound, verified\n  decrypt\n  harvest\n  tag opened \"[o]\" signed \"[s]\"\n"
    "rule \"out\"\n  when outbound\n  sign if possible\n  encrypt if possible\n"
    "rule \"in\"\n  when inbound\n  decrypt\n  redirect to other@example.org\n"
    "rule \"inside\"\n  when internal, priority high\n  add header X-Urgent \"yes\"\n"
    "rule \"else\"\n  when internal\n  notify sender\n";

static struct policy *policy;
static struct settings *settings;
static struct arena *kept;

static void must(bool holds, const struct err *err)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", err->msg);
    abort();
}

static void prepare(void)
{
    static const struct policy_file files[] = {{"/friends", SPAN_LIT("*.friend.example\n")}};
    struct err err = ERR_INIT;
    kept = arena_new(1u << 20);
    must(settings_parse(kept, "s", SPAN_LIT("hostname = mx.example.org\ntrusted-networks = 10.0.0.0/8\n"),
                        &settings, &err) == 0,
         &err);
    must(policy_parse("p", SPAN_LIT(policy_text), files, SEAL_COUNT(files), &policy, &err) == 0, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct err err = ERR_INIT;
    struct expect_table table;
    size_t failed;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(256u << 20);
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(64u << 20);
    if (policy == NULL)
        prepare();
    if (size > 65536)
        return 0;
    if (expect_parse("table", text, policy, settings, arena, &table, &err) < 0) {
        must(strncmp(err.msg, "table:", 6) == 0 || err.code == ERR_LIMIT, &err);
        return 0;
    }
    must(expect_run(&table, policy, settings, &said, &failed, &err) == 0, &err);
    must((failed > 0) == (said.len > 0), &err);
    return 0;
}
