"""The gates on this tree, and the gates on small bad trees: each must be able to close."""
import pathlib
import tempfile
import unittest

import gates

TREE = pathlib.Path(__file__).resolve().parents[2]


class Tree(unittest.TestCase):
    maxDiff = None

    def check(self, gate):
        found = gate(TREE)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_folders_include_only_what_stands_below(self):
        self.check(gates.layers)

    def test_foreign_headers_stay_in_their_folder(self):
        self.check(gates.foreign)

    def test_functions_and_files_are_short(self):
        self.check(gates.lengths)

    def test_no_forbidden_calls(self):
        self.check(gates.forbidden)

    def test_nothing_is_marked_unfinished(self):
        self.check(gates.marks)

    def test_every_header_compiles_alone(self):
        self.check(gates.headers)

    def test_clang_format_changes_nothing(self):
        self.check(gates.layout)

    def test_manuals_lint_clean(self):
        self.check(gates.manuals)

    def test_manuals_name_every_event_of_the_log(self):
        self.check(gates.events)

    def test_shell_scripts_parse(self):
        self.check(gates.scripts)


class Gates(unittest.TestCase):
    """A bad file closes its gate; the same file made good opens it."""

    def complaints(self, gate, path, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for parent in ("contrib/tools", str(pathlib.PurePath(path).parent)):
                (root / parent).mkdir(parents=True, exist_ok=True)
            (root / "contrib/tools/layers.txt").write_text((TREE / "contrib/tools/layers.txt").read_text())
            (root / ".clang-format").write_text((TREE / ".clang-format").read_text())
            (root / path).write_text(text)
            return gate(root)

    def closes(self, gate, path, bad, good):
        self.assertEqual(len(self.complaints(gate, path, bad)), 1)
        self.assertEqual(self.complaints(gate, path, good), [])

    def test_layer_above_is_noticed(self):
        self.closes(gates.layers, "lib/base/x.c", '#include "mime/part.h"\n', '#include "base/err.h"\n')

    def test_policy_that_reads_the_store_is_noticed(self):
        self.closes(gates.layers, "policy/x.c", '#include "store/store.h"\n', '#include "model/op.h"\n')

    def test_xform_that_reads_the_store_is_noticed(self):
        self.closes(gates.layers, "lib/xform/x.c", '#  include "store/store.h"\n', '#include "smime/sign.h"\n')

    def test_folder_without_a_layer_is_noticed(self):
        self.assertEqual(len(self.complaints(gates.layers, "lib/new/x.c", "\n")), 1)

    def test_include_without_folder_is_noticed(self):
        self.closes(gates.layers, "lib/base/x.c", '#include "err.h"\n', '#include "base/err.h"\n')

    def test_foreign_header_elsewhere_is_noticed(self):
        self.closes(gates.foreign, "gate/x.c", "#include <openssl/cms.h>\n", "#include <stdio.h>\n")
        self.closes(gates.foreign, "lib/mime/part.c", "#include <glib.h>\n", "#include <time.h>\n")

    def test_long_function_is_noticed(self):
        self.closes(gates.lengths, "lib/base/x.c", "int f(void)\n{\n" + "    g();\n" * 79 + "}\n",
                    "int f(void)\n{\n" + "    g();\n" * 78 + "}\n")

    def test_long_file_is_noticed(self):
        self.closes(gates.lengths, "tests/x.c", "int a;\n" * 601, "int a;\n" * 600)

    def test_forbidden_calls_are_noticed(self):
        for bad, good in (("system(a);", "ecosystem(a);"), ('fprintf(stderr, "x");', '/* stderr */ "exit(1)";'),
                          ("time(NULL);", "run_time(NULL);"), ("PKCS7_sign(a);", "CMS_sign(a);")):
            self.closes(gates.forbidden, "gate/x.c", f"    {bad}\n", f"    {good}\n")
        self.assertEqual(self.complaints(gates.forbidden, "milter/x.c", "    time(NULL);\n"), [])

    def test_marks_are_noticed(self):
        self.closes(gates.marks, "lib/base/x.c", "/* TO" + "DO */\n", '"/tmp/a.XXXXXX"\n')

    def test_header_that_needs_another_is_noticed(self):
        self.closes(gates.headers, "lib/base/x.h", "#ifndef X\n#define X\nsize_t f(void);\n#endif\n",
                    "#ifndef X\n#define X\n#include <stddef.h>\nsize_t f(void);\n#endif\n")

    def test_header_without_guard_is_noticed(self):
        self.closes(gates.headers, "lib/base/x.h", "struct a {\n    int b;\n};\n", "struct a;\n")

    def test_layout_is_noticed(self):
        self.closes(gates.layout, "lib/base/x.c", "int  a;\n", "int a;\n")

    def test_manual_with_a_mistake_is_noticed(self):
        good = (".Dd $Mdocdate$\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n.Nd do\n").replace("$Mdocdate$", "January 1, 2026")
        self.assertNotEqual(self.complaints(gates.manuals, "cli/x.8", good + ".Bogus\n"), [])
        self.assertEqual(self.complaints(gates.manuals, "cli/x.8", good), [])

    def test_event_without_a_manual_or_without_code_is_noticed(self):
        body = 'void f(void)\n{\n%s}\n'
        self.closes(gates.events, "milter/x.c", body % '    log_event(LEVEL_INFO, NULL, "x", "why", NULL);\n', body % "")
        self.closes(gates.events, "keyd/sealkeyd.8", ".It Cm event Ns = Ns Cm x\n", ".It Cm x\n")

    def test_script_that_does_not_parse_is_noticed(self):
        self.assertNotEqual(self.complaints(gates.scripts, "contrib/x", "#!/bin/sh\nif true\n"), [])
        self.assertEqual(self.complaints(gates.scripts, "contrib/x", "#!/bin/sh\ntrue\n"), [])


if __name__ == "__main__":
    unittest.main()
