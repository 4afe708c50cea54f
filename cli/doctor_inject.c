/* doctor_inject - what the injection listener offers, asked of itself: settings of an MTA take extensions away in too many places. */
#include "cli/doctor.h"

#include "smtp/client.h"

#include <time.h>

#define TIMEOUT 5 /* seconds of one step: the listener is near */

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct {
    const char *word;
    enum severity severity;
    const char *what; /* happens without it */
} needed[] = {
    {"DSN", FINDING_ERROR, "a copy that was opened is deferred, because it could bounce as a whole"},
    {"8BITMIME", FINDING_WARNING, "copies with 8-bit text are handed over undeclared"},
};

static void check_extensions(struct doctor *doctor, const struct smtp *smtp)
{
    bool all = true;
    for (size_t i = 0; i < SEAL_COUNT(needed); i++) {
        if (smtp_offers(smtp, needed[i].word))
            continue;
        all = false;
        doctor_add(doctor, needed[i].severity,
                   "let it offer that (Postfix: smtpd_discard_ehlo_keywords; Sendmail: PrivacyOptions)",
                   "the injection listener %s does not offer %s: %s", doctor->settings->inject,
                   needed[i].word, needed[i].what);
    }
    if (all)
        doctor_add(doctor, FINDING_GOOD, NULL, "the injection listener %s offers what copies need",
                   doctor->settings->inject);
}

void doctor_inject(struct doctor *doctor)
{
    const struct wire_conf conf = {.timeout = TIMEOUT, .clock_ms = clock_ms};
    SEAL_CLEANUP(smtp_close) struct smtp *smtp = NULL;
    struct err err = ERR_INIT;
    if (*doctor->settings->inject == '\0')
        return;
    if (smtp_connect(doctor->settings->inject, &conf, &smtp, &err) < 0 ||
        smtp_hello(smtp, doctor->settings->hostname, &err) < 0)
        doctor_add(doctor, FINDING_WARNING, "start the MTA: until it answers, what must be split is deferred",
                   "the injection listener %s does not answer: %s", doctor->settings->inject, err.msg);
    else
        check_extensions(doctor, smtp);
}
