"""OpenPGP under both MTAs: what leaves is judged by gpg, sq and rnp, what arrives was made by them."""
import base64
import re
import unittest

from harness import gpg, message, mime, smtp
from harness.lab import wait_for
from harness.sealmilter import IN_AND_INSIDE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase
from harness.strace import Trace

BOB, EVE, CAROL, PAUL = "bob@far.example", "eve@far.example", "carol@else.example", "paul@pgp.example"
PAST, LATER = "20250101T000000", "20250201T000000"
ENTITY = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nThe plaintext token is ORCHID.\r\n"

MARK = "tulip"
TRACED = [f"`{MARK}`@trace.example", f"{{{MARK}}}@trace.example", f'"{MARK} -oX/tmp/{MARK};$(touch /tmp/{MARK})"@trace.example']

POLICY = """\
our domains  ours.example

keyword confidential  subject "[confidential]"
keyword keys          subject "{send_keys_pgp}"
keyword unsigned      subject "[unsigned]"

network 127.0.0.1  may sign for alice@ours.example

rule "introduced"
    when outbound, to domain autocrypt.example
    add autocrypt mutual
    continue

rule "keys"
    when outbound, keyword keys
    attach keys openpgp

rule "confidential"
    when outbound, keyword confidential
    sign
    encrypt

rule "signed"
    when outbound, to domain sign.example
    sign with openpgp

rule "unsigned"
    when outbound, keyword unsigned
    encrypt with openpgp

rule "out"
    when outbound
    sign if possible
    encrypt with openpgp or smime if possible

rule "cut"
    when inbound, from domain cut.example
    harvest
    detach keys

""" + IN_AND_INSIDE


class Scenarios(SealSite):
    policy = POLICY

    @classmethod
    def set_up_site(cls):
        super().set_up_site()
        cls.seal.adm("key", "generate", ALICE, "--openpgp")
        cls.ours = cls.seal.keys_of(ALICE, "openpgp_keys")[0]["fingerprint"]
        cls.alice = cls.seal.adm("cert", "export", cls.ours).stdout
        cls.paul = cls.new_person(PAUL)
        cls.rsa = cls.new_person("rsa@pgp.example", "default")
        assert [person.listed(b"pub", field=3) for person in (cls.paul, cls.rsa)] == [["22"], ["1"]], "Ed25519 and RSA"
        cls.seal.adm("cert", "import", cls.paul.key, cls.rsa.key, "--trust")
        for person in (cls.paul, cls.rsa):
            person.rnp_learns(person.secret.read_bytes(), cls.alice)

    @classmethod
    def new_person(cls, address, algorithm="future-default", **options):
        person = gpg.Person(cls.lab, address, algorithm, **options)
        cls.addClassCleanup(person.stop)
        person.learn(cls.alice)
        return person

    def test_message_is_signed_and_encrypted_for_a_known_key(self):
        for person in (self.paul, self.rsa):
            with self.subTest(to=person.address):
                self.sink.reset()
                self.submit(person.address, message.make(to=person.address, body=b"ORCHID.\r\n"))
                got = self.sink.one(person.address)
                self.assertNotIn(b"ORCHID", got.data)
                inside, signer = person.opens(got.data)
                self.assertIn(b"ORCHID.\r\n", inside)
                self.assertEqual(signer, self.ours)
                self.assertEqual(person.sq_opens(got.data, self.alice), inside)
                self.assertEqual(person.rnp_opens(got.data), (inside, self.ours))

    def test_message_can_be_encrypted_and_not_signed_both_ways(self):
        self.submit(PAUL, message.make(to=PAUL, subject="[unsigned] hello", body=b"ORCHID.\r\n"))
        inside, signer = self.paul.opens(self.sink.one(PAUL).data)
        self.assertIn(b"ORCHID.\r\n", inside)
        self.assertIsNone(signer)
        got = self.arrives(self.paul, self.paul.encrypted(ENTITY, ALICE, sign=False))
        self.assertEqual(got.header("Subject"), ["[secure] hello"])
        self.assertRegex(got.header("X-Sealmilter-Status")[0], "encryption=opened; auth=cipher; signature=none")
        self.assertIn(b"ORCHID", got.data)

    def test_signature_alone_is_one_that_gpg_verifies_after_every_hop(self):
        self.submit("x@sign.example", message.make(to="x@sign.example", body=b"trailing blank \r\nFrom here\r\n.dot\r\n"))
        got = self.sink.one("x@sign.example")
        self.assertIn(f"micalg={self.paul.micalg(got.data)};", " ".join(got.header("Content-Type")))
        content, signer = self.paul.verifies(got.data)
        self.assertEqual(signer, self.ours)
        self.assertEqual(self.paul.rnp_verifies(got.data)[1], self.ours)
        self.assertEqual(self.paul.sq_verifies(got.data, self.alice), content)

    def test_each_of_four_recipients_gets_his_own_method(self):
        self.submit([PAUL, BOB, CAROL, EVE], message.make(to=f"{PAUL}, {BOB}, {CAROL}, {EVE}", body=b"ORCHID.\r\n"))
        self.sink.wait(4)
        self.assertIn(b"ORCHID", self.paul.opens(self.sink.one(PAUL).data)[0])
        for address in (BOB, EVE):
            self.assertEqual(self.opened(self.sink.one(address)).layers, ["encrypted", "signed"])
        self.assertEqual(self.opened(self.sink.one(CAROL)).layers, ["signed"])

    def test_expired_and_revoked_subkeys_are_passed_over(self):
        person = self.new_person("subkeys@pgp.example", made=PAST)
        good = person.listed(b"sub", field=4)
        person.add_subkey(LATER, expires="1d")
        person.add_subkey(LATER)
        person.revoke_newest_subkey()
        self.assertEqual(person.listed(b"sub", field=1)[1:], ["e", "r"])
        self.seal.adm("cert", "import", person.key, "--trust")
        self.submit(person.address, message.make(to=person.address, subject="[confidential] hello", body=b"ORCHID.\r\n"))
        got = self.sink.one(person.address)
        self.assertEqual([name.lower() for name in person.names(got.data)], good)
        self.assertIn(b"ORCHID", person.opens(got.data)[0])

    def test_expired_key_is_not_encrypted_to(self):
        person = self.new_person("late@pgp.example", made=PAST, expires="1d")
        self.seal.adm("cert", "import", person.key, "--trust")
        self.submit(person.address, message.make(to=person.address))
        self.assertNotIn(b"BEGIN PGP MESSAGE", self.sink.one(person.address).data)
        with self.assertRaisesRegex(smtp.Refused, "(?s) 5[0-9][0-9] .*late@pgp.example"):
            self.submit(person.address, message.make(to=person.address, subject="[confidential] hello"))

    def test_hidden_recipient_is_named_nowhere(self):
        self.submit([PAUL, self.rsa.address], message.make(to=PAUL))
        self.sink.wait(2)
        self.assertEqual(self.rsa.names(self.sink.one(self.rsa.address).data), ["0000000000000000"])
        self.assertEqual(len(self.paul.names(self.sink.one(PAUL).data)), 1)
        self.assertTrue(self.rsa.opens(self.sink.one(self.rsa.address).data)[0])

    def test_our_key_goes_along_on_request(self):
        self.submit(CAROL, message.make(to=CAROL, subject="{send_keys_pgp} here"))
        got = self.sink.one(CAROL)
        self.assertEqual(got.header("Subject"), ["here"])
        self.assertIn(b"Content-Type: application/pgp-keys", got.data)
        self.assertIn(self.alice.splitlines()[3], got.data)

    def test_our_key_stands_in_an_autocrypt_field(self):
        self.submit("x@autocrypt.example", message.make(to="x@autocrypt.example"))
        got = self.sink.one("x@autocrypt.example")
        (field,) = got.header("Autocrypt")
        words, data = field.split("keydata=")
        self.assertEqual(words.split(), [f"addr={ALICE};", "prefer-encrypt=mutual;"])
        reader = gpg.Person(self.lab, "x@autocrypt.example")
        self.addCleanup(reader.stop)
        reader.learn(base64.b64decode("".join(data.split())))
        self.sink.reset()
        self.assertIn(b"ORCHID", self.arrives(reader, reader.encrypted(ENTITY, ALICE)).data)

    def test_key_of_the_house_goes_along_and_certifies_the_senders(self):
        house = gpg.Person(self.lab, "gateway@ours.example")
        self.addCleanup(house.stop)
        self.seal.adm("key", "import", house.secret, "--user", "@ours.example")
        self.addCleanup(self.seal.adm, "key", "delete", house.fingerprint, "--force")
        self.seal.adm("cert", "certify", ALICE, "--by", "@ours.example")
        self.submit(CAROL, message.make(to=CAROL, subject="{send_keys_pgp} here"))
        armor = re.search(rb"-----BEGIN PGP PUBLIC.*?-----END[^\r]*", self.sink.one(CAROL).data, re.S)[0]
        self.paul.learn(armor)
        said = self.paul.gpg("--with-colons", "--check-sigs", ALICE).stdout.decode()
        self.assertRegex(said, f"(?m)^sig:!:.*:{house.fingerprint[-16:].upper()}:")

    def arrives(self, person, entity, *headers):
        head = message.make(sender=person.address, to=ALICE, subject="hello", headers=["MIME-Version: 1.0", *headers], body=b"")
        self.arrive(ALICE, head.removesuffix(b"\r\n") + entity, sender=person.address)
        return self.sink.one(ALICE)

    def test_message_of_gpg_is_opened_and_verified(self):
        got = self.arrives(self.paul, self.paul.encrypted(ENTITY, ALICE))
        self.assertEqual(got.header("Subject"), ["[secure] [signed OK] hello"])
        self.assertIn(b"ORCHID", got.data)
        self.assertRegex(got.header("Authentication-Results")[0], "x-openpgp=pass")

    def test_message_of_sq_and_of_rnp_is_opened_and_verified(self):
        for person in (self.rsa, self.paul):
            for program, entity in (("sq", person.sq_encrypted(ENTITY, self.alice)), ("rnp", person.rnp_encrypted(ENTITY, ALICE))):
                with self.subTest(by=program, sender=person.address):
                    self.sink.reset()
                    got = self.arrives(person, entity)
                    self.assertEqual(got.header("Subject"), ["[secure] [signed OK] hello"])
                    self.assertIn(b"ORCHID", got.data)

    def test_message_that_exchange_has_mangled_is_opened(self):
        armor = gpg.armor_of(self.paul.encrypted(ENTITY, ALICE))
        got = self.arrives(self.paul, b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n\r\n"
                           b'--x\r\nContent-Type: application/pgp-encrypted; name="PGPMIME Versions Identification"\r\n'
                           b"Content-Description: PGP/MIME Versions Identification\r\n\r\nVersion: 1\r\n\r\n"
                           b'--x\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n'
                           b"Content-Disposition: attachment\r\n\r\n" + mime.crlf(armor) + b"\r\n--x--\r\n")
        self.assertEqual(got.header("Subject"), ["[secure] [signed OK] hello"])
        self.assertIn(b"ORCHID", got.data)

    def test_certificate_of_revocation_counts_from_the_next_message_on(self):
        person = self.new_person("gone@pgp.example")
        self.seal.adm("cert", "import", person.key, "--trust")
        sent = message.make(to=person.address, subject="[confidential] hello")
        self.submit(person.address, sent)
        self.assertIn(b"BEGIN PGP MESSAGE", self.sink.one(person.address).data)
        self.seal.adm("cert", "import", person.revocation())
        with self.assertRaisesRegex(smtp.Refused, "(?s) 5[0-9][0-9] .*gone@pgp.example"):
            self.submit(person.address, sent)

    def test_detached_signature_of_gpg_is_verified(self):
        got = self.arrives(self.rsa, self.rsa.signed(ENTITY))
        self.assertEqual(got.header("Subject"), ["[signed OK] hello"])

    def test_signature_by_a_stranger_is_not_ok(self):
        stranger = self.new_person("stranger@pgp.example")
        got = self.arrives(stranger, stranger.signed(ENTITY))
        self.assertNotIn("signed OK", got.header("Subject")[0])
        self.assertRegex(got.header("X-Sealmilter-Status")[0], "signature=unsupported.*not known")

    def test_gpg_is_started_by_its_path_and_told_nothing_that_a_message_says(self):
        """R36"""
        person = self.new_person("gate@trace.example")
        self.seal.adm("cert", "import", person.key, "--for", "@trace.example", "--trust")
        with Trace(self.lab, self.seal.process.pid) as trace:
            for address in TRACED:
                self.sink.reset()
                self.submit(address, message.make(to=address, subject=f"-{MARK};$(touch /tmp/{MARK})"))
                self.arrives(self.paul, self.paul.encrypted(ENTITY, ALICE), f"X-{MARK}: `{MARK}`")
        started = [re.search(r'\("([^"]*)", (\[.*)', line).groups() for line in trace.of("execve", "execveat")]
        scratch = re.escape(str(self.seal.settings["spool"])) + r"/pgp-\w+/gpg"
        for program, _ in started:
            self.assertRegex(program, rf"^(/usr/bin/(gpg|gpg-agent|gpgconf|gpgsm)|{scratch})$")
        worked = [words for program, words in started if program == "/usr/bin/gpg" and "--output" in words]
        self.assertEqual(len(worked), 2 * len(TRACED))
        for words in worked:
            self.assertRegex(words, r'"--", "-&\d+"\], \["LC_ALL=C", "HOME=/", "PATH=/usr/bin:/bin"\]')
        self.assertEqual([line for _, line in trace.calls if MARK in line], [])

    def test_attached_key_that_was_learned_is_left_out(self):
        new, text = self.new_person("new@cut.example"), b"\r\nThe key is attached. \r\n"
        head, end = b"Content-Type: multipart/mixed; boundary=k\r\n\r\n--k\r\n" + text, b"--k--\r\nbehind\r\n"
        key = new.key.read_bytes()
        got = self.arrives(new, head + b"--k\r\nContent-Type: application/pgp-keys; name=k.asc\r\n\r\n" + mime.crlf(key) + end)
        self.assertTrue(got.data.endswith(b"--k\r\n" + text + end), got.data)
        self.assertEqual(got.header("X-Sealmilter-Detached"), [f'name="k.asc"; fingerprint={new.fingerprint}'])
        self.assertIn(f"key={new.fingerprint} source=attached trust=untrusted result=new", self.seal.log())

    def test_attached_key_is_learned_and_used_once_it_is_trusted(self):
        new = self.new_person("new@pgp.example")
        part = (b'Content-Type: multipart/mixed; boundary=k\r\n\r\n--k\r\nContent-Type: text/plain\r\n\r\nmy key\r\n--k\r\n'
                b"Content-Type: application/pgp-keys\r\n\r\n" + mime.crlf(new.key.read_bytes()) + b"\r\n--k--\r\n")
        self.arrives(new, part)
        wait_for(lambda: f"key={new.fingerprint} source=attached trust=untrusted result=new" in self.seal.log(), "the key is learned")
        for trusted in (False, True):
            with self.subTest(trusted=trusted):
                self.sink.reset()
                if trusted:
                    self.seal.adm("cert", "trust", new.fingerprint)
                self.submit(new.address, message.make(to=new.address))
                self.assertEqual(b"BEGIN PGP MESSAGE" in self.sink.one(new.address).data, trusted)

    def test_attached_key_of_another_address_is_not_learned(self):
        liar = self.new_person("liar@pgp.example")
        armor = mime.crlf(self.paul.key.read_bytes())
        mark = len(self.seal.log())
        self.arrives(liar, b"Content-Type: application/pgp-keys\r\n\r\n" + armor)
        self.submit(CAROL, message.make(to=CAROL, sender=ALICE))
        self.assertNotIn("event=harvest", self.seal.log()[mark:])


class UnderPostfix(Scenarios, PostfixCase):
    pass


class UnderSendmail(Scenarios, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
