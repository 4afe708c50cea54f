/* report - the parts of a delivery status notification for programs. source  RFC 3464 2, RFC 6522 4 */
#ifndef XFORM_REPORT_H
#define XFORM_REPORT_H

#include "xform/notice.h"

#define REPORT_HEADER_MAX (32u << 10) /* octets of the original's header */

/* report_status - the content of message/delivery-status. */
int report_status(const struct notice_in *in, const struct notice *notice, struct buf *out,
                  struct err *err) SEAL_CHECKED;
/* report_header - the original's header fields, 7-bit, as many as REPORT_HEADER_MAX holds. */
void report_header(const struct header *header, struct buf *out);

#endif
