"""A private Postfix from an empty folder; nothing under /etc/postfix or /var/spool/postfix is used or touched."""
import contextlib
import os
import signal
import socket
import time

from .lab import PARENT, TIMEOUT, NotInTime, free_port, is_alive, kill_group, listens, run, wait_for

MAIN = {
    "compatibility_level": "3.6",
    "maillog_file_prefixes": PARENT,
    "command_directory": "/usr/sbin",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "shlib_directory": "/usr/lib/postfix",
    "meta_directory": "/etc/postfix",
    "sendmail_path": "/usr/sbin/sendmail",
    "newaliases_path": "/usr/bin/newaliases",
    "mailq_path": "/usr/bin/mailq",
    "html_directory": "no",
    "manpage_directory": "/usr/share/man",
    "readme_directory": "no",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtp_host_lookup": "native",
    "smtp_dns_support_level": "disabled",
    "smtpd_peername_lookup": "no",
    "smtp_tls_security_level": "none",
    "smtpd_tls_security_level": "none",
    "smtputf8_enable": "yes",
    "strict_smtputf8": "no",
    "message_size_limit": "52428800",
    "mailbox_size_limit": "0",
    "milter_default_action": "tempfail",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "maximal_queue_lifetime": "1h",
    "bounce_queue_lifetime": "1h",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_client_connection_count_limit": "0",
    "default_process_limit": "60",
    "smtpd_sasl_type": "cyrus",
    "smtpd_sasl_path": "smtpd",
}

SERVICES = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 5 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """
    Three listeners: mx (from outside), submission (with login) and inject, where copies come back; others by name in ports.

    milters stand at mx, submission and sendmail(1); of them those in after stand at inject too: what comes behind sealmilter.
    """
    kind = "postfix"

    def __init__(self, lab, next_hop, milters=(), after=(), aliases=(), saslauthd=None, settings=(), listeners=(),
                 name="postfix"):
        self.name = name
        self.mx, self.submission, self.inject = free_port(), free_port(), free_port()
        self.dir = lab.folder(name)
        self.etc, self.queue = lab.folder(f"{name}/etc"), lab.folder(f"{name}/q")
        self._log = lab.folder(f"{name}/log") / "mail.log"
        everywhere = ", ".join(milter.address for milter in (*milters, *after))
        aliases = " ".join(f"{{{alias} = {target}}}" for alias, target in dict(aliases).items())
        self.main = MAIN | {
            "queue_directory": self.queue,
            "data_directory": lab.folder(f"{name}/data", owner="postfix"),
            "maillog_file": self._log,
            "syslog_name": name,
            "myhostname": f"{name}.example",
            "mydomain": "example",
            "default_transport": f"smtp:[127.0.0.1]:{next_hop}",
            "relay_transport": f"smtp:[127.0.0.1]:{next_hop}",
            "virtual_alias_maps": f"inline:{{{aliases}}}" if aliases else "",
            "smtpd_milters": everywhere,
            "non_smtpd_milters": everywhere,
        }
        if saslauthd:
            (self.etc / "sasl").symlink_to(saslauthd.conf_dir)  # where Debian's smtpd looks
        self.main |= dict(settings)
        self.master = f"""\
127.0.0.1:{self.mx} inet n - n - - smtpd
  -o milter_macro_daemon_name=mx
127.0.0.1:{self.submission} inet n - n - - smtpd
  -o milter_macro_daemon_name=submission
  -o smtpd_sasl_auth_enable={"yes" if saslauthd else "no"}
127.0.0.1:{self.inject} inet n - n - - smtpd
  -o smtpd_milters={",".join(milter.address for milter in after)}
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
"""
        self.ports = {listener: free_port() for listener in dict(listeners)}
        for listener, milters in dict(listeners).items():
            self.master += f"""\
127.0.0.1:{self.ports[listener]} inet n - n - - smtpd
  -o milter_macro_daemon_name={listener}
  -o smtpd_milters={",".join(milter.address for milter in milters)}
"""
        self.master += SERVICES

    def start(self):
        (self.etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in self.main.items()))
        (self.etc / "master.cf").write_text(self.master)
        self._make_queue()
        # A configuration younger than two seconds is read again and again, with naps.
        for file in ("main.cf", "master.cf"):
            os.utime(self.etc / file, (time.time() - 60,) * 2)
        run("/usr/lib/postfix/sbin/master", "-w", "-c", self.etc)
        wait_for(lambda: listens(self.mx) and listens(self.inject), f"{self.name} listens")

    def _make_queue(self):
        """What `postfix check` would create, in 10 ms instead of 2.5 s."""
        for name in "active bounce corrupt defer deferred flush hold incoming saved trace private".split():
            run("install", "-d", "-o", "postfix", "-g", "root", "-m", "700", self.queue / name)
        run("install", "-d", "-o", "postfix", "-g", "postdrop", "-m", "730", self.queue / "maildrop")
        run("install", "-d", "-o", "postfix", "-g", "postdrop", "-m", "710", self.queue / "public")
        run("install", "-d", "-m", "755", self.queue / "pid")

    def stop(self):
        """Its processes share a group. Never `postfix stop`: it can hang on its own log."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.queue / "pid/master.pid").read_text())
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(NotInTime):
                wait_for(lambda: not is_alive(pid), f"{self.name} stops", 5)
            kill_group(pid)

    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def sendmail(self, arguments, message, check=True):
        """sendmail(1), as a program on this machine uses it."""
        return run("/usr/sbin/sendmail", "-C", self.etc, *arguments, input=message, check=check)

    def queued(self, *queues):
        """Names of the queue files; without an argument of all queues in which mail waits. Twice, for what moves meanwhile."""
        queues = queues or ("maildrop", "incoming", "active", "deferred", "hold")
        return [path.name for queue in queues * 2 for path in (self.queue / queue).rglob("*") if path.is_file()]

    def flush(self):
        """Try what waits now: what `postqueue -f` says to the queue manager, without the seconds that it waits for a sign."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.queue / "public/qmgr"))
            s.send(b"FADI")

    def waits_for(self, address, text):
        """Whether a message that contains this text waits for this address. A file that is not executable is no message yet."""
        record = b"R" + bytes([len(address)]) + address.encode()
        for path in (path for queue in ("incoming", "active", "deferred", "hold") for path in (self.queue / queue).rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mode & 0o100 and text in (data := path.read_bytes()) and record in data:
                    return True
        return False

    def wait_empty(self, timeout=TIMEOUT):
        wait_for(lambda: not self.queued(), f"{self.name}: queue is empty", timeout)
