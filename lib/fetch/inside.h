/*
 * inside - addresses that no server of a stranger has: this host, its networks, and what is nobody's.
 *
 * source  RFC 6890 (special-purpose addresses), RFC 6052 2.1 (64:ff9b::/96 leads to an IPv4 address)
 */
#ifndef FETCH_INSIDE_H
#define FETCH_INSIDE_H

#include <stdbool.h>
#include <sys/socket.h>

/* inside_has - also what is neither IPv4 nor IPv6. */
bool inside_has(const struct sockaddr *addr);

#endif
