/* peer - one connection to a sealkeyd, on which anything can be said. What is said wrongly by the test itself ends the test. */
#ifndef TESTS_KEYD_PEER_H
#define TESTS_KEYD_PEER_H

#include "support/sealkeyd.h"
#include "token/wire.h"

int peer_connect(const struct sealkeyd *k);
void peer_send(int fd, const void *packet, size_t n);

/* peer_hear - the next answer; its spans live until the next call. False at the end of file. */
bool peer_hear(int fd, struct wire_answer *out);

/* peer_ask - a question and its answer's code; ERR_PEER_TEMP when it was hung up instead. */
enum err_code peer_ask(int fd, const struct wire_question *question, struct wire_answer *out);
/* peer_ask_anew - on a connection of its own. */
enum err_code peer_ask_anew(const struct sealkeyd *k, const struct wire_question *question);

/* A key that sealkeyd made, and the questions about it. */
struct peer_key {
    struct buf public, wrapped;
    const char *owner;
    unsigned char id[WIRE_ID_SIZE];
};
void peer_generate(const struct sealkeyd *k, const char *owner, enum key_type type, struct peer_key *out);
void peer_key_fini(struct peer_key *key);
struct wire_question peer_open(const struct peer_key *key);
/* peer_sign - for an address; RSA: PKCS#1. */
struct wire_question peer_sign(const struct peer_key *key, const char *addr, enum sign_padding padding);
/* peer_is_served - opens the key on a connection of its own and signs with it, as an honest peer does. */
void peer_is_served(const struct sealkeyd *k, const struct peer_key *key);
/* peer_is_unharmed - the worker that took this connection is there still, and answers on it; closes it. */
void peer_is_unharmed(int *fd);
/* peer_is_nonsense - said on a connection of its own, it is answered once with an error that it names, then hung up on. */
void peer_is_nonsense(const struct sealkeyd *k, const void *packet, size_t n);

#endif
