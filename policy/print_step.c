/* print_step - what a rule does, as it is written. */
#include "policy/policy_internal.h"

#include "conf/lex.h"

static void print_methods(const struct step *step, struct buf *out)
{
    for (size_t i = 0; i < step->nmethods; i++)
        buf_printf(out, "%s%s", i == 0 ? " with " : " or ", method_name(step->methods[i]));
}

static void print_else(const struct step *step, struct buf *out)
{
    if (step->otherwise == OTHERWISE_SKIP)
        buf_add_str(out, step->kind == STEP_DECRYPT ? "" : " if possible");
    else if (step->text != NULL || step->kind == STEP_DECRYPT)
        buf_add_str(out, ", else refuse");
    if (step->text != NULL) {
        buf_add_char(out, ' ');
        lex_quote(step->text, out);
    }
}

void print_step(const struct step *step, struct buf *out)
{
    static const char *const names[STEPS] = {"pass",    "pass verbatim", "sign",   "encrypt", "decrypt",
                                             "harvest", "tag",           "refuse", "continue"};
    buf_add_str(out, names[step->kind]);
    print_methods(step, out);
    if (step->form == SIGN_OPAQUE)
        buf_add_str(out, " opaque");
    if (step->cipher != NULL)
        buf_printf(out, " using %s", step->cipher);
    if (step->kind == STEP_SIGN || step->kind == STEP_ENCRYPT || step->kind == STEP_DECRYPT)
        print_else(step, out);
    if (step->kind == STEP_REFUSE && step->text != NULL) {
        buf_add_char(out, ' ');
        lex_quote(step->text, out);
    }
}
