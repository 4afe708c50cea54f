/* command_line - what the daemons' command lines have in common: -c FILE, -f, -t, --help, --version. */
#ifndef PROC_COMMAND_LINE_H
#define PROC_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_LINE_VALUES_MAX 16

struct command_line {
    const char *usage, *version; /* what --help and --version say */
    const char *repeated;        /* a further option, which has a value and may come again; NULL: none */
    const char *settings;        /* -c; what is there before, without */
    bool foreground, test;
    const char *values[COMMAND_LINE_VALUES_MAX];
    size_t nvalues;
};

/* command_line_read - for main(): -1 to go on, or the status to end with; what there was to say is said. */
int command_line_read(struct command_line *line, int argc, char **argv);

#endif
