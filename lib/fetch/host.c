/* host - asked of the system's name servers, briefly. */
#include "fetch/host.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

#define WAIT_S   2 /* for each of at most three servers */
#define TRIES    1
#define SAID_MAX 4096 /* octets; whether there is an answer shows in its header */

static enum answer ask(res_state dns, const char *host, int type)
{
    unsigned char said[SAID_MAX];
    if (res_nquery(dns, host, ns_c_in, type, said, sizeof said) >= 0)
        return ANSWER_YES;
    switch (dns->res_h_errno) {
    case HOST_NOT_FOUND:
    case NO_DATA:
        return ANSWER_NO;
    default:
        return ANSWER_UNKNOWN;
    }
}

enum answer host_exists_at(res_state dns, const char *host)
{
    dns->retrans = WAIT_S;
    dns->retry = TRIES;
    enum answer v4 = ask(dns, host, ns_t_a);
    return v4 == ANSWER_NO ? ask(dns, host, ns_t_aaaa) : v4;
}

enum answer host_exists(const char *host)
{
    struct __res_state dns;
    memset(&dns, 0, sizeof dns);
    if (res_ninit(&dns) < 0)
        return ANSWER_UNKNOWN;
    enum answer answer = host_exists_at(&dns, host);
    res_nclose(&dns);
    return answer;
}
