/*
 * fuzz_notice - any words of a policy's, any envelope and any header of a message make a notice that is one message: its own header fields and
 * no others, lines that an MTA takes, and in a report three parts.
 *
 * Lines of the input: kind, sender, recipient, ORCPT, ENVID, rule, subject, line, reply; then the header of the message that it is about.
 */
#include "mime/part.h"
#include "mime/transfer.h"
#include "xform/notice.h"

#include <stdlib.h>
#include <string.h>

#define LINES 9

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_limits limits = MIME_LIMITS_DEFAULT;

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* NULL for an empty line. */
static const char *next_line(struct arena *arena, struct span *rest)
{
    size_t end = span_find(*rest, "\n", 1, 0);
    struct span line = span_sub(*rest, 0, end);
    *rest = end == SIZE_MAX ? SPAN_LIT("") : span_sub(*rest, end + 1, SIZE_MAX);
    return line.len == 0 || memchr(line.ptr, '\0', line.len) != NULL ? NULL : arena_spandup(arena, line);
}

static void check_lines(struct span message)
{
    must(transfer_is_7bit(message, 998));
    for (size_t i = 0; i < message.len; i++)
        must(message.ptr[i] != '\n' || (i > 0 && message.ptr[i - 1] == '\r'));
}

static void check_fields(const struct header *header)
{
    static const char *const once[] = {"From",       "To",           "Subject",        "Date",
                                       "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type"};
    static const char *const more[] = {"In-Reply-To", "References", "Content-Transfer-Encoding"};
    size_t known = 0;
    must(header->trouble == NULL);
    for (size_t i = 0; i < SEAL_COUNT(once); i++, known++)
        must(header_count(header, once[i]) == 1);
    for (size_t i = 0; i < SEAL_COUNT(more); i++) {
        must(header_count(header, more[i]) <= 1);
        known += header_count(header, more[i]);
    }
    must(header->n == known);
}

static void check(struct arena *arena, struct span message, enum notice_kind kind)
{
    struct err err = ERR_INIT;
    struct part_table table;
    check_lines(message);
    must(part_parse(arena, message, &limits, &table, &err) == 0);
    check_fields(&table.parts[0].header);
    must(table.opaque_why == NULL);
    must(table.parts[0].nchildren == (kind == NOTICE_RETURN ? 3u : 0u));
    if (kind == NOTICE_RETURN)
        must(part_is(&table.parts[0], "multipart", "report") &&
             part_is(&table.parts[part_child(&table, 0, 1)], "message", "delivery-status"));
}

static void write_it(struct notice_in *in, struct notice *notice)
{
    struct err err = ERR_INIT;
    struct spool *out = NULL;
    if (notice_write(in, notice, "<id@mx.example>", &out, &err) == 0)
        check(in->arena, spool_all(out), notice->kind);
    else
        must(err.code == ERR_LIMIT);
    spool_free(&out);
}

static int make(struct arena *arena, struct span rest)
{
    struct err err = ERR_INIT;
    const char *lines[LINES];
    for (size_t i = 0; i < LINES; i++)
        lines[i] = next_line(arena, &rest);
    struct envelope env = {.queue_id = "Q", .envid = lines[4]};
    struct header header;
    struct settings *settings;
    if (lines[1] == NULL || lines[2] == NULL || envelope_set_sender(&env, arena, lines[1], &err) < 0 ||
        envelope_add_rcpt(&env, arena, lines[2], &err) < 0 ||
        header_parse(arena, rest, &limits, &header, &err) < 0)
        return 0;
    must(settings_parse(arena, "s", SPAN_LIT("hostname = mx.example\n"), &settings, &err) == 0);
    env.rcpts[0].orcpt = lines[3];
    const struct field *subject = header_find(&header, "Subject", 0);
    struct facts facts = {.sender = env.sender,
                          .subject = subject == NULL ? "" : header_decode(arena, subject->value)};
    struct decision decision = {.reply_text = lines[8]};
    struct notice_in in = {.settings = settings,
                           .envelope = &env,
                           .facts = &facts,
                           .decisions = &decision,
                           .header = &header,
                           .arena = arena,
                           .spool = {.dir = "/tmp", .mem_max = 8u << 20, .size_max = 8u << 20},
                           .now = 1798761600};
    static size_t about[] = {0};
    struct notice notice = {.kind = lines[0] == NULL ? NOTICE_RETURN
                                                     : (enum notice_kind)((unsigned char)*lines[0] % 3),
                            .rule = lines[5],
                            .to = &env.sender,
                            .nto = 1,
                            .subject = lines[6],
                            .lines = &lines[7],
                            .nlines = lines[7] != NULL,
                            .rcpts = about,
                            .nrcpts = 1};
    write_it(&in, &notice);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    return size > 65536 ? 0 : make(arena, (struct span){(const char *)data, size});
}
