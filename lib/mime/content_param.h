/* content_param - one parameter of a Content-Type changed, everything else left as it is written. source  RFC 2045 5.1, RFC 2231 */
#ifndef MIME_CONTENT_PARAM_H
#define MIME_CONTENT_PARAM_H

#include "base/arena.h"

/*
 * content_param_set - a raw value in which the parameter stands once, at the end; older ones of the name go, in all their forms (name*, name*0).
 *
 * value   needs no escapes; NULL: the parameter only goes
 * return  in arena, folded. Of a value that is malformed nothing is promised: content_type_parse() says what came of it.
 */
char *content_param_set(struct arena *arena, struct span raw_value, const char *name, const char *value);

#endif
