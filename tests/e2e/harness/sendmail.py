"""A private Sendmail, unpacked beside Postfix by contrib/tools/unpack-sendmail, in mount and UTS namespaces of its own."""
import contextlib
import os
import re
import socket
import threading

from .lab import BUILD, TIMEOUT, TREE, Process, free_port, listens, run, wait_for

MC = r"""divert(-1)
divert(0)dnl
VERSIONID(`seal')dnl
OSTYPE(`linux')dnl
define(`_USE_ETC_MAIL_')dnl
define(`confPID_FILE', `%(dir)s/sendmail.pid')dnl
define(`QUEUE_DIR', `%(queue)s')dnl
define(`STATUS_FILE', `%(dir)s/stat')dnl
define(`ALIAS_FILE', `')dnl
define(`HELP_FILE', `')dnl
define(`confDOMAIN_NAME', `%(host)s')dnl
define(`confCW_FILE', `-o %(dir)s/none')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confDEF_USER_ID', `nobody:nogroup')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
define(`confTO_IDENT', `0')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confMILTER_LOG_LEVEL', `9')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confMAX_MESSAGE_SIZE', `%(size)s')dnl
define(`confREFUSE_LA', `999')dnl
define(`confQUEUE_LA', `999')dnl
define(`confTO_QUEUEWARN', `')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')dnl
define(`confSERVICE_SWITCH_FILE', `%(dir)s/service.switch')dnl
define(`confAUTH_MECHANISMS', `PLAIN')dnl
TRUST_AUTH_MECH(`PLAIN')dnl
define(`confAUTH_OPTIONS', `')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`access_db', `text -o -k0 -v1 %(dir)s/access')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`virtusertable', `text -o -k0 -v1 %(dir)s/virtual')dnl
VIRTUSER_DOMAIN(`%(alias_domain)s')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h %(next_hop)s')dnl
%(filters)sdnl
DAEMON_OPTIONS(`Name=mx, Family=inet, Addr=127.0.0.1, Port=%(mx)s, Listen=250')dnl
DAEMON_OPTIONS(`Name=submission, Family=inet, Addr=127.0.0.1, Port=%(submission)s, Listen=250')dnl
DAEMON_OPTIONS(`Name=inject, Family=inet, Addr=127.0.0.1, Port=%(inject)s, Listen=250, InputMailFilters=%(after)s')dnl
MAILER(`smtp')dnl
"""

# The program of the local machine: it hands what it gets to the daemon by SMTP, which is where the milter sees it.
SUBMIT_MC = r"""divert(-1)
divert(0)dnl
VERSIONID(`seal submit')dnl
OSTYPE(`linux')dnl
define(`confCF_VERSION', `Submit')dnl
define(`__OSTYPE__',`')dnl
define(`_USE_DECNET_SYNTAX_', `1')dnl
define(`confTIME_ZONE', `USE_TZ')dnl
define(`confDONT_INIT_GROUPS', `True')dnl
define(`confPID_FILE', `%(dir)s/submit.pid')dnl
define(`MSP_QUEUE_DIR', `%(msp_queue)s')dnl
define(`MSP_STATUS_FILE', `%(dir)s/submit.stat')dnl
define(`confDOMAIN_NAME', `%(host)s')dnl
define(`confQUEUE_LA', `999')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confRUN_AS_USER', `nobody:nogroup')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')dnl
define(`confSERVICE_SWITCH_FILE', `%(dir)s/service.switch')dnl
define(`RELAY_MAILER_ARGS', `TCP $h %(submission)s')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""

# Inside the namespaces: a host name with a dot (else it sleeps a minute), a /dev whose log is ours, SASL's configuration.
ENTER = """
set -e
hostname "$1"
for file in null zero full random urandom tty; do
    : >"$2/$file"
    mount --bind "/dev/$file" "$2/$file"
done
mount --rbind "$2" /dev
[ -z "$3" ] || mount --bind "$3" /usr/lib/sasl2
shift 3
exec "$@"
"""


class Sendmail:
    """The same listeners as Postfix's, see there."""
    kind = "sendmail"

    def __init__(self, lab, next_hop, milters=(), after=(), aliases=(), saslauthd=None, size=52428800, rejects=(),
                 name="sendmail"):
        self.name, self._saslauthd = name, saslauthd
        self.mx, self.submission, self.inject = free_port(), free_port(), free_port()
        self.dir, self.queue = lab.folder(name), lab.folder(f"{name}/q", mode=0o700)
        self._dev, self._msp_queue = lab.folder(f"{name}/dev"), lab.folder(f"{name}/msp", owner="nobody", mode=0o770)
        self._log = self.dir / "mail.log"
        self._aliases, self._rejects = dict(aliases), rejects
        filters = "".join(f"INPUT_MAIL_FILTER(`{m.name}', `S={m.address}, F=T, T=C:30s;S:60s;R:120s;E:5m')dnl\n"
                          for m in (*milters, *after))
        domains = sorted({alias.split("@")[1] for alias in self._aliases}) or ["none.invalid"]
        self._values = {"dir": self.dir, "queue": self.queue, "msp_queue": self._msp_queue, "host": f"{name}.example",
                        "mx": self.mx, "submission": self.submission, "inject": self.inject, "next_hop": next_hop,
                        "filters": filters, "after": ",".join(m.name for m in after), "size": size,
                        "alias_domain": " ".join(domains)}

    @staticmethod
    def program():
        for root in (BUILD, TREE / "build"):
            if (root / "sendmail/complete").exists():
                return root / "sendmail"
        raise RuntimeError("no Sendmail: sh contrib/tools/unpack-sendmail build/sendmail")

    def start(self):
        (self.dir / "stat").touch()
        (self.dir / "virtual").write_text("".join(f"{alias} {target}\n" for alias, target in self._aliases.items()))
        (self.dir / "access").write_text("".join(f"To:{address} REJECT\n" for address in self._rejects))
        (self.dir / "service.switch").write_text("hosts files\npasswd files\naliases files\n")
        for file, text in (("sendmail", MC), ("submit", SUBMIT_MC)):
            self._configure(file, text % self._values)
        self._listen_to_log()
        self._process = Process(self.name, self._inside("-C", self.dir / "sendmail.cf", "-bD", "-q1s"), self.dir / "output")
        wait_for(lambda: self._process.has_ended() or listens(self.mx) and listens(self.inject), f"{self.name} listens")
        if self._process.has_ended():
            raise AssertionError(f"{self.name} has ended:\n{self.log()}")

    def _configure(self, file, text):
        cf = self.program() / "usr/share/sendmail/cf"
        (self.dir / f"{file}.mc").write_text(text)
        made = run("m4", f"-D_CF_DIR_={cf}/", cf / "m4/cf.m4", self.dir / f"{file}.mc")
        (self.dir / f"{file}.cf").write_bytes(made.stdout)

    def _inside(self, *arguments):
        conf = self._saslauthd.conf_dir if self._saslauthd else ""
        return ["unshare", "--uts", "--mount", "sh", "-c", ENTER, "sh", f"{self.name}.example", self._dev, conf,
                self.program() / "usr/libexec/sendmail/sendmail", *arguments]

    def _listen_to_log(self):
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind(str(self._dev / "log"))
        os.chmod(self._dev / "log", 0o666)

        def keep():
            with open(self._log, "ab", buffering=0) as f:
                while line := log.recv(65536):
                    f.write(line.rstrip(b"\0\n") + b"\n")
        threading.Thread(target=keep, daemon=True).start()

    def stop(self):
        if hasattr(self, "_process"):
            self._process.stop()

    def log(self):
        texts = [path.read_text(errors="replace") for path in (self._log, self.dir / "output") if path.exists()]
        return "".join(texts)

    def sendmail(self, arguments, message, check=True):
        """sendmail(1), as a program on this machine uses it."""
        return run(*self._inside("-C", self.dir / "submit.cf", "-Am", *arguments), input=message, check=check)

    def queued(self):
        return [path.name for folder in (self.queue, self._msp_queue) for path in folder.glob("qf*")]

    def waits_for(self, address, text):
        """Whether a message that contains this text waits for this address."""
        recipient = re.compile(rb"(?m)^R[A-Z]*:<?%s>?$" % re.escape(address.encode()))
        for control in self.queue.glob("qf*"):
            with contextlib.suppress(FileNotFoundError):
                envelope = control.read_bytes()
                if recipient.search(envelope) and text in envelope + control.with_name("df" + control.name[2:]).read_bytes():
                    return True
        return False

    def wait_empty(self, timeout=TIMEOUT):
        wait_for(lambda: not self.queued(), f"{self.name}: queue is empty", timeout)
