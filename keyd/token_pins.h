/* token_pins - the PINs of the settings and those typed at the start, and which of them a token refused: what outlives a token child. */
#ifndef KEYD_TOKEN_PINS_H
#define KEYD_TOKEN_PINS_H

#include "conf/settings.h"
#include "token/pkcs11.h"

struct token_pins {
    struct pkcs11_pin *pins; /* those of pkcs11-pin-files, then those that were asked for */
    size_t npins;
};

/*
 * token_pins_new - ask: labels of tokens whose PIN is asked for now, at the terminal. Before the process forks.
 *
 * return  never NULL when 0; -1 with ERR_USAGE (no terminal), ERR_IO
 */
int token_pins_new(const struct pkcs11_settings *settings, const char *const *ask, size_t nask,
                   struct token_pins **out, struct err *err) SEAL_CHECKED;

/* token_pins_wipe - what was typed: in a process that has no use for it. */
void token_pins_wipe(const struct token_pins *pins);

/* token_pins_forget - what was refused may be tried again: the administrator said so. */
void token_pins_forget(const struct token_pins *pins);

#endif
