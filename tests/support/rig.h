/*
 * rig - the daemon without libmilter: a whole site, a fake MTA in front, a fake injection listener behind.
 *
 *     struct rig *rig = rig_new(policy, NULL, 0);
 *     site_user(rig->site, "alice@our.example", PKI_P256);
 *     rig_send(rig, &(struct rig_mail){.from = "<alice@our.example>", .login = "alice@our.example",
 *                                      .to = {"<bob@their.example>"}, .text = "From: ..\n\nHi\n"});
 *     .. rig->verdict, rig->mta, rig_delivered(rig) ..
 *     rig_count(rig) .. fake_smtp_mail(rig->listener, 0) ..
 *     rig_free(&rig);
 */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include "milter/daemon.h"
#include "support/fake_mta.h"
#include "support/fake_smtp.h"
#include "support/has.h"
#include "support/site.h"

#include <string.h>

struct rig {
    struct fake_smtp *listener;
    struct site *site;
    struct daemon daemon;
    struct session *session;
    struct fake_mta *mta; /* of the last message */
    enum verdict verdict; /* of the last message */
    struct rig *of;       /* the rig whose daemon and site this one uses; NULL: its own */
};

#define RIG_TO_MAX 24
struct rig_mail {
    const char *from; /* with brackets */
    const char *to[RIG_TO_MAX];
    const char *const *mail_args; /* ESMTP parameters, ended by NULL */
    const char *const *rcpt_args; /* of each recipient */
    const char *login;
    const char *queue_id; /* NULL: "Q1" */
    const char *text;     /* LF; NULL: use bytes */
    struct span bytes;    /* CRLF */
    enum fake_kind kind;
    unsigned fail_at;                 /* the n-th edit fails */
    const char *odd_name, *odd_value; /* a field on top that text cannot hold */
};

/* rig_new - rules: the listener's script. */
struct rig *rig_new(const char *policy, const struct fake_rule *rules, size_t nrules);
/* rig_new_with - with lines of sealmilter.conf(5) instead of "inject = .. our listener". */
struct rig *rig_new_with(const char *policy, const char *settings);
/*
 * rig_beside - another session of the same daemon, for another thread. What it sends is bytes; who sends looks himself whether mta->trouble is
 * NULL: Check's assertions belong to one thread.
 */
struct rig *rig_beside(struct rig *rig);
void rig_free(struct rig **rig);

enum verdict rig_send(struct rig *rig, const struct rig_mail *mail);

/* rig_delivered - what the MTA delivers in place after the last message's edits. */
const char *rig_delivered(struct rig *rig);
/* rig_count - how many messages the listener got, once it has them all. */
size_t rig_count(const struct rig *rig);
/* rig_times - how many messages of the listener went to this path; after fake_smtp_join(). */
size_t rig_times(const struct rig *rig, const char *path);

static inline bool rig_has(const char *text, const char *words)
{
    return has(span_of(text), words);
}

#endif
