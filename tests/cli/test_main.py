"""sealadm as a whole: help, wrong commands, settings, who it works as."""
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess
import unittest

from support import Case, SEALADM, Site, authority, person


class Frame(unittest.TestCase):
    def run_plain(self, *arguments):
        result = subprocess.run([SEALADM, *arguments], capture_output=True, timeout=240)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def commands(self):
        status, said, _ = self.run_plain("--help")
        self.assertEqual(status, 0)
        return [line[2:18].rstrip() for line in said.split("\n") if line.startswith("  ") and not line[2:].startswith(("-", "COMMAND"))]

    def test_help_lists_every_command_of_the_contract(self):
        contract = """init, user add, user list, user show, user disable, user import, cert import, cert list, cert show, cert trust,
            cert reject, cert export, cert delete, key import, key generate, key list, key export, ca add, ca list, ca remove,
            policy check, policy load, policy show, policy log, policy rollback, explain, doctor, backup, restore"""
        self.assertLessEqual({" ".join(name.split()) for name in contract.split(",")}, set(self.commands()))

    def test_each_command_explains_its_use_without_settings(self):
        for command in self.commands():
            with self.subTest(command):
                status, said, errors = self.run_plain("-c", "/nonexistent", *command.split(), "--help")
                self.assertEqual((status, errors), (0, ""))
                self.assertTrue(said.startswith(f"usage: sealadm [-c FILE] {command} "), said)

    def test_help_and_manual_name_every_option_of_policy_test(self):
        source = (pathlib.Path(__file__).resolve().parents[2] / "cli/cmd_policy_test.c").read_text()
        manual = (pathlib.Path(__file__).resolve().parents[2] / "cli/sealadm.8").read_text()
        options = re.findall(r'\.name = "--([a-z-]+)"', source)
        self.assertGreater(len(options), 20)
        said = self.run_plain("policy", "test", "--help")[1]
        for option in options:
            self.assertRegex(said, rf"--{option}\b(?!-)")
            self.assertRegex(manual, rf"Fl -{option}\b(?!-)")

    def test_each_command_stands_in_the_manual(self):
        manual = (pathlib.Path(__file__).resolve().parents[2] / "cli/sealadm.8").read_text()
        for command in self.commands():
            self.assertIn(f"\n.It Cm {command}", manual)

    def test_each_option_stands_in_the_manual_with_its_command(self):
        manual = (pathlib.Path(__file__).resolve().parents[2] / "cli/sealadm.8").read_text()
        for command in self.commands():
            usage = self.run_plain(*command.split(), "--help")[1]
            items = re.findall(rf"(?ms)^\.It Cm {command}(?: [AFOX].*?)?$(.*?)(?=^\.It Cm [a-z]+ [a-z]+ |^\.Ss )", manual)
            heads = re.findall(rf"(?m)^\.It Cm {command}(?: [AFOX].*)?$", manual)
            for option in re.findall(r"--([a-z-]+)", usage):
                self.assertRegex("".join(heads + items), rf"Fl -{option}\b(?!-)", command)

    def test_unknown_commands_are_wrong_usage(self):
        for words in ([], ["nonsense"], ["user", "nonsense"], ["users"], ["--version"]):
            with self.subTest(words):
                status, said, errors = self.run_plain(*words)
                self.assertEqual((status, said), (2, ""))
                self.assertIn("sealadm", errors)

    def test_beginning_of_a_group_lists_the_group(self):
        status, _, errors = self.run_plain("policy")
        self.assertEqual(status, 2)
        commands = ["check", "load", "test", "show", "log", "diff", "rollback"]
        self.assertEqual([line.split()[1] for line in errors.split("\n") if line.startswith("  ")], commands)
        status, said, errors = self.run_plain("policy", "--help")
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual([line.split()[1] for line in said.splitlines()], commands)
        self.assertEqual(self.run_plain("nonsense", "--help")[0], 2)

    def test_settings_that_are_not_there_or_wrong_are_named(self):
        status, _, errors = self.run_plain("-c", "/nonexistent", "user", "list")
        self.assertEqual((status, "/nonexistent" in errors), (1, True))
        site = Site()
        self.addCleanup(site.remove)
        site.conf.write_text("state = /x\nstatte = /y\n")
        result = site.run("user", "list")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{site.conf}:2:1: found 'statte'", result.errors)


class BeforeInit(unittest.TestCase):
    def test_commands_say_that_init_comes_first(self):
        site = Site()
        self.addCleanup(site.remove)
        for words in (["user", "list"], ["policy", "load"], ["key", "generate", "a@ours.example"], ["backup", site.dir / "x"]):
            with self.subTest(words):
                result = site.run(*words)
                self.assertEqual(result.returncode, 1)
                self.assertIn("sealadm init", result.errors)


class Options(Case):
    def test_what_stands_behind_two_hyphens_is_no_option(self):
        self.fails("user", "add", "--", "--name", status=2, says="'--name' is no address")

    def test_option_without_value_and_unknown_option_are_wrong_usage(self):
        self.fails("user", "add", "a@ours.example", "--name", status=2, says="--name wants a value")
        self.fails("user", "add", "a@ours.example", "--nmae", "x", status=2, says="unknown option '--nmae'")
        self.fails("user", "add", "a@ours.example", "--json", status=2, says="unknown option '--json'")

    def test_full_standard_output_is_not_done(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([SEALADM, "-c", self.site.conf, "ca", "list"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual((result.returncode, b"standard output" in result.stderr), (1, True))


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class AsRoot(unittest.TestCase):
    """sealadm as root works as the settings' user, but reads and writes its caller's files as its caller."""
    USER = "nobody"

    def setUp(self):
        self.site = Site(user=self.USER)
        self.addCleanup(self.site.remove)
        self.mine = self.site.dir / "mine"  # root's alone
        self.mine.mkdir(mode=0o700)
        self.done("init")

    def done(self, *arguments):
        result = self.site.run(*arguments)
        self.assertEqual((result.returncode, result.errors), (0, ""), result.text)
        return result.text

    def owner(self, path):
        return pwd.getpwuid(path.stat().st_uid).pw_name

    def test_everything_under_the_state_folder_belongs_to_the_user(self):
        self.done("user", "add", "alice@ours.example")
        self.done("policy", "load")
        paths = [self.site.state, *self.site.state.rglob("*"), self.site.dir / "run", self.site.dir / "run/spool"]
        self.assertIn(self.site.store, paths)
        self.assertEqual({self.owner(path) for path in paths}, {self.USER})
        for path in (self.site.state, *self.site.state.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual(stat.S_IMODE(self.site.master_key.stat().st_mode), 0o600)

    def test_files_that_only_the_caller_may_read_are_read(self):
        bob = person(self.mine, authority(self.mine), "bob@far.example")
        passphrase = self.mine / "passphrase"
        passphrase.write_text("secret")
        passphrase.chmod(0o600)
        self.done("ca", "add", bob.issuer.pem)
        self.done("cert", "import", bob.pem)
        self.done("key", "import", bob.p12("secret"), "--passphrase-file", passphrase)
        users, policy, message = self.mine / "users", self.mine / "policy", self.mine / "message"
        users.write_text("carol@ours.example\n")
        policy.write_text(self.site.policy.read_text() + "# mine\n")
        message.write_text("From: carol@ours.example\n\nhi\n")
        self.done("user", "import", users)
        self.done("policy", "load", policy)
        self.done("explain", "--from", "carol@ours.example", "--to", "bob@far.example", message)

    def test_files_for_the_caller_are_written_where_only_he_may_and_are_his(self):
        self.done("policy", "load")
        self.done("key", "generate", "alice@ours.example", "--type", "p256")
        passphrase = self.mine / "passphrase"
        passphrase.write_text("secret")
        passphrase.chmod(0o600)
        fingerprint = next(line.split()[0] for line in self.done("key", "list").split("\n") if "alice" in line)
        message = self.mine / "message"
        message.write_text("From: alice@ours.example\n\nhi\n")
        self.done("key", "export", fingerprint, "--passphrase-file", passphrase, "--out", self.mine / "out.p12")
        self.done("backup", self.mine / "backup")
        self.done("explain", "--from", "alice@ours.example", "--to", "bob@far.example", "--write", self.mine / "copies", message)
        # A stranger's message makes the copies: root's rights are gone by then.
        for name, owner in (("out.p12", "root"), ("backup", "root"), ("copies", self.USER), ("copies/0.eml", self.USER)):
            self.assertEqual((self.owner(self.mine / name), (self.mine / name).stat().st_mode & 0o077), (owner, 0), name)
        self.done("restore", self.mine / "backup")
        self.assertEqual(self.owner(self.site.store), self.USER)

    def test_who_called_stands_in_the_policys_log(self):
        result = self.site.run("policy", "load", env=os.environ | {"SUDO_USER": "dora\x1b[31m"})
        self.assertEqual(result.returncode, 0)
        log = self.done("policy", "log")
        self.assertIn("root by dora", log)
        self.assertNotIn("\x1b", log)

    def test_another_user_is_refused(self):
        program = shutil.copy(SEALADM, self.site.dir)  # where that user may run it, wherever the build is

        def as_daemon(*arguments):
            return subprocess.run([program, "-c", self.site.conf, *arguments], capture_output=True, user="daemon",
                                  group="daemon", extra_groups=[])

        result = as_daemon("user", "list")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        result = as_daemon("init")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"as root or as user nobody", result.stderr)


if __name__ == "__main__":
    unittest.main()
