/* asking - a directory with settings of the test's, and questions to it. */
#ifndef TESTS_DIRECTORY_ASKING_H
#define TESTS_DIRECTORY_ASKING_H

#include "directory/directory.h"
#include "support/slapd.h"

extern struct arena *asking_arena;
extern struct directory *asking_directory;
extern const char *asking_note;
extern struct err asking_err;

/* asking_open - the directory of these lines of settings; the one before is closed. */
void asking_open(const char *settings, ...) SEAL_PRINTF(1, 2);
void asking_close(void); /* all of it */

#define ASKED_MAX 8
struct asked {
    const char *addrs[ASKED_MAX];
    const char *groups[ASKED_MAX]; /* a name; with = in it a DN */
    const char *attributes[ASKED_MAX];
};
/* asking - NULL when it could not be asked: asking_err. */
struct directory_answer *asking(const struct asked *asked);
/* asking_group - whether one address is in one group. */
enum answer asking_group(const char *addr, const char *group);

#endif
