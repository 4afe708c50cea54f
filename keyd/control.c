/* control - small packets, and descriptors by SCM_RIGHTS. */
#include "keyd/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS (TOKEN_LANES + 1)

struct note {
    unsigned word;
    pid_t token;
    struct err err;
};

union rights {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int[DESCRIPTORS]))];
};

int control_new(int *supervisor_out, int *worker_out, struct err *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
    *supervisor_out = ends[0];
    *worker_out = ends[1];
    return 0;
}

void control_say(int fd, enum control_word word, pid_t token, const struct err *err)
{
    struct note note;
    memset(&note, 0, sizeof note);
    note.word = word;
    note.token = token;
    if (err != NULL)
        note.err = *err;
    (void)!send(fd, &note, sizeof note, MSG_NOSIGNAL);
}

/* What the worker says is a stranger's, should somebody have taken it over. */
enum control_word control_hear(int fd, pid_t *token_out, struct err *err_out)
{
    struct note note;
    ssize_t n;
    do
        n = recv(fd, &note, sizeof note, 0);
    while (n < 0 && errno == EINTR);
    if (n != sizeof note || note.word >= CONTROL_GONE || (unsigned)note.err.code >= ERR_CODES)
        return CONTROL_GONE;
    *token_out = note.token;
    note.err.msg[sizeof note.err.msg - 1] = '\0';
    if (note.err.code != ERR_NONE)
        err_set(err_out, note.err.code, "%s", note.err.msg);
    return (enum control_word)note.word;
}

int control_send(int fd, const struct control_token *token, struct err *err)
{
    pid_t pid = token->pid;
    int fds[DESCRIPTORS];
    struct iovec data = {&pid, sizeof pid};
    union rights rights;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    memcpy(fds, token->lanes, sizeof token->lanes);
    fds[TOKEN_LANES] = token->begin;
    memset(&rights, 0, sizeof rights);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        return err_set(err, ERR_IO, "key worker: %s", strerror(errno));
    return 0;
}

int control_receive(int fd, struct control_token *out)
{
    int fds[DESCRIPTORS];
    struct iovec data = {&out->pid, sizeof out->pid};
    union rights rights;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR)
        return 0;
    const struct cmsghdr *header = n == sizeof out->pid ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof fds))
        return n > 0 ? 0 : -1;
    memcpy(fds, CMSG_DATA(header), sizeof fds);
    memcpy(out->lanes, fds, sizeof out->lanes);
    out->begin = fds[TOKEN_LANES];
    return 1;
}
