"""OpenPGP keys of recipients outside, looked up at real servers: used at once, kept, and whatever the servers do, mail waits or is right."""
import concurrent.futures
import unittest

from harness import gpg, message, smtp
from harness.keyhost import KeyHost
from harness.lab import TREE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.slapd import Slapd, pgp_key

SCHEMES = ("wkd", "hkps", "hkp")

POLICY = """\
our domains  ours.example

keyword confidential  subject "[confidential]"

rule "must"
    when outbound, keyword confidential
    encrypt with openpgp

rule "nothing to encrypt"
    when outbound, to domain plain.example
    pass

rule "out"
    when outbound
    encrypt with openpgp or smime if possible

rule "rest"
    pass
"""


class Scenarios(SealSite):
    """Whoever is at wkd.example is asked for at the directory, at hkps.example and hkp.example at the key servers."""
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        cls.host = cls.lab.start(KeyHost(cls.lab))
        servers = ", ".join(f"{cls.host.url(scheme)} {scheme}.example" for scheme in SCHEMES)
        cls.lara = cls.new_person("lara@ldap.example")
        cls.slapd = cls.lab.start(Slapd(cls.lab, pgp_key(cls.lara.address, cls.lara.key.read_bytes()), cls.host.authority,
                                        schemas=[TREE / "tests/support/pgp.schema"]))
        servers += f', "{cls.slapd.ldaps}/ou=people,dc=example" ldap.example'
        cls.seal_settings = {"openpgp-lookup": f"{servers}, wkd their.localhost", "openpgp-lookup-ca-file": cls.host.ca,
                             "openpgp-lookup-timeout": "2m", "openpgp-trust": "keyserver"}
        super().set_up_site()
        cls.doras = [cls.new_person(f"dora@{scheme}.example") for scheme in SCHEMES]

    @classmethod
    def new_person(cls, address):
        person = gpg.Person(cls.lab, address)
        cls.addClassCleanup(person.stop)
        return person

    def setUp(self):
        super().setUp()
        self.host.mode()
        self.before = len(self.host.asked())

    # ---- steps ----

    def send(self, to, subject="hello"):
        self.sink.reset()
        self.submit(to, message.make(to=to, subject=subject, body=b"ORCHID.\r\n"))
        return self.sink.one(to)

    def asked(self):
        return self.host.asked()[self.before:]

    def assert_clear(self, to):
        self.assertIn(b"ORCHID.", self.send(to).data)

    def refusal(self, to, subject="hello"):
        with self.assertRaises(smtp.Refused) as refused:
            self.submit(to, message.make(to=to, subject=subject))
        return str(refused.exception.reply)

    def assert_deferred(self, to, why, subject="hello"):
        self.assertRegex(self.refusal(to, subject), "^451 4.3.0 .*Could not find out")
        self.logged(why)
        self.assertEqual(self.sink.messages, [])

    # ---- tests ----

    def test_key_that_is_found_is_used_at_once_and_kept(self):
        for person, scheme, source in zip(self.doras, SCHEMES, ("wkd", "keyserver", "keyserver")):
            with self.subTest(scheme):
                self.host.publish(person.address, person.key.read_bytes())
                asked = len(self.host.asked())
                self.assertIn(b"ORCHID.\r\n", person.opens(self.send(person.address).data)[0])
                self.logged(f"event=harvest addr={person.address} key={person.fingerprint} source={source} trust=trusted result=new")
                self.assertEqual(len(self.host.asked()), asked + 1)
                self.host.stop()
                try:
                    self.assertIn(b"ORCHID.\r\n", person.opens(self.send(person.address, "[confidential] hello").data)[0])
                finally:
                    self.host.start()
                self.assertEqual(len(self.host.asked()), asked + 1)

    def test_nobody_is_asked_before_the_message_is_there(self):
        to = "early@wkd.example"
        with smtp.Client(self.mta.submission) as client:
            client.login(ALICE)
            client.mail(ALICE)
            client.rcpt(to)
            self.assertEqual(self.asked(), [])
            client.data(message.make(to=to))
            self.assertEqual(len(self.asked()), 1)
            client.quit()

    def test_ldap_server_is_asked_once_the_message_is_there_and_its_key_used(self):
        to = self.lara.address
        self.sink.reset()
        self.slapd.hang()
        self.addCleanup(self.slapd.go_on)
        with smtp.Client(self.mta.submission) as client:
            client.login(ALICE)
            client.mail(ALICE)
            client.rcpt(to)
            self.assertFalse(self.slapd.is_asked(self.slapd.tls_port))
            self.slapd.go_on()
            client.data(message.make(to=to, subject="[confidential] hello", body=b"ORCHID.\r\n"))
            client.quit()
        self.assertIn(b"ORCHID.\r\n", self.lara.opens(self.sink.one(to).data)[0])
        self.logged(f"event=harvest addr={to} key={self.lara.fingerprint} source=keyserver trust=trusted result=new")
        self.assert_clear("nobody@ldap.example")
        self.reconfigure(openpgp_lookup_timeout="1s")
        self.slapd.hang()
        self.sink.reset()
        self.assert_deferred("lea@ldap.example", "no answer in time")

    def test_no_is_an_answer_and_remembered(self):
        to = "nobody@hkps.example"
        self.assert_clear(to)
        with self.assertRaisesRegex(smtp.Refused, f"(?s) 5[0-9][0-9] .*{to}"):
            self.send(to, "[confidential] hello")
        self.assertEqual(len(self.asked()), 1)

    def test_what_cannot_be_found_out_defers_whatever_the_rule(self):
        to = "carla@wkd.example"
        for mode, why in (("503", "the server says 503"), ("huge", "sends more than"), ("endless", "sends more than"),
                          ("fields", "sends more than")):
            with self.subTest(mode):
                self.mark = len(self.seal.log())
                self.host.mode(mode)
                self.assert_deferred(to, why)
                self.assert_deferred(to, why, "[confidential] hello")
        self.reconfigure(openpgp_lookup_timeout="1s")
        self.mark = len(self.seal.log())
        self.host.mode("slow")
        self.assert_deferred(to, "[Tt]imed? ?out")
        self.assert_deferred(to, "[Tt]imed? ?out", "[confidential] hello")
        self.reload(openpgp_lookup_timeout="2m")
        self.host.mode()
        self.assert_clear(to)

    def test_server_that_is_gone_or_proves_to_be_another_one(self):
        to = "dieter@hkps.example"
        self.host.stop()
        try:
            self.assert_deferred(to, "onnect")
        finally:
            self.host.start()
        self.reconfigure(openpgp_lookup_ca_file=self.far.cert)
        self.mark = len(self.seal.log())
        self.assert_deferred(to, "certificate")
        self.assertEqual(self.asked(), [])

    def test_directory_of_a_domain_that_leads_inside_is_not_asked(self):
        self.assert_deferred("root@their.localhost", "inside")
        self.assertEqual(self.asked(), [])

    def test_redirection_is_not_followed(self):
        to = "erich@hkp.example"
        self.host.mode("redirect", f"http://127.0.0.1:{self.host.http}/{to}")
        self.host.publish(to, self.doras[-1].key.read_bytes())
        self.assert_clear(to)
        self.assertEqual(len(self.asked()), 1)

    def test_what_is_no_key_of_the_address_is_none(self):
        for number, octets in enumerate((b"<html></html>", b"", self.doras[0].key.read_bytes(), b"\x00" * 100000)):
            to = f"fred{number}@wkd.example"
            with self.subTest(to):
                self.host.publish(to, octets)
                self.assert_clear(to)
        self.assertNotIn("event=harvest", self.seal.log()[self.mark:])

    def test_many_sessions_held_by_a_server_all_end(self):
        """Each within its limit of time, or behind one that has it: libmilter may have less threads than sessions."""
        self.reconfigure(openpgp_lookup_timeout="1s")
        self.host.mode("slow")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for reply in pool.map(self.refusal, [f"user{i}@wkd.example" for i in range(8)]):
                self.assertRegex(reply, "^451 4.3.0 .*Could not find out")
        self.assertIn(b"ORCHID.", self.send("x@plain.example").data)


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
