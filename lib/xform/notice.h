/*
 * notice - messages that we write ourselves: reports of what was returned (DSN), acknowledgements, alerts.
 *
 * They come from the gateway, say that a machine wrote them (RFC 3834), and hold nothing of a message's body. Whether one may be
 * sent at all is not asked here.
 *
 * source  RFC 3464, RFC 6522 (report), RFC 6533 3 (addresses in UTF-8), RFC 3834 3, 5
 */
#ifndef XFORM_NOTICE_H
#define XFORM_NOTICE_H

#include "conf/settings.h"
#include "mime/header.h"
#include "model/envelope.h"
#include "model/plan.h"
#include "spool/spool.h"

struct notice_in {
    const struct settings *settings;
    const struct envelope *envelope;
    const struct facts *facts;
    const struct decision *decisions; /* of each recipient: why it was returned */
    const struct header *header;      /* of the message that it is about */
    struct arena *arena;
    struct spool_conf spool;
    int64_t now;
};

/*
 * notice_write - the whole message, sealed.
 *
 * id      Message-ID, with its brackets
 * return  0, or -1 with ERR_LIMIT, ERR_IO ..
 */
int notice_write(const struct notice_in *in, const struct notice *notice, const char *id, struct spool **out,
                 struct err *err) SEAL_CHECKED;

#endif
