/* command_line - getopt_long() once for all daemons. */
#include "proc/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE 2

static int say_usage(const struct command_line *line)
{
    fputs(line->usage, stderr);
    return EXIT_USAGE;
}

int command_line_read(struct command_line *line, int argc, char **argv)
{
    const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                     {"version", no_argument, NULL, 'V'},
                                     {line->repeated, required_argument, NULL, 'r'},
                                     {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "c:ft", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            line->settings = optarg;
            break;
        case 'f':
            line->foreground = true;
            break;
        case 't':
            line->test = true;
            break;
        case 'r':
            if (line->nvalues == COMMAND_LINE_VALUES_MAX)
                return say_usage(line);
            line->values[line->nvalues++] = optarg;
            break;
        case 'h':
            fputs(line->usage, stdout);
            return EXIT_SUCCESS;
        case 'V':
            puts(line->version);
            return EXIT_SUCCESS;
        default:
            return say_usage(line);
        }
    }
    return optind == argc ? -1 : say_usage(line);
}
