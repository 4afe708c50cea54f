/*
 * template - a text of the policy's with words in braces that stand for something of the message: "{rule}: mail to {recipients}".
 *
 * The policy checks the words when it is read, the gate fills them in. A { always begins a word; a } alone is itself.
 */
#ifndef MODEL_TEMPLATE_H
#define MODEL_TEMPLATE_H

#include "base/mem.h"

enum template_word {
    TEMPLATE_TEXT = 0, /* no word: text that stands for itself */
    TEMPLATE_SENDER,
    TEMPLATE_RECIPIENT, /* the first of those that the notice is about */
    TEMPLATE_RECIPIENTS,
    TEMPLATE_RULE,
    TEMPLATE_QUEUE_ID,
    TEMPLATE_DATE,
    TEMPLATE_HOSTNAME,
    TEMPLATE_SUBJECT,
    TEMPLATE_WORDS,
    TEMPLATE_UNKNOWN = TEMPLATE_WORDS, /* braces around something else, or without an end */
};

struct template_piece {
    enum template_word word;
    struct span text; /* as it stands in the template, braces included */
};

/* template_next - takes the next piece off the template; false at its end. */
bool template_next(const char **at, struct template_piece *out);

#endif
