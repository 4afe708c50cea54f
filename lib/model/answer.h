/*
 * answer - what is known of a question: nothing yet, no, yes, or that it could not be found out.
 *
 * "Could not find out" never shares a branch with "no" (it ends in tempfail). Test by switch; -Wswitch-enum is on.
 */
#ifndef MODEL_ANSWER_H
#define MODEL_ANSWER_H

enum answer {
    ANSWER_UNASKED = 0,
    ANSWER_NO,
    ANSWER_YES,
    ANSWER_UNKNOWN /* asked, and could not be found out */
};

/* Look-ups answer three ways; the record is there only with FIND_FOUND, *err is set only with FIND_FAILED. */
enum find {
    FIND_ABSENT = 0,
    FIND_FOUND,
    FIND_FAILED
};

const char *answer_name(enum answer answer); /* "unasked", "no", "yes", "unknown" */

#endif
