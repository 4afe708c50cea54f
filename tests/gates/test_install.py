"""What `cmake --install` puts where, and that the examples are sound."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = os.environ["SEAL_BUILD"]
FILES = """
bin/sealadm
lib/systemd/system/sealkeyd.service
lib/systemd/system/sealmilter.service
libexec/sealmilter/seal-limit
sbin/sealkeyd
sbin/sealmilter
share/doc/sealmilter/COPYING
share/doc/sealmilter/README.Postfix
share/doc/sealmilter/README.Sendmail
share/doc/sealmilter/README.md
share/doc/sealmilter/examples/default.conf
share/doc/sealmilter/examples/default.tests
share/doc/sealmilter/examples/policies/administration.conf
share/doc/sealmilter/examples/policies/administration.tests
share/doc/sealmilter/examples/policies/fixed-certificates.conf
share/doc/sealmilter/examples/policies/fixed-certificates.tests
share/doc/sealmilter/examples/policies/harvest-and-trust.conf
share/doc/sealmilter/examples/policies/harvest-and-trust.tests
share/doc/sealmilter/examples/policies/hospital.conf
share/doc/sealmilter/examples/policies/hospital.tests
share/doc/sealmilter/examples/policies/internal-encryption.conf
share/doc/sealmilter/examples/policies/internal-encryption.tests
share/doc/sealmilter/examples/policies/law-firm.conf
share/doc/sealmilter/examples/policies/law-firm.tests
share/doc/sealmilter/examples/policies/lists/always-encrypted
share/doc/sealmilter/examples/policies/lists/clients-encrypted
share/doc/sealmilter/examples/policies/lists/laboratories
share/doc/sealmilter/examples/policies/lists/practices
share/doc/sealmilter/examples/policies/lists/regulators
share/doc/sealmilter/examples/policies/rule-passes.conf
share/doc/sealmilter/examples/policies/rule-passes.tests
share/doc/sealmilter/examples/policies/subject-tags.conf
share/doc/sealmilter/examples/policies/subject-tags.tests
share/doc/sealmilter/examples/sealmilter.conf
share/man/man5/seal-policy.5
share/man/man5/sealmilter.conf.5
share/man/man7/sealmilter-hsm.7
share/man/man8/sealadm.8
share/man/man8/sealkeyd.8
share/man/man8/sealmilter.8
""".split()


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = pathlib.Path(folder.name)
        said = run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        assert said.returncode == 0, said.stderr

    def test_each_file_has_its_place(self):
        found = sorted(str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if path.is_file())
        self.assertEqual(found, FILES)

    def test_settings_are_in_etc(self):
        for program in ("bin/sealadm", "sbin/sealmilter"):
            self.assertIn(" /etc/sealmilter/sealmilter.conf\n", run(self.prefix / program, "--help").stdout)

    def test_units_start_the_programs_that_were_installed(self):
        for program in ("sealmilter", "sealkeyd"):
            unit = (self.prefix / f"lib/systemd/system/{program}.service").read_text()
            self.assertRegex(unit, rf"(?m)^ExecStart=/\S*/sbin/{program} -f$")
            self.assertIsNone(re.search(r"@\w+@", unit))

    def test_examples_are_without_mistake(self):
        examples = self.prefix / "share/doc/sealmilter/examples"
        self.assertEqual(run(self.prefix / "sbin/sealmilter", "-t", "-c", examples / "sealmilter.conf").returncode, 0)
        said = run(self.prefix / "bin/sealadm", "-c", examples / "sealmilter.conf", "policy", "check", examples / "default.conf")
        self.assertEqual((said.returncode, said.stderr), (0, ""))

    def test_settings_that_manuals_show_are_without_mistake(self):
        shown = []
        for page in (self.prefix / "share/man").rglob("*.[1-8]"):
            for block in re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed", page.read_text()):
                shown += [(page.name, part) for part in block.replace(r"\(dq", '"').split("\n\n") if re.match(r"[a-z0-9-]+ += ", part)]
        self.assertGreater(len(shown), 5)
        for page, text in shown:
            with self.subTest(page, text=text), tempfile.NamedTemporaryFile("w") as conf:
                conf.write(text)
                conf.flush()
                said = run(self.prefix / "sbin/sealmilter", "-t", "-c", conf.name)
                self.assertEqual((said.returncode, said.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
