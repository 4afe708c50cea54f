/*
 * token_child - the process that owns the tokens. A child of the supervisor, started when pkcs11-module is set.
 *
 * It answers on its lanes, which the worker has the other ends of, in the protocol of token/wire.h, with these differences: what is
 * `wrapped` in WIRE_OPEN is the URI of the key itself, and ids are over that; WIRE_SEAL is answered with the public key of what the
 * URI names, what is `wrapped` in WIRE_IMPORT is the PKCS#8 itself, WIRE_GENERATE with that of the new key, neither with anything wrapped. It checks no addresses: the worker did. It
 * ends by itself when a token is dead for this process, when its lanes end, and with its parent.
 */
#ifndef KEYD_TOKEN_CHILD_H
#define KEYD_TOKEN_CHILD_H

#include "conf/settings.h"
#include "keyd/token_pins.h"
#include "keyd/worker.h"

/*
 * token_child_run - logs by itself. Exit status 0: start me again; else after a while.
 *
 * begin  an octet comes from there when the worker knows who we are, whom it does not answer: before it, no module is loaded
 */
_Noreturn void token_child_run(const struct settings *settings, const struct token_pins *pins,
                               const int lanes[TOKEN_LANES], int begin);

#endif
