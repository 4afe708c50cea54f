"""Groups and attributes of a directory decide real mail; whatever the directory does, mail waits or is right, and no session hangs."""
import concurrent.futures
import time
import unittest

from harness import message, pki, smtp
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.slapd import Slapd, SlowLine, group, person

BOB, CAROL, DAVE = "bob@far.example", "carol@plain.example", "dave@plain.example"
PATIENCE, LIMIT = 60, 3  # seconds: directory-timeout, and what it is where nobody answers

# Bob is a partner because his team is one; Carol only buys.
LDIF = (person("alice", ALICE) + person("bob", BOB, employeeType="buyer") + person("carol", CAROL, employeeType="Buyer") +
        group("team", "uid=bob,ou=people") + group("partners", "cn=team,ou=groups") + group("writers", "uid=alice,ou=people"))

POLICY = """\
our domains  ours.example
group partner is directory "cn=partners,ou=groups,dc=example"

rule "partners"
    when outbound, from group writers, to group partner
    encrypt

rule "buyers"
    when outbound, to attribute employeeType is buyer
    refuse "Not to buyers"

rule "out"
    when outbound
    pass

rule "rest"
    pass
"""


class Scenarios(SealSite):
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        cls.house = pki.Authority(cls.lab.folder("house"), "House CA")
        cls.slapd = cls.lab.start(Slapd(cls.lab, LDIF, cls.house))
        cls.line = cls.lab.start(SlowLine(cls.slapd.port))
        cls.seal_settings = {"directory": cls.slapd.uri, "directory-ca-file": cls.slapd.ca, "directory-base": "dc=example",
                             "directory-timeout": f"{PATIENCE}s", "directory-cache": "0s", "directory-cache-negative": "0s",
                             "directory-cache-stale": "0s"}
        super().set_up_site()

    # ---- steps ----

    def send(self, to):
        return self.submit(to, message.make(to=to))

    def assert_right(self):
        """Bob's mail is encrypted, Dave's is not, Carol's is refused."""
        self.sink.reset()
        self.send(BOB)
        self.send(DAVE)
        with self.assertRaises(smtp.Refused) as refused:
            self.send(CAROL)
        self.assertRegex(str(refused.exception.reply), "^550 5.7.1 .*Not to buyers")
        self.sink.wait(2)
        got = {m.recipients[0]: self.opened(m).layers for m in self.sink.messages}
        self.assertEqual(got, {BOB: ["encrypted"], DAVE: []})

    def assert_deferred(self, log, to=BOB):
        start = time.monotonic()
        delivered = len(self.sink.messages)
        with self.assertRaises(smtp.Refused) as refused:
            self.send(to)
        self.assertRegex(str(refused.exception.reply), "^451 4.3.0 .*Could not find out")
        self.assertLess(time.monotonic() - start, PATIENCE / 2)
        self.logged(log)
        self.assertEqual(len(self.sink.messages), delivered)

    # ---- tests ----

    def test_groups_and_attributes_decide(self):
        self.assert_right()

    def test_one_message_to_several(self):
        self.submit([BOB, DAVE], message.make(to=f"{BOB}, {DAVE}"))
        self.sink.wait(2)
        self.assertEqual({m.recipients[0]: self.opened(m).layers for m in self.sink.messages}, {BOB: ["encrypted"], DAVE: []})

    def test_hostile_recipients_are_nobody(self):
        for to in ('"*)(mail=*"@far.example', '"bob@far.example)(|(mail=*"@far.example', '"\\\\2a"@far.example', "*@far.example"):
            self.sink.reset()
            self.submit(to, message.make(to=to))
            self.sink.wait(1)
            self.assertEqual(self.opened(self.sink.messages[0]).layers, [], to)

    def test_stopped(self):
        self.slapd.stop()
        try:
            self.assert_deferred("directory.*Connection refused")
            self.assert_deferred("directory.*Connection refused", DAVE)
        finally:
            self.slapd.start()
        self.assert_right()

    def test_hanging(self):
        self.reconfigure(directory_timeout=f"{LIMIT}s")
        self.slapd.hang()
        try:
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                for future in [pool.submit(self.assert_deferred, "directory") for _ in range(20)]:
                    future.result()
        finally:
            self.slapd.go_on()
        self.assert_right()

    def test_slow(self):
        self.reconfigure(directory=f"ldap://127.0.0.1:{self.line.port}")
        self.line.delay = 0.05
        self.assert_right()
        self.line.delay = 2 * PATIENCE
        self.reconfigure(directory_timeout=f"{LIMIT}s")
        self.assert_deferred("directory.*no answer in time")
        self.line.delay = 0
        self.assert_right()

    def test_wrong_certificate(self):
        for uri in (self.slapd.ldaps, self.slapd.uri):
            with self.subTest(uri):
                self.reconfigure(directory=uri, directory_ca_file=self.far.cert)
                self.assert_deferred("directory.*TLS fails")
                self.reconfigure(directory=uri, directory_ca_file=self.slapd.ca)
                self.assert_right()

    def test_restarted_in_mid_stream(self):
        """Deferred or right, never anything else."""
        sent, deferred = [], 0
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            restarts = pool.submit(self.restart, 5)
            while not restarts.done() or len(sent) < 5:
                to = (BOB, DAVE)[len(sent) % 2]
                try:
                    self.send(to)
                    sent.append(to)
                except smtp.Refused as refused:
                    self.assertRegex(str(refused.reply), "^451 4.3.0 ")
                    deferred += 1
            restarts.result()
        self.sink.wait(len(sent))
        for m in self.sink.messages:
            self.assertEqual(self.opened(m).layers, ["encrypted"] if m.recipients == [BOB] else [])
        self.assert_right()

    def restart(self, times):
        for _ in range(times):
            self.slapd.stop()
            self.slapd.start()

    def test_answers_are_remembered(self):
        self.reconfigure(directory_cache="1h", directory_cache_negative="1h")
        self.assert_right()
        self.slapd.stop()
        try:
            self.assert_right()
        finally:
            self.slapd.start()

    def test_old_answers_are_used_while_nobody_answers(self):
        self.reconfigure(directory_cache_stale="1h")
        self.assert_right()
        self.slapd.stop()
        try:
            self.assert_right()
            self.logged("earlier answers are used")
            self.reconfigure(directory_cache_stale="0s")
            self.assert_deferred("directory.*Connection refused")
        finally:
            self.slapd.start()

    # ---- the administrator ----

    def test_doctor_asks_the_servers(self):
        def findings():
            return self.seal.adm("doctor", "--json", check=False).stdout.decode()
        self.assertIn(f"directory {self.slapd.uri} answers", findings())
        self.slapd.stop()
        try:
            self.assertRegex(findings(), "Connection refused")
        finally:
            self.slapd.start()

    def test_check_names_groups_that_the_directory_lacks(self):
        self.assertNotIn(b"warning: group", self.seal.adm("policy", "check").stdout)
        other = self.seal.dir / "other.conf"
        other.write_text(POLICY.replace("from group writers", "from group nobodies"))
        self.assertRegex(self.seal.adm("policy", "check", other).stdout.decode(),
                         "warning: group nobodies: the directory has no group of this name")

    def test_explain_asks_as_the_daemon_does(self):
        said = self.seal.explain(message.make(to=BOB), ALICE, [BOB], "--login", ALICE)
        self.assertEqual(said["recipients"][0]["rules"], ["partners"])
        self.slapd.stop()
        try:
            said = self.seal.explain(message.make(to=BOB), ALICE, [BOB], "--login", ALICE)
            self.assertEqual(said["verdict"], "tempfail")
            self.assertRegex("\n".join(said["recipients"][0]["why"]), "Connection refused")
        finally:
            self.slapd.start()


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
