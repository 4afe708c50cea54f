"""That each bench runs to its end and prints every figure that it is there for; not what the figures are."""
import os
import pathlib
import re
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness.lab import BUILD, run  # noqa: E402

SECONDS = "0.01"  # for a figure
RATE = r"\s+([0-9.]+)\s*/s"


class Benches(unittest.TestCase):
    def said(self, bench, *arguments):
        # Durable transactions by the thousand want no disk.
        return run(BUILD / f"tests/bench/bench_{bench}", SECONDS, *arguments, env=os.environ | {"TMPDIR": "/dev/shm"}, timeout=600).stdout.decode()

    def assert_figures(self, said, names, count):
        """A rate above nothing, so many times for each name that begins a line."""
        for name in names:
            with self.subTest(figure=name):
                rates = re.findall(rf"(?m)^\s*{name}{RATE}", said)
                self.assertEqual(len(rates), count, said)
                self.assertGreater(min(map(float, rates)), 0)

    def test_openpgp(self):
        verbs = [re.escape(verb) for verb in ("sign", "encrypt", "sign+encrypt", "verify", "decrypt+verify")]
        said = self.said("openpgp")
        self.assert_figures(said, [rf"{verb}\s+{size} {threads}" for verb in verbs for size in (10000, 10000000) for threads in (1, 2)], 1)
        self.assertEqual(len(re.findall(r"/s, by hand +[0-9.]*[1-9]", said)), 20, said)

    def test_pgp_store(self):
        said = self.said("pgp_store", "10", "100")
        for keys in (10, 100):
            self.assertRegex(said, rf"(?m)^ +{keys} keys .*quickest +[0-9.]*[1-9][0-9.]* ms .* [0-9.]*[1-9][0-9.]*/s ")

    def test_keys(self):
        said = self.said("keys")
        measured = re.findall(r"(?m)^\w.*, \d threads?$", said)
        self.assertGreaterEqual(len(measured), 4, said)
        self.assert_figures(said, ["soft", "sealkeyd", "SoftHSM"], len(measured))
        self.assert_figures(said, ["raw"], len([name for name in measured if "KB" not in name]))

    def test_policy(self):
        said = self.said("policy")
        rules = re.findall(r"(?m)^(\d+) rules by recipient, ", said)
        self.assertEqual((rules[0], rules[-1]), ("10", "10000"), said)
        for name in ("first rule", "last rule", "no rule of his own"):
            self.assertEqual(len(re.findall(rf"(?m)^  {name} +[1-9][0-9]* decisions/s$", said)), len(rules), said)
        self.assertRegex(said, r"the longest wait of one was [0-9.]+ ms")

    def test_gate(self):
        self.assert_figures(self.said("gate"), [re.escape(what) for what in ("pass", "sign", "sign+encrypt", "open+verify")], 4)

    def test_smime(self):
        verbs = [f"{verb} {kind}" for verb in ("sign", "verify", "encrypt cbc", "decrypt cbc", "encrypt gcm", "decrypt gcm")
                 for kind in ("rsa2048", "p256")]
        self.assert_figures(self.said("smime"), [rf"{verb}\s+[0-9]+" for verb in verbs], 3)


if __name__ == "__main__":
    unittest.main()
