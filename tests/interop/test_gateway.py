"""Our default output opened and verified by gpgsm, NSS, openssl and BouncyCastle; theirs opened and verified by us."""
import email
import unittest

from gateway import TEXT, Gateway  # first: it says where the harness is

import judges
from harness import mime, pki
from harness.lab import Lab, run, wait_for

KEYS = {"rsa2048": "rsa:2048", "rsa3072": "rsa:3072", "rsa4096": "rsa:4096", "p256": "ec:P-256", "p384": "ec:P-384"}
CONTENT = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe.\r\n"


def kind_of(key):
    return KEYS[key].split(":")[0]


def text_of(entity):
    return email.message_from_bytes(entity).get_payload(decode=True)


def cipher_of(entity):
    """As openssl names it: another one than ours says what is in the CMS."""
    printed = run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", input=mime.cms_of(entity)).stdout.decode()
    return printed.split("contentEncryptionAlgorithm:")[1].split("algorithm:")[1].split()[0]


class GatewayCase(unittest.TestCase):
    """cls.far, cls.ours: a person for each type of key; each judge has the keys of the far ones and the certificates of ours."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.seal = Gateway(cls.lab)
        cls.seal.init()
        cls.root = pki.Authority(cls.lab.folder("far"))
        cls.seal.adm("ca", "add", cls.root.cert, "--trust")
        cls.judges = [cls.lab.start(judge(cls.lab)) for judge in judges.ALL]
        for judge in cls.judges:
            judge.trust(cls.root)
            judge.trust(cls.seal.authority())

    @classmethod
    def user(cls, address, key):
        cls.seal.adm("user", "add", address)
        cls.seal.adm("key", "generate", address, "--type", key)
        return cls.seal.person(address)

    @classmethod
    def peer(cls, address, key, known=True, **options):
        """Someone of a far site whom each judge can speak for. known: we have the certificate."""
        person = cls.root.issue(address, KEYS[key], **options)
        if known:
            cls.seal.adm("cert", "import", person.cert)
        for judge in cls.judges_of(key):
            judge.know(person)
        return person

    @classmethod
    def judges_of(cls, key):
        return [judge for judge in cls.judges if kind_of(key) in judge.kinds]

    def assert_unwraps(self, judge, entity, person, forms):
        found, inner = judge.unwrap(entity, person)
        self.assertEqual(found, forms)
        self.assertEqual(text_of(inner), TEXT)

    def assert_received(self, got, decryption, signature, signer=None, inner=CONTENT):
        self.assertEqual((got.decryption, got.signature, got.signer), (decryption, signature, signer), got.why)
        self.assertEqual(got.entity, inner)


class EachTypeOfKey(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.far = {key: cls.peer(f"{key}@far.example", key) for key in KEYS}
        cls.ours = {key: cls.user(f"{key}@ours.example", key) for key in KEYS}
        for judge in cls.judges:
            for key, person in cls.ours.items():
                if kind_of(key) in judge.kinds:
                    judge.meet(person)

    def check_ours(self, form, *forms):
        for key, peer in self.far.items():
            entity, _ = self.seal.send(self.ours[key].address, peer.address, form=form)[peer.address]
            for judge in self.judges_of(key):
                with self.subTest(judge=judge.name, key=key):
                    self.assert_unwraps(judge, entity, peer, list(forms))

    def test_what_we_sign_is_verified(self):
        self.check_ours("signed", "signed")

    def test_what_we_sign_opaquely_is_verified(self):
        self.check_ours("opaque", "opaque")

    def test_what_we_encrypt_is_opened(self):
        self.check_ours("encrypted", "encrypted")

    def test_what_we_sign_and_encrypt_is_opened_and_verified(self):
        self.check_ours("", "encrypted", "signed")

    def test_what_we_sign_opaquely_and_encrypt_is_opened_and_verified(self):
        self.check_ours("opaque encrypted", "encrypted", "opaque")

    def check_theirs(self, forms, decryption, signature):
        """Our user gets what is inside the envelope, byte for byte."""
        for key, peer in self.far.items():
            ours = self.ours[key]
            for judge in self.judges_of(key):
                with self.subTest(judge=judge.name, key=key):
                    inside = judge.wrap(CONTENT, [form for form in forms if form != "encrypted"], peer, [ours])
                    sent = judge.wrap(inside, ["encrypted"], peer, [ours]) if "encrypted" in forms else inside
                    got = self.seal.receive(sent, peer.address, ours.address)
                    self.assert_received(got, decryption, signature, peer.address if signature == "good" else None, inside)

    def test_what_they_sign_is_verified_and_stays_as_it_is(self):
        self.check_theirs(["signed"], "none", "good")

    def test_what_they_sign_opaquely_is_verified_and_stays_as_it_is(self):
        self.check_theirs(["opaque"], "none", "good")

    def test_what_they_encrypt_is_opened(self):
        self.check_theirs(["encrypted"], "unauthenticated", "none")

    def test_what_they_sign_and_encrypt_is_opened_and_verified(self):
        self.check_theirs(["encrypted", "signed"], "opened", "good")

    def test_what_they_sign_opaquely_and_encrypt_is_opened_and_verified(self):
        self.check_theirs(["encrypted", "opaque"], "opened", "good")


class Ciphers(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.user("alice@ours.example", "rsa2048")
        cls.eve = cls.user("eve@ours.example", "p256")
        cls.openssl, cls.bouncy = [judge for judge in cls.judges if "aes-256-gcm" in judge.ciphers]
        cls.lab.start(cls.seal)

    def answer_to(self, judge, peer):
        """The peer writes to us signed; what we then write to him."""
        mail = mime.signed(CONTENT, judge.sign(peer, CONTENT))
        self.assertEqual(self.seal.learn(mail, peer.address, self.alice.address), (b"c", b""))
        got = wait_for(lambda: self.seal.send(self.alice.address, peer.address), "the daemon has learned the certificate")
        return got[peer.address][0]

    def test_peer_who_announced_gcm_gets_it(self):
        for key in ("rsa2048", "p256"):
            peer = self.peer(f"gcm-{key}@far.example", key, known=False)
            entity = self.answer_to(self.bouncy, peer)
            self.assertEqual(cipher_of(entity), "aes-256-gcm")
            for judge in self.judges_of_gcm(key):
                with self.subTest(judge=judge.name, key=key):
                    self.assert_unwraps(judge, entity, peer, ["encrypted", "signed"])

    def judges_of_gcm(self, key):
        """BouncyCastle 1.72 reads GCM for RSA keys only."""
        return [self.openssl, self.bouncy] if kind_of(key) == "rsa" else [self.openssl]

    def test_peer_who_announced_other_ciphers_gets_cbc(self):
        """What openssl announces has no GCM in it."""
        for key in ("rsa2048", "p256"):
            with self.subTest(key=key):
                peer = self.peer(f"cbc-{key}@far.example", key, known=False)
                self.assertEqual(cipher_of(self.answer_to(self.openssl, peer)), "aes-256-cbc")

    def test_peer_of_whom_nothing_is_known_gets_cbc(self):
        for key in ("rsa2048", "p256"):
            with self.subTest(key=key):
                peer = self.peer(f"unknown-{key}@far.example", key)
                self.assertEqual(cipher_of(self.seal.send(self.alice.address, peer.address)[peer.address][0]), "aes-256-cbc")

    def test_policy_can_ask_for_gcm(self):
        for key in ("rsa2048", "p256", "p384"):
            peer = self.peer(f"asked-{key}@far.example", key)
            entity, _ = self.seal.send(self.alice.address, peer.address, form="gcm")[peer.address]
            self.assertEqual(cipher_of(entity), "aes-256-gcm")
            with self.subTest(key=key):
                self.assert_unwraps(self.openssl, entity, peer, ["encrypted"])

    def test_gcm_from_them_needs_no_signature_to_be_trusted(self):
        for ours, key in ((self.alice, "rsa2048"), (self.eve, "p256")):
            for judge in self.judges_of_gcm(key):
                with self.subTest(judge=judge.name, to=ours.address):
                    sent = mime.enveloped(judge.encrypt([ours], CONTENT, cipher="aes-256-gcm"), "authEnveloped-data")
                    self.assert_received(self.seal.receive(sent, "bob@far.example", ours.address), "opened", "none")

    def test_oaep_and_pss_from_them_are_read(self):
        peer = self.peer("new@far.example", "rsa2048")
        inside = mime.signed(CONTENT, self.openssl.sign(peer, CONTENT, options=["-keyopt", "rsa_padding_mode:pss"]))
        for digest in ("sha1", "sha256"):
            with self.subTest(oaep=digest):
                der = run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc", "-recip", self.alice.cert,
                          "-keyopt", "rsa_padding_mode:oaep", "-keyopt", f"rsa_oaep_md:{digest}", input=inside).stdout
                got = self.seal.receive(mime.enveloped(der), peer.address, self.alice.address)
                self.assert_received(got, "opened", "good", peer.address, inside)

    def test_old_ciphers_from_them_are_read(self):
        for cipher in ("des3", "aes128", "aes192"):
            with self.subTest(cipher=cipher):
                sent = mime.enveloped(self.openssl.encrypt([self.alice], CONTENT, cipher=cipher))
                self.assert_received(self.seal.receive(sent, "bob@far.example", self.alice.address), "unauthenticated", "none")


class Shapes(GatewayCase):
    """Certificates and messages that differ from the plain case in one point each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.user("alice@ours.example", "rsa2048")
        cls.middle = pki.Authority(cls.lab.folder("middle"), "Middle CA", issuer=cls.root)

    def own(self, address, key, authority, **options):
        """A user of ours whose key comes from elsewhere."""
        person = authority.issue(address, KEYS[key], **options)
        secret = self.lab.folder("ours") / "secret"
        secret.write_text("secret\n")
        secret.chmod(0o600)
        self.seal.adm("user", "add", address)
        self.seal.adm("key", "import", person.p12(), "--passphrase-file", secret)
        return person

    def test_rsa_and_ec_recipients_get_a_copy_each(self):
        rsa, ec = self.peer("rsa@far.example", "rsa2048"), self.peer("ec@far.example", "p256")
        got = self.seal.send(self.alice.address, rsa.address, ec.address)
        for person, other, key in ((rsa, ec, "rsa2048"), (ec, rsa, "p256")):
            entity = got[person.address][0]
            self.assertFalse(pki.is_for(mime.cms_of(entity), other))
            for judge in self.judges_of(key):
                with self.subTest(judge=judge.name, key=key):
                    self.assert_unwraps(judge, entity, person, ["encrypted", "signed"])

    def test_two_rsa_recipients_open_the_same_copy(self):
        one, two = self.peer("one@far.example", "rsa2048"), self.peer("two@far.example", "rsa3072")
        got = self.seal.send(self.alice.address, one.address, two.address)
        self.assertEqual(got[one.address], got[two.address])
        for judge in self.judges_of("rsa2048"):
            for person in (one, two):
                with self.subTest(judge=judge.name, to=person.address):
                    self.assert_unwraps(judge, got[one.address][0], person, ["encrypted", "signed"])

    def test_certificate_without_key_identifier(self):
        for key in ("rsa2048", "p256"):
            peer = self.peer(f"noski-{key}@far.example", key, key_id=False)
            ours = self.own(f"noski-{key}@ours.example", key, self.root, key_id=False)
            entity, _ = self.seal.send(ours.address, peer.address)[peer.address]
            for judge in self.judges_of(key):
                judge.meet(ours)
                with self.subTest(judge=judge.name, key=key, way="out"):
                    self.assert_unwraps(judge, entity, peer, ["encrypted", "signed"])
                with self.subTest(judge=judge.name, key=key, way="in"):
                    inside = judge.wrap(CONTENT, ["signed"], peer, [ours])
                    got = self.seal.receive(judge.wrap(inside, ["encrypted"], peer, [ours]), peer.address, ours.address)
                    self.assert_received(got, "opened", "good", peer.address, inside)

    def test_recipient_and_signer_named_by_key_identifier(self):
        openssl = self.judges[0]
        for key in ("rsa2048", "p256"):
            with self.subTest(key=key):
                peer, ours = self.peer(f"keyid-{key}@far.example", key), self.user(f"keyid-{key}@ours.example", key)
                inside = mime.signed(CONTENT, openssl.sign(peer, CONTENT, options=["-keyid"]))
                sent = mime.enveloped(openssl.encrypt([ours], inside, options=["-keyid"]))
                self.assert_received(self.seal.receive(sent, peer.address, ours.address), "opened", "good", peer.address, inside)

    def test_indefinite_lengths_are_read(self):
        """As a program writes that does not hold the message in memory."""
        openssl, peer = self.judges[0], self.peer("stream@far.example", "rsa2048")
        inside = mime.enveloped(openssl.sign(peer, CONTENT, detached=False, options=["-stream"]), "signed-data")
        sent = mime.enveloped(openssl.encrypt([self.alice], inside, options=["-stream"]))
        self.assertEqual(mime.cms_of(sent)[1], 0x80)
        self.assert_received(self.seal.receive(sent, peer.address, self.alice.address), "opened", "good", peer.address, inside)

    def test_our_signature_brings_the_intermediate_authority(self):
        for key in ("rsa2048", "p256"):
            ours = self.own(f"chain-{key}@ours.example", key, self.middle)
            peer = self.peer(f"root-only-{key}@far.example", key)
            entity, _ = self.seal.send(ours.address, peer.address, form="signed")[peer.address]
            for judge in self.judges_of(key):
                with self.subTest(judge=judge.name, key=key):
                    self.assert_unwraps(judge, entity, peer, ["signed"])

    def test_their_signature_brings_the_intermediate_authority(self):
        """We know the root only; of the certificates below it, what comes with the mail."""
        for key in ("rsa2048", "p256"):
            for judge in self.judges_of(key):
                with self.subTest(judge=judge.name, key=key):
                    below = pki.Authority(self.lab.folder(f"below-{judge.name}-{key}"), f"CA of {judge.name}", issuer=self.root)
                    peer = below.issue(f"{judge.name}-{key}@far.example", KEYS[key])
                    judge.know(peer)
                    sent = judge.wrap(CONTENT, ["signed"], peer, [])
                    got = self.seal.receive(sent, peer.address, self.alice.address)
                    self.assert_received(got, "none", "good", peer.address, sent)

    def test_certificate_with_several_addresses_serves_each(self):
        peer = self.peer("first@far.example", "rsa2048", also=("second@far.example", "third@other.example"))
        entity = {address: self.seal.send(self.alice.address, address)[address][0] for address in ("second@far.example", "third@other.example")}
        for judge in self.judges_of("rsa2048"):
            sent = judge.wrap(CONTENT, ["signed"], peer, [])
            for address, ours in entity.items():
                with self.subTest(judge=judge.name, address=address):
                    self.assert_unwraps(judge, ours, peer, ["encrypted", "signed"])
                    self.assert_received(self.seal.receive(sent, address, self.alice.address), "none", "good", address, sent)
            with self.subTest(judge=judge.name, address="one that is not in it"):
                self.assert_received(self.seal.receive(sent, "fourth@far.example", self.alice.address), "none", "mismatch", "first@far.example", sent)


if __name__ == "__main__":
    unittest.main()
