/* expecting - a table of expectations as it is parsed: shared by parse_expect.c and expect.c. Private to policy/. */
#ifndef POLICY_EXPECTING_H
#define POLICY_EXPECTING_H

#include "policy/expect.h"

enum expected {
    EXPECTED_RULE,
    EXPECTED_PASS,
    EXPECTED_SIGN,
    EXPECTED_ENCRYPT,
    EXPECTED_DECRYPT,
    EXPECTED_HARVEST,
    EXPECTED_TAG,
    EXPECTED_REFUSE,
    EXPECTED_RETURN,
    EXPECTED_DISCARD,
    EXPECTED_HOLD,
    EXPECTED_DEFER,
    EXPECTED_COPY, /* copy or forward */
    EXPECTED_REDIRECT,
    EXPECTED_HEADER,
    EXPECTED_AUTOCRYPT,
    EXPECTED_ATTACH,
    EXPECTED_DETACH,
    EXPECTED_GENERATE,
    EXPECTED_NOTIFY,
    EXPECTED_ALERT,
};

struct expectation {
    enum expected what;
    bool negated;
    const char *rcpt;   /* canonical; NULL: each of them */
    const char *text;   /* rule, text, address or field; NULL: any */
    enum method method; /* METHOD_NONE: any */
    struct span source; /* as it is written */
    unsigned line, column;
};

struct expect_test {
    const char *name;
    unsigned line;
    const struct facts *facts;
    struct expectation *expectations;
    size_t n;
};

#endif
