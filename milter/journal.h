/*
 * journal - remembers which recipients of a message were served by injection, so that a retry of the same message serves
 * nobody twice.
 *
 * The same message: sender, the client's own Message-Id, body. A Message-Id that the MTA invented holds its queue id, changes with
 * each try, and is left out. Without one of the client the fields that people see count instead, so that two notes with the same
 * body stay two, and the memory is short. Of them a Date that is the last field is left out, because MTAs put theirs there; with a
 * Message-Id no Date counts, because a milter before us may have put a field behind the MTA's.
 *
 * A message may come again although all went well here: another milter or the client may fail it after our verdict, and
 * nobody tells us. So what was injected is remembered after success too.
 */
#ifndef MILTER_JOURNAL_H
#define MILTER_JOURNAL_H

#include "mime/header.h"
#include "store/store.h"

#define JOURNAL_LONG  (5 * 24 * 3600) /* seconds: as long as a client tries, when it gave a Message-Id */
#define JOURNAL_SHORT (10 * 60)       /* else */

struct journal_message {
    const char *sender;   /* canonical */
    const char *queue_id; /* NULL: not known, and no Message-Id is trusted to be the client's */
    const struct header *header;
    struct span body;
};

struct journal {
    struct store *store; /* borrowed */
    int64_t now;
    int64_t lifetime; /* seconds */
    unsigned char message[HASH_SIZE];
};

void journal_init(struct journal *journal, struct store *store, const struct journal_message *message,
                  int64_t now);

/* journal_find - whether this recipient (canonical) was served by injection before. */
enum find journal_find(const struct journal *journal, const char *rcpt, struct err *err);

/* journal_put - these recipients were served just now; durable when it returns 0. */
int journal_put(const struct journal *journal, const char *const *rcpts, size_t n,
                struct err *err) SEAL_CHECKED;

#endif
