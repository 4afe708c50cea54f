/* peer - questions by hand. */
#include "keyd/peer.h"

#include "support/check.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int peer_connect(const struct sealkeyd *k)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, k->socket, strlen(k->socket));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_msg(connect(fd, (struct sockaddr *)&name, sizeof name) == 0, "connect: %s", strerror(errno));
    return fd;
}

/* Who hung up already may be told more. */
void peer_send(int fd, const void *packet, size_t n)
{
    ssize_t sent = send(fd, packet, n, MSG_NOSIGNAL);
    ck_assert_msg(sent == (ssize_t)n || errno == EPIPE || errno == ECONNRESET, "send: %s", strerror(errno));
}

bool peer_hear(int fd, struct wire_answer *out)
{
    static char packet[WIRE_MAX];
    struct err err = ERR_INIT;
    ssize_t n;
    do
        n = recv(fd, packet, sizeof packet, 0);
    while (n < 0 &&
           (errno == EINTR || errno == ECONNRESET)); /* unread questions: what was answered comes next */
    if (n <= 0)
        return false;
    ck_ok(wire_read_answer((struct span){packet, (size_t)n}, out, &err));
    return true;
}

enum err_code peer_ask(int fd, const struct wire_question *question, struct wire_answer *out)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    ck_ok(wire_write_question(question, &packet, &err));
    peer_send(fd, packet.ptr, packet.len);
    return peer_hear(fd, out) ? out->code : ERR_PEER_TEMP;
}

enum err_code peer_ask_anew(const struct sealkeyd *k, const struct wire_question *question)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(k);
    return peer_ask(fd, question, &answer);
}

void peer_generate(const struct sealkeyd *k, const char *owner, enum key_type type, struct peer_key *out)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(k);
    const struct wire_question question = {
        .op = WIRE_GENERATE, .owner = span_of(owner), .type = type, .bits = type == KEY_RSA ? 2048 : 0};
    *out = (struct peer_key){BUF_INIT(WIRE_MAX), BUF_INIT(WIRE_MAX), owner, {0}};
    ck_assert_int_eq(peer_ask(fd, &question, &answer), ERR_NONE);
    ck_assert_uint_eq(answer.data.len, 0);
    buf_add_span(&out->public, answer.public_key);
    buf_add_span(&out->wrapped, answer.wrapped);
    wire_key_id(span_of(owner), answer.public_key, answer.wrapped, out->id);
}

void peer_key_fini(struct peer_key *key)
{
    buf_fini(&key->public);
    buf_fini(&key->wrapped);
}

struct wire_question peer_open(const struct peer_key *key)
{
    return (struct wire_question){.op = WIRE_OPEN,
                                  .owner = span_of(key->owner),
                                  .public_key = buf_span(&key->public),
                                  .wrapped = buf_span(&key->wrapped)};
}

struct wire_question peer_sign(const struct peer_key *key, const char *addr, enum sign_padding padding)
{
    struct wire_question q = {.op = WIRE_SIGN,
                              .addr = span_of(addr),
                              .digest = DIGEST_SHA256,
                              .sign_padding = padding,
                              .data = SPAN_LIT("thirty-two octets that were hash")};
    memcpy(q.id, key->id, WIRE_ID_SIZE);
    return q;
}

void peer_is_served(const struct sealkeyd *k, const struct peer_key *key)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(k);
    const struct wire_question open = peer_open(key), sign = peer_sign(key, key->owner, SIGN_ECDSA);
    ck_assert_int_eq(peer_ask(fd, &open, &answer), ERR_NONE);
    ck_assert_int_eq(peer_ask(fd, &sign, &answer), ERR_NONE);
    ck_assert_uint_gt(answer.data.len, 60);
}

void peer_is_unharmed(int *fd)
{
    struct wire_answer answer;
    const struct wire_question status = {.op = WIRE_STATUS};
    ck_assert_int_eq(peer_ask(*fd, &status, &answer), ERR_NONE);
    mem_close(fd);
}

void peer_is_nonsense(const struct sealkeyd *k, const void *packet, size_t n)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(k);
    peer_send(fd, packet, n);
    ck_assert_msg(peer_hear(fd, &answer), "%zu octets: no answer", n);
    ck_assert_msg(answer.code == ERR_SYNTAX || answer.code == ERR_LIMIT, "%zu octets: %s", n,
                  err_name(answer.code));
    ck_assert_uint_eq(answer.data.len + answer.wrapped.len + answer.public_key.len, 0);
    ck_assert(!peer_hear(fd, &answer));
}
