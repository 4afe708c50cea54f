/*
 * rules - the lines that most policies of tests have in common, to be put together and mixed with a test's own:
 *
 *     static const char policy[] = OUR_DOMAIN "rule \"bank\"\n .. " OUT_IF_POSSIBLE IN_OPENED HOUSE_PASSES;
 *
 * Their rules are called "out", "in" and "house".
 */
#ifndef SUPPORT_RULES_H
#define SUPPORT_RULES_H

#define OUR_DOMAIN           "our domains our.example\n"
#define KEYWORD_CONFIDENTIAL "keyword confidential subject \"[confidential]\"\n"

#define OUT_IF_POSSIBLE                                                                                      \
    "rule \"out\"\n"                                                                                         \
    "    when outbound\n"                                                                                    \
    "    sign if possible\n"                                                                                 \
    "    encrypt if possible\n"
#define OUT_PASSES                                                                                           \
    "rule \"out\"\n"                                                                                         \
    "    when outbound\n"                                                                                    \
    "    pass\n"
#define IN_OPENED                                                                                            \
    "rule \"in\"\n"                                                                                          \
    "    when inbound\n"                                                                                     \
    "    decrypt\n"                                                                                          \
    "    tag\n"
#define IN_OPENED_AND_HARVESTED                                                                              \
    "rule \"in\"\n"                                                                                          \
    "    when inbound\n"                                                                                     \
    "    decrypt\n"                                                                                          \
    "    harvest\n"                                                                                          \
    "    tag\n"
#define HOUSE_PASSES                                                                                         \
    "rule \"house\"\n"                                                                                       \
    "    when internal\n"                                                                                    \
    "    pass\n"

#endif
