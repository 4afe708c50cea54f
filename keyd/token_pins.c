/* token_pins - marks in memory that all token children share, PINs from the terminal. */
#include "keyd/token_pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define PIN_MAX 255

static int ask_on(int tty, const char *label, struct secret *out, struct err *err)
{
    struct termios before, silent;
    if (tcgetattr(tty, &before) < 0)
        return err_set(err, ERR_USAGE, "a PIN is asked for at a terminal, and there is none");
    silent = before;
    silent.c_lflag &= (tcflag_t)~ECHO;
    tcsetattr(tty, TCSAFLUSH, &silent);
    dprintf(tty, "PIN of token %s: ", label);
    ssize_t n = read(tty, out->ptr, PIN_MAX + 1);
    tcsetattr(tty, TCSAFLUSH, &before);
    dprintf(tty, "\n");
    if (n < 2 || n > PIN_MAX || out->ptr[n - 1] != '\n')
        return err_set(err, ERR_USAGE, "no PIN of token %s was given", label);
    out->ptr[n - 1] = '\0';
    out->len = (size_t)n - 1;
    return 0;
}

static int ask(const char *label, const struct secret **out, struct err *err)
{
    struct secret *pin = xcalloc(1, sizeof *pin); /* kept as long as the process */
    SEAL_CLEANUP(mem_close) int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0)
        return err_set(err, ERR_USAGE, "a PIN is asked for at a terminal, and there is none");
    if (secret_init(pin, PIN_MAX + 1, err) < 0 || ask_on(tty, label, pin, err) < 0)
        return -1;
    *out = pin;
    return 0;
}

int token_pins_new(const struct pkcs11_settings *settings, const char *const *labels, size_t n,
                   struct token_pins **out, struct err *err)
{
    struct token_pins *pins = xcalloc(1, sizeof *pins);
    size_t total = settings->npins + n;
    struct pkcs11_refused *refused =
        mmap(NULL, (total + 1) * sizeof *refused, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (refused == MAP_FAILED)
        return err_set(err, ERR_IO, "mmap: %s", strerror(errno));
    pins->pins = xcalloc(total + 1, sizeof *pins->pins);
    for (size_t i = 0; i < n; i++) {
        pins->pins[i] = (struct pkcs11_pin){.token = labels[i], .refused = &refused[i]};
        if (ask(labels[i], &pins->pins[i].asked, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->npins; i++)
        pins->pins[n + i] = (struct pkcs11_pin){
            .token = settings->pins[i].token, .path = settings->pins[i].path, .refused = &refused[n + i]};
    pins->npins = total;
    *out = pins;
    return 0;
}

void token_pins_wipe(const struct token_pins *pins)
{
    for (size_t i = 0; i < pins->npins; i++)
        if (pins->pins[i].asked != NULL)
            explicit_bzero(pins->pins[i].asked->ptr, pins->pins[i].asked->size);
}

void token_pins_forget(const struct token_pins *pins)
{
    for (size_t i = 0; i < pins->npins; i++)
        pins->pins[i].refused->is_set = false;
}
