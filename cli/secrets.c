/* secrets - read from files and from the terminal. */
#include "cli/secrets.h"

#include "cli/tokens.h"

#include "base/io.h"
#include "token/soft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024

int secrets_read_file(const char *path, struct secret *out, struct err *err)
{
    /* O_NONBLOCK: a FIFO is refused, not waited for */
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_IO, "%s: not a regular file", path);
    if (secret_init(out, (size_t)st.st_size, err) < 0)
        return err_wrap(err, "%s", path);
    if (io_read_full(fd, out->ptr, out->len, err) == 0)
        return 0;
    secret_fini(out);
    return err_wrap(err, "%s", path);
}

static size_t first_line(const struct secret *secret)
{
    size_t n = 0;
    while (n < secret->len && secret->ptr[n] != '\n' && secret->ptr[n] != '\r')
        n++;
    return n;
}

int secrets_read_passphrase(const char *path, struct secret *out, struct err *err)
{
    if (secret_read_file(out, path, secret_mode_of(path), err) < 0)
        return -1;
    out->len = first_line(out);
    if (out->len > 0 && out->len <= PASSPHRASE_MAX)
        return 0;
    bool empty = out->len == 0;
    secret_fini(out);
    return err_set(err, ERR_PASSPHRASE, "%s: the first line is %s", path,
                   empty ? "empty" : "too long for a passphrase");
}

/* ---- the terminal ---- */

/* One line, or as much as was typed before the interrupt character. */
static int read_line(int tty, unsigned char interrupt, struct secret *out, struct err *err)
{
    if (secret_init(out, PASSPHRASE_MAX, err) < 0)
        return -1;
    size_t n = 0;
    for (;;) {
        unsigned char c;
        ssize_t got = read(tty, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || c == interrupt)
            return err_set(err, ERR_PASSPHRASE, "no passphrase was typed");
        if (c == '\n' || c == '\r')
            break;
        if (n == PASSPHRASE_MAX)
            return err_set(err, ERR_PASSPHRASE, "passphrase longer than %d octets", PASSPHRASE_MAX);
        out->ptr[n++] = c;
    }
    out->len = n;
    return n > 0 ? 0 : err_set(err, ERR_PASSPHRASE, "no passphrase was typed");
}

/* The terminal must not stay silent: while it is, Ctrl-C ends the line instead of the program. */
static int ask(int tty, const char *prompt, struct secret *out, struct err *err)
{
    struct termios usual, silent;
    if (tcgetattr(tty, &usual) < 0)
        return err_set(err, ERR_PASSPHRASE, "the terminal cannot be set: %s", strerror(errno));
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
    silent.c_cc[VEOL] = usual.c_cc[VINTR];
    if (tcsetattr(tty, TCSAFLUSH, &silent) < 0)
        return err_set(err, ERR_PASSPHRASE, "the terminal cannot be set: %s", strerror(errno));
    dprintf(tty, "%s", prompt);
    int status = read_line(tty, usual.c_cc[VINTR], out, err);
    tcsetattr(tty, TCSAFLUSH, &usual);
    dprintf(tty, "\n");
    if (status < 0)
        secret_fini(out);
    return status;
}

static int ask_again(int tty, const struct secret *first, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret second = {.ptr = NULL};
    if (ask(tty, "The same again: ", &second, err) < 0)
        return -1;
    if (second.len != first->len || memcmp(first->ptr, second.ptr, first->len) != 0)
        return err_set(err, ERR_PASSPHRASE, "the two passphrases differ");
    return 0;
}

int secrets_ask(const char *prompt, enum ask how, struct secret *out, struct err *err)
{
    SEAL_CLEANUP(mem_close) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return err_set(err, ERR_PASSPHRASE,
                       "a passphrase is needed and there is no terminal; give --passphrase-file FILE");
    if (ask(tty, prompt, out, err) < 0)
        return -1;
    if (how == ASK_ONCE || ask_again(tty, out, err) == 0)
        return 0;
    secret_fini(out);
    return -1;
}

/* ---- the master key ---- */

static int read_master(struct cli *cli, struct secret *out, struct err *err)
{
    const char *path = cli->settings->master_key;
    if (secret_read_file(out, path, secret_mode_of(path), err) < 0)
        return err_wrap(err, "master key");
    if (wrap_check_master(out, err) == 0)
        return 0;
    secret_fini(out);
    return err_wrap(err, "%s", path);
}

void secrets_keep_master(struct cli *cli)
{
    if (geteuid() == 0 && cli->master.len == 0 && read_master(cli, &cli->master, &cli->no_master) == 0)
        err_clear(&cli->no_master);
}

int secrets_open_store(struct cli *cli, enum cli_rights rights, struct err *err)
{
    secrets_keep_master(cli);
    return cli_open_store(cli, rights, err);
}

int secrets_read_master(struct cli *cli, struct secret *out, struct err *err)
{
    if (cli->master.len > 0)
        return secret_copy(out, cli->master.ptr, cli->master.len, err);
    if (err_is_set(&cli->no_master))
        return err_set(err, cli->no_master.code, "%s", cli->no_master.msg);
    if (read_master(cli, out, err) == 0)
        return 0;
    return geteuid() == 0 ? -1 : err_wrap(err, "as root it may be read");
}

int secrets_open_holder(struct cli *cli, struct holder **out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    if (*cli->settings->keys.master_token != '\0')
        return tokens_connect(cli, out, err);
    return secrets_read_master(cli, &master, err) < 0 ? -1 : holder_new_of(&master, out, err);
}
