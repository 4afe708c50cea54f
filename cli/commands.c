/* commands - the table of sealadm's commands, in the order of --help. */
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
    {"explain", cmd_explain, CLI_NEEDS_STORE,
     "--from A --to B .. [--client IP] [--login USER] [--write DIR] MESSAGE|-",
     "what the daemon would do with a message, and why"},
    {"doctor", cmd_doctor, CLI_NEEDS_STORE, "[--postfix DIR | --sendmail FILE]",
     "what is unsafe here: files, keys, the MTA's settings"},
};
const size_t cli_ncommands = SEAL_COUNT(cli_commands);
