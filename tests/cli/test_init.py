"""sealadm init."""
import hashlib
import json
import os
import stat
import unittest

from support import Case, Site, openssl


class Init(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)

    def init(self, *arguments, status=0):
        result = self.site.run("init", *arguments)
        self.assertEqual(result.returncode, status, result.text + result.errors)
        return result

    def test_everything_is_made_private_and_what_is_next_is_said(self):
        said = self.init().text
        for what in ("state folder", "OpenPGP folder", "socket folder", "spool folder", "master key", "store", "own CA"):
            self.assertIn(f"made   {what} ", said)
        self.assertIn("keep a copy of it apart", said)
        self.assertIn("next: sealadm user add", said)
        self.assertIn("sealadm policy load", said)
        run = self.site.dir / "run"
        modes = {self.site.state: 0o700, self.site.state / "gnupg": 0o700, self.site.master_key: 0o600, self.site.store: 0o600, run: 0o755, run / "spool": 0o700}
        self.assertEqual({path: stat.S_IMODE(path.stat().st_mode) for path in modes}, modes)
        self.assertEqual(self.site.master_key.stat().st_size, 32)

    def test_master_key_on_a_token_wants_a_rewrap(self):
        """The token is asked by sealkeyd alone, which does not start without what is made here."""
        self.site.configure(pkcs11_module="/usr/lib/softhsm/libsofthsm2.so", master_key_token="pkcs11:token=gw;object=master")
        self.assertIn("sealadm key rewrap: until then", self.init().text)
        self.assertNotIn("sealadm key rewrap", self.init().text)

    def test_again_it_says_what_is_there_and_changes_nothing(self):
        self.init()
        before = {path: hashlib.sha256(path.read_bytes()).digest() for path in (self.site.master_key, self.site.store)}
        said = self.init().text
        self.assertNotIn("made", said)
        self.assertEqual(said.count("there  "), 7)
        self.assertEqual({path: hashlib.sha256(path.read_bytes()).digest() for path in before}, before)

    def test_two_sites_have_different_master_keys(self):
        other = Site()
        self.addCleanup(other.remove)
        self.init()
        other.run("init")
        self.assertNotEqual(self.site.master_key.read_bytes(), other.master_key.read_bytes())

    def test_own_ca_is_what_the_manual_says(self):
        self.init("--organisation", "Ünder & Söhne")
        authority, = json.loads(self.site.run("ca", "list", "--json").text)["authorities"]
        self.assertEqual((authority["trusted"], authority["own"]), (True, True))
        self.assertIn("O=Ünder & Söhne", authority["subject"])
        pem = self.site.run("ca", "export", authority["fingerprint"]).stdout
        text = openssl("x509", "-noout", "-text", input=pem).decode()
        for part in ("Public-Key: (3072 bit)", "sha256WithRSAEncryption", "CA:TRUE, pathlen:0", "Certificate Sign"):
            self.assertIn(part, text)
        openssl("x509", "-noout", "-checkend", 3649 * 86400, input=pem)

    def test_run_folders_without_parent_are_left_for_later(self):
        self.site.configure(socket=f"unix:{self.site.dir}/no/such/milter.sock", spool=f"{self.site.dir}/no/spool")
        said = self.init().text
        self.assertEqual(said.count("later  "), 2)
        self.assertFalse((self.site.dir / "no").exists())

    def test_tcp_socket_needs_no_folder(self):
        self.site.configure(socket="inet:10025@127.0.0.1")
        self.assertNotIn("socket folder", self.init().text)

    def test_lost_master_key_is_never_replaced(self):
        self.init()
        self.site.master_key.unlink()
        result = self.init(status=1)
        self.assertIn("there is a store but no master key", result.errors)
        self.assertFalse(self.site.master_key.exists())

    def test_master_key_that_is_damaged_or_open_is_refused(self):
        self.init()
        self.site.master_key.write_bytes(b"short")
        self.assertIn("5 octets instead of 32", self.init(status=1).errors)
        self.site.master_key.write_bytes(b"x" * 32)
        self.site.master_key.chmod(0o644)
        self.assertIn("others cannot read", self.init(status=1).errors)

    def test_master_key_may_lie_elsewhere(self):
        elsewhere = self.site.dir / "elsewhere.key"
        self.site.configure(master_key=elsewhere)
        self.init()
        self.assertEqual((elsewhere.stat().st_size, self.site.master_key.exists()), (32, False))

    def test_what_stands_in_the_way_is_not_touched(self):
        self.site.state.write_text("precious")
        self.assertIn("something else than a folder", self.init(status=1).errors)
        self.assertEqual(self.site.state.read_text(), "precious")

    def test_folder_that_lets_others_in_is_refused(self):
        self.site.state.mkdir(mode=0o755)
        self.site.state.chmod(0o755)
        self.assertIn("chmod 711, or 700", self.init(status=1).errors)

    @unittest.skipUnless(os.geteuid() == 0, "only root has folders of others")
    def test_folder_of_another_user_is_refused(self):
        self.site.state.mkdir(mode=0o700)
        os.chown(self.site.state, 2, 2)
        self.assertIn("belongs to user id 2", self.init(status=1).errors)

    @unittest.skipUnless(os.geteuid() == 0, "only root makes files of others")
    def test_master_key_belongs_to_the_key_process(self):
        """The daemon's user owns everything else; sealadm, started by root, uses keys all the same."""
        self.site.configure(user="nobody", key_user="daemon")
        self.init()
        self.assertEqual({path: (path.owner(), stat.S_IMODE(path.stat().st_mode)) for path in (self.site.state, self.site.store, self.site.master_key)},
                         {self.site.state: ("nobody", 0o711), self.site.store: ("nobody", 0o600), self.site.master_key: ("daemon", 0o600)})
        generate = ("key", "generate", "alice@ours.example", "--type", "p256")
        self.assertEqual(self.site.run(*generate).returncode, 0)
        refused = self.site.run(*generate, starter=("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"))
        self.assertIn("as root it may be read: master key:", refused.errors)

    @unittest.skipUnless(os.geteuid() == 0, "only root starts the key process as another user")
    def test_unknown_user_of_the_key_process_is_said_with_what_to_do(self):
        self.site.configure(key_user="nosuchuser")
        self.assertIn("adduser --system --group nosuchuser", self.init(status=1).errors)
        self.assertFalse(self.site.state.exists())

    def test_unknown_user_is_said_with_what_to_do(self):
        self.site.configure(user="nosuchuser")
        result = self.init(status=1)
        self.assertIn("adduser --system --group nosuchuser", result.errors)
        self.assertFalse(self.site.state.exists())

    def test_failure_between_two_steps_is_mended_by_another_init(self):
        self.init()
        self.site.store.unlink()
        said = self.init().text
        self.assertIn("there  master key", said)
        self.assertIn("made   store", said)
        self.assertIn("made   own CA", said)

    def test_wrong_usage(self):
        for words in (["now"], ["--organisation"], ["--organisation", "a\nb"], ["--organisation", b"\xff"], ["--json"]):
            with self.subTest(words):
                result = self.site.run("init", *[os.fsdecode(word) for word in words])
                self.assertEqual(result.returncode, 2)
                self.assertFalse(self.site.state.exists())


class Afterwards(Case):
    def test_policy_is_to_be_loaded_when_its_file_is_there_and_to_be_written_when_not(self):
        self.assertIn(f"next: sealadm policy load, which reads {self.site.policy}\n", self.done("init"))
        self.site.policy.unlink()
        self.assertIn(f"next: write the policy {self.site.policy} ", self.done("init"))

    def test_what_is_done_already_is_not_asked_for(self):
        self.done("user", "add", "alice@ours.example")
        self.done("policy", "load")
        self.assertNotIn("next:", self.done("init"))


if __name__ == "__main__":
    unittest.main()
