"""SoftHSM in five commands, as sealmilter-hsm(7) has them, on a host that is set up as README says."""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.lab import BUILD, TIMEOUT, TREE

PIN, SO_PIN = "246810", "87654321"

# A host of its own: users, settings and state are copies; what is not a copy cannot be written.
ENTER = """\
cd "$1"
cp -a /etc etc
rm -rf etc/sealmilter
mkdir -p bin tmp var/lib var/spool/postfix var/tmp
cp -a /var/lib/softhsm var/lib
mount --bind etc /etc
mount --bind var /var
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sealmilter /run/sealkeyd
PATH=$1/bin:$PATH exec sh -ex script
"""

APT_GET = """\
#!/bin/sh
[ "$*" = "install softhsm2" ] && command -v softhsm2-util
"""

# As the two units start them.
SYSTEMCTL = """\
#!/bin/sh -e
[ "$*" = "restart sealkeyd sealmilter" ]
for pid in /run/sealmilter.pid /run/sealkeyd.pid; do
    [ ! -f $pid ] || kill $(cat $pid)
done
chown sealkeyd: /run/sealkeyd
install -d -o sealmilter -g sealmilter -m 700 /run/sealmilter /run/sealmilter/spool /var/spool/postfix/sealmilter
start() {
    setpriv --reuid $1 --regid $1 --groups $(id -G $1 | tr ' ' ,),$(id -g sealmilter) $1 -f >>log 2>&1 &
    echo $! >/run/$1.pid
    while ! [ -S $2 ]; do kill -0 $!; sleep 0.1; done
}
start sealkeyd /run/sealkeyd/sealkeyd.sock
start sealmilter /var/spool/postfix/sealmilter/sealmilter.sock
"""

LETTER = b"From: alice@example.org\r\nTo: bob@partner.example\r\nSubject: hello\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nHello.\r\n"


def page():
    """What stands apart in the section: commands, settings, the command that makes a key."""
    text = (TREE / "keyd/sealmilter-hsm.7").read_text().split(".Ss SoftHSM in five commands")[1].split(".Ss")[0]
    return [block.replace("\\e\n", "\\\n") for block in re.findall(r"(?s)\.Bd -literal[^\n]*\n(.*?)\.Ed", text)]


def readme():
    """The commands that set a host up, but for building, and for the unit, which the page's last command starts."""
    text = (TREE / "README.md").read_text().split("## Into production")[1].split("\n\n    adduser ")[1].split("\n\nPrograms, manuals")[0]
    return "adduser " + text.replace("systemctl enable --now sealkeyd sealmilter", "").replace(" contrib/", f" {TREE}/contrib/")


@unittest.skipUnless(os.geteuid() == 0, "only root has a host of its own")
class Page(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="seal-page-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.dir.chmod(0o755)
        (self.dir / "bin").mkdir()
        for program in ("cli/sealadm", "keyd/sealkeyd", "milter/sealmilter"):
            (self.dir / "bin" / pathlib.Path(program).name).symlink_to(BUILD / program)
        self.program("apt-get", APT_GET)
        self.program("systemctl", SYSTEMCTL)

    def program(self, name, text):
        (self.dir / "bin" / name).write_text(text)
        (self.dir / "bin" / name).chmod(0o755)

    def at_terminal(self):
        """What the script shows; PINs are typed where they are asked for, the last where the page says it."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("timeout", ["timeout", "-k", "1", str(TIMEOUT), "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                  "sh", "-exc", ENTER, "sh", str(self.dir)])
        shown, answered = "", 0
        prompts = re.compile(r"enter (SO|user) PIN: |\+ (install) -o sealkeyd [^\n]*\n")
        while True:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # nobody has the other side any more
                break
            if not more:
                break
            shown += more.decode(errors="replace")
            while match := prompts.search(shown, answered):
                answered = match.end()
                os.write(terminal, f"{SO_PIN if match[1] == 'SO' else PIN}\n".encode() + (b"\x04" if match[2] else b""))
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown

    def test_five_commands_give_a_key_on_a_token_that_signs(self):
        commands, settings, key = page()
        self.assertEqual(len(commands.splitlines()), 5)
        *four, fifth = commands.splitlines()
        (self.dir / "settings").write_text(settings)
        (self.dir / "letter").write_bytes(LETTER)
        script = [readme(), *four, "cat settings >>/etc/sealmilter/sealmilter.conf", fifth, key,
                  "sealadm doctor --json >doctor || true",
                  "sealadm explain --write copies --from alice@example.org --login alice@example.org --to bob@partner.example letter",
                  "sealadm key list alice@example.org --json >keys"]
        (self.dir / "script").write_text("\n".join(script))
        status, shown = self.at_terminal()
        log = self.dir / "log"
        self.assertEqual(status, 0, shown + (log.read_text(errors="replace") if log.exists() else ""))
        findings = [f["what"] for f in json.loads((self.dir / "doctor").read_text())["findings"] if f["severity"] == "good"]
        self.assertTrue(any(what.startswith("token mail: logged in (") for what in findings), findings)
        keys = json.loads((self.dir / "keys").read_text())["keys"]
        self.assertIn("pkcs11:token=mail;object=alice", [one["token"] for one in keys])
        copy, = (self.dir / "copies").glob("0.eml")
        self.assertIn(b"multipart/signed", copy.read_bytes())


if __name__ == "__main__":
    unittest.main()
