/* port - TCP ports of 127.0.0.1 for servers that must be told theirs. */
#ifndef SUPPORT_PORT_H
#define SUPPORT_PORT_H

/*
 * port_take - one that nobody listens on and that no other test takes as long as this process lives: a server may be stopped there and
 * started again. Not one of those that the system hands out to clients, so that whoever asks in vain does not meet himself.
 */
unsigned port_take(void);

#endif
