/*
 * tool - another implementation as the judge: a temporary folder, files in it, and programs run there without a shell.
 *
 *     struct tool *tool = tool_new();
 *     tool_entity(tool, "bob", bob);                  bob.pem and bob.key
 *     tool_write(tool, "in.der", spool_all(cms));
 *     ck_assert_int_eq(tool_run(tool, "openssl", "cms", "-decrypt", .., NULL), 0);
 *     struct span plain = tool_read(tool, "out");     lives until tool_free()
 *     tool_free(&tool);
 */
#ifndef SUPPORT_TOOL_H
#define SUPPORT_TOOL_H

#include "base/mem.h"
#include "support/pki.h"

struct tool;

struct tool *tool_new(void);
void tool_free(struct tool **tool); /* removes the folder */
const char *tool_dir(const struct tool *tool);

void tool_write(struct tool *tool, const char *name, struct span bytes);
struct span tool_read(struct tool *tool, const char *name);
/* tool_entity - certificate and private key as PEM files. */
void tool_entity(struct tool *tool, const char *name, const struct pki_entity *entity);

/* tool_run - words up to NULL, found on PATH, run in the folder; what it says goes to the file "said". Returns its exit status. */
int tool_run(struct tool *tool, const char *program, ...) __attribute__((sentinel));

#endif
