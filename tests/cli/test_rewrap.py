"""sealadm key rewrap: a new master key, at once or in two goes, and the old one opens nothing more."""
import concurrent.futures
import os
import shutil
import unittest

from support import Case

ALICE = "alice@ours.example"


class Rewrap(Case):
    def setUp(self):
        super().setUp()
        self.done("user", "add", ALICE)
        self.done("key", "generate", ALICE, "--type", "p256")
        self.key, = self.json("key", "list", ALICE)["keys"]
        self.old = self.site.master_key.read_bytes()
        self.new_file = self.site.master_key.with_suffix(".key.new")

    def export(self):
        return self.site.run("key", "export", self.key["fingerprint"], "--passphrase-file", self.secret("secret"))

    def assert_sound(self):
        """The key and the own CA's open under the file that is there, which is private and has no companion."""
        self.assertEqual(self.export().returncode, 0)
        self.done("key", "generate", ALICE, "--type", "p256")
        self.assertEqual((self.site.master_key.stat().st_size, self.site.master_key.stat().st_mode & 0o777), (32, 0o600))
        self.assertFalse(self.new_file.exists())

    def test_everything_opens_under_the_new_key_and_nothing_under_the_old(self):
        held = open(self.site.master_key, "rb")
        self.addCleanup(held.close)
        said = self.done("key", "rewrap")
        for part in ("2 private keys and passphrases are wrapped under a new master key", "systemctl reload sealkeyd", "destroy the backups of before"):
            self.assertIn(part, said)
        self.assertNotEqual(self.site.master_key.read_bytes(), self.old)
        self.assertEqual(held.read(), bytes(32), "the old one is overwritten")
        self.assert_sound()
        self.site.master_key.write_bytes(self.old)
        self.assertIn("under another master key", self.export().errors)

    def test_backup_of_before_wants_the_key_of_before(self):
        backup = self.site.dir / "backup"
        self.done("backup", backup)
        self.done("key", "rewrap")
        self.fails("restore", backup, says="is not the one of this backup")

    def test_interrupted_before_the_store_changed(self):
        self.new_file.write_bytes(b"n" * 32)
        self.new_file.chmod(0o600)
        self.done("key", "rewrap")
        self.assertEqual(self.site.master_key.read_bytes(), b"n" * 32)
        self.assert_sound()

    def test_interrupted_after_the_store_changed(self):
        """The old key is still there, or overwritten already."""
        for left in (self.old, bytes(32)):
            self.done("key", "rewrap")
            self.site.master_key.rename(self.new_file)
            self.site.master_key.write_bytes(left)
            self.site.master_key.chmod(0o600)
            self.done("key", "rewrap")
            self.assert_sound()

    def test_what_was_wrapped_needs_no_token_to_be_finished(self):
        """sealkeyd does not start from a key of zeros, and need not be asked for the token's key."""
        with open(self.site.conf, "a") as conf:
            conf.write('master-key-token = "pkcs11:token=gw;object=master"\npkcs11-module = /nonexistent.so\n')
        self.site.master_key.rename(self.new_file)
        self.site.master_key.write_bytes(bytes(32))
        self.site.master_key.chmod(0o600)
        self.assertIn("all was wrapped before", self.done("key", "rewrap"))
        self.assertEqual(self.site.master_key.read_bytes(), self.old)
        self.assertFalse(self.new_file.exists())

    def test_new_key_that_was_cut_short_is_made_again(self):
        self.new_file.write_bytes(b"short")
        self.new_file.chmod(0o600)
        self.done("key", "rewrap")
        self.assert_sound()

    def test_key_of_zeros_is_nobodys_master_key(self):
        """Whoever was killed after overwriting the old one left it: everybody knows it."""
        self.site.master_key.write_bytes(bytes(32))
        for command in (["key", "generate", ALICE], ["key", "rewrap"]):
            self.fails(*command, says="was overwritten")
        self.assertFalse(self.new_file.exists())

    def test_wrong_master_key_changes_nothing(self):
        self.site.master_key.write_bytes(b"w" * 32)
        self.fails("key", "rewrap", says="under another master key")
        self.new_file.unlink()
        self.site.master_key.write_bytes(self.old)
        self.assert_sound()

    def test_several_at_once(self):
        """Those who come while one is at work change nothing."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda _: self.site.run("key", "rewrap"), range(6)))
        for result in results:
            if result.returncode != 0:
                self.assertIn("another sealadm key rewrap is at work", result.errors)
        self.assertIn(0, [result.returncode for result in results])
        self.assertNotEqual(self.site.master_key.read_bytes(), self.old)
        self.assert_sound()

    @unittest.skipUnless(os.geteuid() == 0, "only root makes files of others")
    def test_new_key_of_somebody_else_is_not_taken_up(self):
        """The daemon's user owns the folder, and may have put it there: he would know the key."""
        self.new_file.write_bytes(b"n" * 32)
        self.new_file.chmod(0o600)
        shutil.chown(self.new_file, "nobody")
        self.fails("key", "rewrap", says="is not what an interrupted sealadm key rewrap left")
        self.assertEqual(self.site.master_key.read_bytes(), self.old)


if __name__ == "__main__":
    unittest.main()
