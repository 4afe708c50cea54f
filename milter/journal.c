/* journal - what makes a message the same message. */
#include "milter/journal.h"

#include <string.h>

/* An MTA that invents a Message-Id puts its queue id into it. */
static bool is_invented(const struct field *field, const char *queue_id)
{
    return queue_id == NULL || queue_id[0] == '\0' ||
           span_find(field->value, queue_id, strlen(queue_id), 0) != SIZE_MAX;
}

/* MTAs put theirs at the end. */
static bool is_invented_date(const struct header *header, const struct field *field)
{
    return span_is_nocase(field->name, "Date") && field == &header->fields[header->n - 1];
}

static void add_field(struct hash *hash, const struct field *field)
{
    hash_add_field(hash, field->name);
    hash_add_field(hash, span_trim(field->value));
}

/* Returns whether the client gave a Message-Id of its own. */
static bool add_ids(struct hash *hash, const struct journal_message *message)
{
    bool own_id = false;
    for (size_t i = 0; i < message->header->n; i++) {
        const struct field *field = &message->header->fields[i];
        bool is_id = span_is_nocase(field->name, "Message-Id");
        if ((is_id || span_is_nocase(field->name, "Resent-Message-Id")) &&
            !is_invented(field, message->queue_id)) {
            add_field(hash, field);
            own_id = own_id || is_id;
        }
    }
    return own_id;
}

static void add_visible_fields(struct hash *hash, const struct header *header)
{
    static const char *const names[] = {"From", "To", "Cc", "Subject", "Date"};
    for (size_t n = 0; n < SEAL_COUNT(names); n++) {
        const struct field *field;
        for (size_t i = 0; (field = header_find(header, names[n], i)) != NULL; i++)
            if (!is_invented_date(header, field))
                add_field(hash, field);
    }
}

void journal_init(struct journal *journal, struct store *store, const struct journal_message *message,
                  int64_t now)
{
    struct hash *hash = hash_new();
    *journal = (struct journal){.store = store, .now = now, .lifetime = JOURNAL_LONG};
    hash_add_field(hash, span_of(message->sender));
    if (!add_ids(hash, message)) {
        add_visible_fields(hash, message->header);
        journal->lifetime = JOURNAL_SHORT;
    }
    hash_add_field(hash, message->body);
    hash_end(hash, journal->message);
    hash_free(&hash);
}

static void key_of(const struct journal *journal, const char *rcpt, unsigned char *key)
{
    struct hash *hash = hash_new();
    hash_add_field(hash, (struct span){(const char *)journal->message, HASH_SIZE});
    hash_add_field(hash, span_of(rcpt));
    hash_end(hash, key);
    hash_free(&hash);
}

enum find journal_find(const struct journal *journal, const char *rcpt, struct err *err)
{
    unsigned char key[HASH_SIZE];
    key_of(journal, rcpt, key);
    return store_journal_find(journal->store, key, journal->now, err);
}

int journal_put(const struct journal *journal, const char *const *rcpts, size_t n, struct err *err)
{
    SEAL_CLEANUP(mem_free) unsigned char *keys = xcalloc(n, HASH_SIZE);
    for (size_t i = 0; i < n; i++)
        key_of(journal, rcpts[i], keys + i * HASH_SIZE);
    return store_journal_put(journal->store, keys, n, journal->now, journal->now + journal->lifetime, err);
}
