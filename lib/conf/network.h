/*
 * network - is this client in that network, did it come in by that listener: text against text, pure.
 *
 * Networks are written 10.0.0.0/8, 192.0.2.7, 2001:db8::/32; listeners PORT, ADDR:PORT, [ADDR6]:PORT or the name that the MTA gives a
 * listener ({daemon_name}). An IPv4 address in IPv6 form (::ffff:192.0.2.1) is the IPv4 address.
 */
#ifndef CONF_NETWORK_H
#define CONF_NETWORK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* network_check - ERR_SYNTAX when text is no network: also when bits are set behind the prefix. */
int network_check(const char *network, struct err *err) SEAL_CHECKED;
/* network_has - whether the network holds the address; never with an address that is NULL or none. */
bool network_has(const char *network, const char *addr);

/* network_within - whether all addresses of one are in the other. Of two networks of which neither is, no address is in both. */
bool network_within(const char *inner, const char *outer);

/* listener_check - ERR_SYNTAX when text names no listener. */
int listener_check(const char *listener, struct err *err) SEAL_CHECKED;
/* listener_is - addr and name may be NULL, port 0: not known. */
bool listener_is(const char *listener, const char *addr, unsigned port, const char *name);

/* endpoint_split - "host:port", "[addr6]:port": host_out of size bytes, without brackets. ERR_SYNTAX. */
int endpoint_split(const char *text, char *host_out, size_t size, unsigned *port_out,
                   struct err *err) SEAL_CHECKED;

#endif
