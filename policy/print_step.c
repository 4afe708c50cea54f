/* print_step - what a rule does, as it is written. */
#include "policy/policy_internal.h"

#include "conf/lex.h"

static const char *const names[STEPS] = {[STEP_PASS] = "pass",
                                         [STEP_VERBATIM] = "pass verbatim",
                                         [STEP_PROTECT] = "protect headers",
                                         [STEP_SIGN] = "sign",
                                         [STEP_ENCRYPT] = "encrypt",
                                         [STEP_DECRYPT] = "decrypt",
                                         [STEP_GENERATE] = "generate key",
                                         [STEP_HARVEST] = "harvest",
                                         [STEP_TAG] = "tag",
                                         [STEP_REFUSE] = "refuse",
                                         [STEP_RETURN] = "return",
                                         [STEP_DISCARD] = "discard",
                                         [STEP_HOLD] = "hold",
                                         [STEP_COPY] = "copy to",
                                         [STEP_FORWARD] = "forward to",
                                         [STEP_REDIRECT] = "redirect to",
                                         [STEP_HEADER] = "header",
                                         [STEP_ATTACH] = "attach keys",
                                         [STEP_AUTOCRYPT] = "add autocrypt",
                                         [STEP_DETACH] = "detach keys",
                                         [STEP_NOTIFY] = "notify sender",
                                         [STEP_ALERT] = "alert",
                                         [STEP_CONTINUE] = "continue"};

void print_step_name(enum step_kind kind, struct buf *out)
{
    buf_add_str(out, names[kind]);
}

static void print_quoted(const char *before, const char *text, struct buf *out)
{
    if (text == NULL)
        return;
    buf_add_str(out, before);
    lex_quote(text, out);
}

static void print_methods(const struct step *step, struct buf *out)
{
    for (size_t i = 0; i < step->nmethods; i++)
        buf_printf(out, "%s%s", i == 0 ? " with " : " or ", method_name(step->methods[i]));
}

static void print_else(const struct step *step, struct buf *out)
{
    switch (step->otherwise) {
    case OTHERWISE_SKIP:
        buf_add_str(out, step->kind == STEP_DECRYPT ? "" : " if possible");
        break;
    case OTHERWISE_RETURN:
        buf_add_str(out, ", else return");
        break;
    case OTHERWISE_REFUSE:
        if (step->text != NULL || step->kind == STEP_DECRYPT)
            buf_add_str(out, ", else refuse");
        break;
    }
    print_quoted(" ", step->text, out);
}

static void print_protection(const struct step *step, struct buf *out)
{
    print_methods(step, out);
    if (step->form == SIGN_OPAQUE)
        buf_add_str(out, " opaque");
    if (step->certificate != NULL)
        buf_printf(out, " to certificate %s", step->certificate);
    if (step->cipher != NULL)
        buf_printf(out, " using %s", step->cipher);
    print_else(step, out);
}

static void print_tags(const struct step *step, struct buf *out)
{
    static const char *const words[TAGS] = {" opened ", " signed ", " invalid ", " unauthenticated "};
    for (enum tag tag = 0; tag < TAGS; tag++)
        print_quoted(words[tag], step->tags[tag], out);
}

static void print_notice(const struct step *step, struct buf *out)
{
    if (step->nto > 0)
        buf_add_char(out, ' ');
    print_list(step->to, step->nto, " or ", out);
    print_quoted(" subject ", step->subject, out);
    for (size_t i = 0; i < step->nlines; i++)
        print_quoted(" ", step->lines[i], out);
}

static void print_header(const struct step *step, struct buf *out)
{
    static const char *const actions[] = {
        [FIELD_ADD] = "add", [FIELD_REPLACE] = "replace", [FIELD_DELETE] = "delete"};
    buf_printf(out, "%s header ", actions[step->action]);
    print_word(step->field, out);
    print_quoted(" ", step->text, out);
}

void print_step(const struct step *step, struct buf *out)
{
    if (step->kind != STEP_HEADER)
        print_step_name(step->kind, out);
    switch (step->kind) {
    case STEP_SIGN:
    case STEP_ENCRYPT:
        print_protection(step, out);
        break;
    case STEP_PROTECT:
        buf_printf(out, " %s",
                   step->protection == PROTECTION_NONE ? "no" : protection_name(step->protection));
        break;
    case STEP_DECRYPT:
        print_else(step, out);
        break;
    case STEP_REFUSE:
    case STEP_RETURN:
    case STEP_HOLD:
        print_quoted(" ", step->text, out);
        break;
    case STEP_TAG:
        print_tags(step, out);
        break;
    case STEP_COPY:
    case STEP_FORWARD:
    case STEP_REDIRECT:
        buf_add_char(out, ' ');
        print_word(step->to[0], out);
        break;
    case STEP_HEADER:
        print_header(step, out);
        break;
    case STEP_ATTACH:
    case STEP_GENERATE:
        if (step->nmethods > 0)
            buf_printf(out, " %s", method_name(step->methods[0]));
        break;
    case STEP_AUTOCRYPT:
        if (step->text != NULL)
            buf_printf(out, " %s", step->text);
        break;
    case STEP_NOTIFY:
    case STEP_ALERT:
        print_notice(step, out);
        break;
    case STEP_PASS:
    case STEP_VERBATIM:
    case STEP_HARVEST:
    case STEP_DETACH:
    case STEP_DISCARD:
    case STEP_CONTINUE:
    case STEPS:
        break;
    }
}
