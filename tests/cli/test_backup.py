"""sealadm backup and restore."""
import os
import unittest

from support import Case, Site


class Backup(Case):
    def setUp(self):
        super().setUp()
        self.done("user", "add", "alice@ours.example")
        self.done("key", "generate", "alice@ours.example", "--type", "p256")
        self.done("policy", "load")
        self.backup = self.site.dir / "backup"

    def leftovers(self):
        return [path.name for path in self.site.state.iterdir() if path.name not in ("store.mdb", "store.mdb-lock", "master.key", "gnupg")]

    def test_restored_store_is_the_one_that_was_backed_up(self):
        before = self.everything()
        self.done("backup", self.backup)
        self.done("user", "add", "bob@ours.example")
        self.assertNotEqual(self.everything(), before)
        self.assertRegex(self.done("restore", self.backup), r"the store is restored from .*: \d+ records, and the master key fits")
        self.assertEqual(self.everything(), before)
        self.assertEqual((self.leftovers(), self.site.store.stat().st_mode & 0o777), ([], 0o600))
        self.done("key", "generate", "carol@ours.example", "--type", "p256")

    def test_backup_is_private_and_without_the_master_key(self):
        said = self.done("backup", self.backup)
        self.assertIn(f"next: the master key {self.site.master_key} is not in it", said)
        self.assertEqual(self.backup.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(self.site.master_key.read_bytes(), self.backup.read_bytes())

    def test_backup_replaces_nothing(self):
        self.backup.write_text("precious")
        self.fails("backup", self.backup, says=str(self.backup))
        self.assertEqual(self.backup.read_text(), "precious")
        self.fails("backup", "/nonexistent/backup", says="/nonexistent/backup: No such file")

    def test_backup_of_another_site_is_refused_by_its_master_key(self):
        other = Site()
        self.addCleanup(other.remove)
        other.run("init")
        self.assertEqual(other.run("backup", self.backup).returncode, 0)
        self.unchanged("restore", self.backup, says=[f"the master key {self.site.master_key} is not the one of this backup"])
        self.assertEqual(self.leftovers(), [])

    def test_lost_store_comes_back(self):
        before = self.everything()
        self.done("backup", self.backup)
        self.site.store.unlink()
        self.done("restore", self.backup)
        self.assertEqual(self.everything(), before)

    def test_missing_master_key_is_said_before_anything_is_replaced(self):
        self.done("backup", self.backup)
        store = self.site.store.read_bytes()
        self.site.master_key.unlink()
        self.fails("restore", self.backup, says="master key")
        self.assertEqual((self.site.store.read_bytes(), self.leftovers()), (store, []))

    def test_damaged_backups_are_refused_and_the_store_stays(self):
        self.done("backup", self.backup)
        whole = self.backup.read_bytes()
        for content in (b"", b"nonsense", b"\0" * 100000, whole[:4096], whole[:len(whole) // 2], whole[4096:],
                        whole[:8192] + b"\xff" * (len(whole) - 8192)):
            with self.subTest(len(content)):
                self.unchanged("restore", self.file("bad", content), says=f"{self.site.dir}/bad")
                self.assertEqual(self.leftovers(), [])
        self.unchanged("restore", "/nonexistent", says="/nonexistent: No such file")
        self.unchanged("restore", self.site.dir, says="not a regular file")

    def test_fifo_is_not_waited_for(self):
        os.mkfifo(self.site.dir / "pipe")
        self.fails("restore", self.site.dir / "pipe", says="not a regular file")

    def test_wrong_usage(self):
        for words in (["backup"], ["backup", "a", "b"], ["restore"], ["restore", "a", "b"], ["restore", "--force", "a"]):
            with self.subTest(words):
                self.fails(*words, status=2, says=f"usage: sealadm [-c FILE] {words[0]} FILE")


if __name__ == "__main__":
    unittest.main()
