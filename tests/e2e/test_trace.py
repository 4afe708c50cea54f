"""What the daemon asks of the system while it serves hostile mail: it starts no program (R36) and names no file by a message (R39)."""
import os
import re
import unittest

from harness import message, mime, pki
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.strace import Trace

BOB = "bob@far.example"
LARGE = b"A line that fills a spool.\r\n" * 2000
# MARK stands in each name, so that no call can have it from elsewhere.
MARK = "tulip"
ADDRESSES = [f'"|touch /tmp/{MARK};$(touch /tmp/{MARK})"@far.example', f"-{MARK}@far.example", f'"--{MARK} -oX/tmp/{MARK}"@far.example',
             f"`{MARK}`@far.example", f'"../../{MARK}"@far.example', f"{{{MARK}}}@far.example"]
FILES = [f"../../../../tmp/{MARK}", f"/tmp/{MARK}", f"/etc/cron.d/{MARK}", f"{MARK}\0.txt", f"{MARK}\x1b[2J\x07", f"|touch {MARK}", f"-{MARK}",
         f"C:\\{MARK}", f"$({MARK})", f"spool.{MARK}", f"{MARK}" * 100]
START_PROGRAMS = ("execve", "execveat", "fork", "vfork")
CHANGE_FILES = ("creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat",
                "unlink", "unlinkat", "rmdir", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate", "chdir")


def attachment(name):
    """Named wherever a name can stand, quoted and as RFC 2231 writes it; larger than what is kept in memory."""
    quoted, encoded = name.replace("\\", "\\\\"), "".join(f"%{octet:02X}" for octet in name.encode())
    return (f'Content-Type: multipart/mixed; boundary=b; name="{quoted}"\r\n\r\n--b\r\nContent-Type: application/octet-stream;'
            f' name="{quoted}"\r\nContent-Disposition: attachment; filename="{quoted}";\r\n filename*=utf-8\'\'{encoded}\r\n\r\n'
            ).encode() + LARGE + b"--b--\r\n"


class Scenarios(SealSite):
    seal_settings = {"spool-memory": "4K"}

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.alice = cls.person(ALICE)

    def files(self):
        """All names below the daemon's folders."""
        return {str(path) for path in self.seal.dir.rglob("*")}

    def serve_each_file_name(self):
        for name in FILES:
            entity = attachment(name)
            fields, content = mime.split(entity)
            for inner in (entity, self.bob.sign(entity)):
                self.arrive(ALICE, pki.mail(pki.encrypt(inner, self.alice), f"Bob <{BOB}>", ALICE))
            self.submit([BOB, "carol@else.example"], message.make(to=BOB, body=b"")[:-2] + entity)
        self.sink.wait(4 * len(FILES))

    def serve_each_address(self):
        """As sender and as recipient. A few the MTA itself may refuse."""
        taken = 0
        for address in ADDRESSES:
            taken += self.is_taken(self.arrive, ALICE, pki.mail(self.bob.sign(attachment(MARK)), address, ALICE), sender=address)
            taken += self.is_taken(self.submit, [address, BOB], message.make(to=address))
        self.assertGreaterEqual(taken, len(ADDRESSES))
        self.mta.wait_empty()

    def is_taken(self, send, *arguments, **options):
        try:
            return send(*arguments, **options).code == 250
        except AssertionError:
            return False

    def assert_harmless(self, trace):
        self.assertEqual(trace.of(*START_PROGRAMS), [])
        self.assertEqual([line for line in trace.of("clone", "clone3") if "CLONE_THREAD" not in line], [])
        self.assertEqual(trace.of(*CHANGE_FILES), [])
        self.assertEqual([line for _, line in trace.calls if MARK in line], [])
        writes = [line for line in trace.of("open", "openat", "openat2") if re.search("O_WRONLY|O_RDWR|O_CREAT", line)]
        spool = re.escape(str(self.seal.settings["spool"]))
        self.assertEqual([line for line in writes if not re.search(rf'"{spool}", O_RDWR\|O_CLOEXEC\|O_TMPFILE', line)], [])
        self.assertGreater(len(writes), len(FILES), "messages were spooled")

    def test_hostile_names_start_no_program_and_name_no_file(self):
        before, elsewhere = self.files(), {folder: set(os.listdir(folder)) for folder in ("/", "/tmp", "/etc/cron.d")
                                           if os.path.isdir(folder)}
        with Trace(self.lab, self.seal.process.pid) as trace:
            self.serve_each_file_name()
            self.serve_each_address()
        self.assert_harmless(trace)
        self.assertEqual(self.files(), before)
        for folder, names in elsewhere.items():
            self.assertEqual([name for name in set(os.listdir(folder)) - names if MARK in name], [])


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
