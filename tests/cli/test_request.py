"""sealadm key request, and cert import of the answer: key and certificate come together."""
import pathlib
import tempfile
import unittest

from support import Case, authority, openssl, person

ALICE = "alice@ours.example"


class Request(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = authority(cls.folder)

    def setUp(self):
        super().setUp()
        self.done("user", "add", ALICE)
        self.done("ca", "add", self.root.pem, "--trust")

    def answer(self, request, *addresses):
        """What an authority makes of a request: the key of it, names of its own choice."""
        extensions = self.file("extensions", "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment,keyAgreement\n"
                               "extendedKeyUsage=emailProtection\nsubjectAltName=" + ",".join(f"email:{a}" for a in addresses) + "\n")
        return self.file("answer.pem", openssl("x509", "-req", "-in", request, "-CA", self.root.pem, "-CAkey", self.root.key, "-days", "20",
                                               "-extfile", extensions).decode())

    def keys(self):
        return [key for key in self.json("key", "list", ALICE)["keys"]]

    def test_request_is_what_the_key_and_the_user_say(self):
        for kind, text in (("p256", "ASN1 OID: prime256v1"), ("rsa2048", "Public-Key: (2048 bit)")):
            pem = self.done("key", "request", ALICE, "--type", kind).encode()
            said = openssl("req", "-verify", "-noout", "-text", input=pem).decode()
            for part in (text, f"email:{ALICE}", "E-mail Protection", "Digital Signature", f"CN = {ALICE}"):
                self.assertIn(part, said)

    def test_key_waits_and_the_answer_joins_it(self):
        out = self.site.dir / "request.pem"
        self.assertIn("next: sealadm cert import", self.done("key", "request", ALICE, "--type", "p256", "--out", out))
        waiting, = self.keys()
        self.assertEqual((waiting["trust"], waiting["token"]), (None, None))
        self.assertIn("without certificate", self.done("key", "list", ALICE))
        said = self.done("cert", "import", self.answer(out, ALICE))
        self.assertIn(f"it is the certificate of the key of {ALICE} that is here", said)
        joined, = self.keys()
        self.assertNotEqual(joined["fingerprint"], waiting["fingerprint"])
        self.assertEqual(joined["trust"], "trusted")
        p12 = self.site.dir / "alice.p12"
        self.done("key", "export", joined["fingerprint"], "--passphrase-file", self.secret("secret"), "--out", p12)
        openssl("pkcs12", "-in", p12, "-passin", "pass:secret", "-nodes")

    def test_certificate_for_another_is_not_joined(self):
        out = self.site.dir / "request.pem"
        self.done("key", "request", ALICE, "--type", "p256", "--out", out)
        said = self.done("cert", "import", self.answer(out, "bob@ours.example"))
        self.assertIn(f"belongs to {ALICE}, whom it does not name: not joined", said)
        self.assertEqual([key["trust"] for key in self.keys()], [None])

    def test_key_that_is_here_gets_another_certificate_beside_its_own(self):
        self.done("key", "generate", ALICE, "--type", "p256")
        first, = self.keys()
        out = self.site.dir / "request.pem"
        self.done("key", "request", ALICE, "--key", first["fingerprint"][:16], "--out", out)
        self.done("cert", "import", self.answer(out, ALICE))
        self.assertEqual(len(self.keys()), 2)
        self.assertIn(first["fingerprint"], [key["fingerprint"] for key in self.keys()])

    def test_certificate_of_a_stranger_joins_nothing(self):
        self.done("key", "request", ALICE, "--type", "p256", "--out", self.site.dir / "request.pem")
        stranger = person(self.folder, self.root, ALICE)
        self.assertNotIn("the key of", self.done("cert", "import", stranger.pem))
        self.assertEqual([key["trust"] for key in self.keys()], [None])

    def test_wrong_use_is_said_and_changes_nothing(self):
        self.done("key", "generate", ALICE, "--type", "p256")
        key, = self.keys()
        other = "bob@ours.example"
        self.fails("key", "request", other, "--key", key["fingerprint"], says=f"a key of {ALICE} is not used for {other}")
        self.fails("key", "request", ALICE, "--key", key["fingerprint"], "--type", "p256", says="of a new one", status=2)
        self.fails("key", "request", ALICE, "--token", "pkcs11:token=a;object=b?pin-value=1", says="--token", status=2)
        self.fails("key", "request", ALICE, "--token", "pkcs11:token=a;object=b", says="sealkeyd must run")
        there = self.file("there", "precious")
        self.fails("key", "request", ALICE, "--key", key["fingerprint"], "--out", there, says="is there already")
        self.assertEqual(there.read_text(), "precious")


if __name__ == "__main__":
    unittest.main()
