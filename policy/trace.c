/* trace - rules that were tried, in columns. */
#include "policy/trace.h"

#include "base/text.h"

#include <string.h>

#define LABEL_COLUMNS  13 /* "    tried    " */
#define RULE_COLUMNS   30
#define ANSWER_COLUMNS 5
#define LINE_COLUMNS   100

static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static size_t rule_columns(const struct trace *trace, size_t rcpt)
{
    size_t widest = 0;
    for (size_t i = 0; i < trace->n; i++) {
        size_t n = columns_of(trace->lines[i].rule) + 2;
        if (trace->lines[i].rcpt == rcpt && n > widest)
            widest = n;
    }
    return widest < RULE_COLUMNS ? widest : RULE_COLUMNS;
}

static const char *answer_text(enum answer answer)
{
    switch (answer) {
    case ANSWER_YES:
        return "yes";
    case ANSWER_NO:
        return "no";
    case ANSWER_UNKNOWN:
    case ANSWER_UNASKED:
        break;
    }
    return "?";
}

static void print_line(const struct trace_line *line, size_t columns, struct buf *out)
{
    SEAL_CLEANUP(buf_fini) struct buf name = BUF_INIT(SIZE_MAX);
    buf_printf(&name, "\"%s\"", line->rule);
    size_t n = text_cut(buf_str(&name), columns, out);
    if (line->matched == ANSWER_YES) {
        buf_printf(out, "%*s  yes\n", (int)(columns - n), "");
        return;
    }
    buf_printf(out, "%*s  %-*s", (int)(columns - n), "", ANSWER_COLUMNS, answer_text(line->matched));
    text_cut(line->condition != NULL ? line->condition : "",
             LINE_COLUMNS - LABEL_COLUMNS - columns - 2 - ANSWER_COLUMNS, out);
    buf_add_str(out, line->matched == ANSWER_NO ? "\n" : " (could not find out)\n");
}

void trace_print(const struct trace *trace, size_t rcpt, struct buf *out)
{
    size_t columns = rule_columns(trace, rcpt);
    const char *label = "tried";
    for (size_t i = 0; i < trace->n; i++) {
        if (trace->lines[i].rcpt != rcpt)
            continue;
        buf_printf(out, "    %-9s", label);
        print_line(&trace->lines[i], columns, out);
        label = "";
    }
}
