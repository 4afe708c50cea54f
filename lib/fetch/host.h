/* host - whether a name is in the DNS at all: what "could not resolve" leaves open. */
#ifndef FETCH_HOST_H
#define FETCH_HOST_H

#include "model/answer.h"

#include <netinet/in.h>
#include <resolv.h>

/* host_exists - ANSWER_NO: the DNS says that it has no address; ANSWER_UNKNOWN: the DNS did not say. Within seconds. */
enum answer host_exists(const char *host);
/* host_exists_at - the same of these name servers. */
enum answer host_exists_at(res_state dns, const char *host);

#endif
