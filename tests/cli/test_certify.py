"""sealadm cert certify: an OpenPGP key of ours vouches for somebody's User-IDs; gpg(1) is the judge."""
import unittest

from test_openpgp import ALICE, BOB, OpenPgp

HOUSE = "gateway@ours.example"


class Certify(OpenPgp):
    def setUp(self):
        super().setUp()
        self.done("user", "add", ALICE)
        self.done("key", "generate", ALICE, "--openpgp")
        self.alice = self.own_keys()[0]["fingerprint"]

    def signers(self, fingerprint):
        """Of each User-ID of an exported key, whose good signatures gpg finds: 16 digits of the key id."""
        keys = self.done("cert", "export", self.alice) + self.done("cert", "export", fingerprint)
        judge = self.judge()
        judge("--import", input=keys.encode())
        found, uid = {}, None
        for line in judge("--with-colons", "--check-signatures", fingerprint).decode().splitlines():
            fields = line.split(":")
            if fields[0] == "uid":
                uid = fields[9]
                found[uid] = set()
            elif fields[0] == "sub":
                uid = None
            elif fields[0] == "sig" and uid is not None and fields[1] == "!":
                found[uid].add(fields[4].lower())
        return found

    def judge(self):
        from test_openpgp import Gpg
        return Gpg(self)

    def test_user_id_is_certified_and_given_out(self):
        self.import_bob()
        said = self.done("cert", "certify", BOB, "--by", ALICE)
        self.assertIn(f"OpenPGP key {self.bob}: 1 User-ID certified by {self.alice} of {ALICE}\n", said)
        self.assertEqual(self.signers(self.bob), {f"Bob <{BOB}>": {self.bob[-16:], self.alice[-16:]}})
        (certified,) = self.key(self.bob)["certified"]
        self.assertEqual((certified["user_id"], certified["by"]), (f"Bob <{BOB}>", self.alice))
        self.assertIn(f"certified: Bob <{BOB}>, by {self.alice}, ", self.done("cert", "show", self.bob))

    def test_trust_is_another_matter(self):
        self.import_bob()
        self.done("cert", "certify", self.bob, "--by", self.alice)
        self.assertEqual((self.key(self.bob)["trust"], self.key(self.bob)["by_hand"]), ("untrusted", False))

    def test_only_the_addresses_for_which_the_key_is_used(self):
        other = self.far.make("Bert <bert@far.example>", "Bert <bert@else.example>")
        self.done("cert", "import", self.file("bert.asc", self.far.public(other)), "--for", "bert@far.example")
        self.done("cert", "certify", other, "--by", ALICE)
        signers = self.signers(other)
        self.assertIn(self.alice[-16:], signers["Bert <bert@far.example>"])
        self.assertNotIn(self.alice[-16:], signers["Bert <bert@else.example>"])

    def test_signatures_of_strangers_do_not_come_back_in(self):
        mallory = self.far.make("Mallory <mallory@far.example>")
        self.far("--local-user", mallory, "--quick-sign-key", self.bob)
        self.import_bob()
        self.done("cert", "certify", self.bob, "--by", ALICE)
        self.done("cert", "import", self.file("again.asc", self.far.public(self.bob)))
        self.assertEqual(self.signers(self.bob), {f"Bob <{BOB}>": {self.bob[-16:], self.alice[-16:]}})
        self.assertNotIn(mallory[-16:].upper(), self.far_packets())

    def far_packets(self):
        keys = self.done("cert", "export", self.bob)
        return self.far("--list-packets", input=keys.encode()).decode()

    def test_again_replaces_what_was_said_before(self):
        self.import_bob()
        for _ in range(3):
            self.done("cert", "certify", self.bob, "--by", ALICE)
        self.assertEqual(len(self.key(self.bob)["certified"]), 1)

    def test_key_of_ours_certifies_a_colleague(self):
        self.done("user", "add", "carla@ours.example")
        self.done("key", "generate", "carla@ours.example", "--openpgp")
        self.done("cert", "certify", "carla@ours.example", "--by", ALICE)
        carla = self.own_keys("carla@ours.example")[0]["fingerprint"]
        self.assertEqual(set(map(frozenset, self.signers(carla).values())), {frozenset({carla[-16:], self.alice[-16:]})})

    def test_what_has_ended_is_not_certified(self):
        self.fails("cert", "certify", BOB, "--by", ALICE, says=f"{BOB} has 0 OpenPGP keys that could be certified")
        late = self.far.make("Late <late@far.example>")
        self.done("cert", "import", self.file("late.asc", self.far.public(late)))
        self.done("cert", "import", self.file("late.rev", self.far.revocation(late)))
        self.fails("cert", "certify", late, "--by", ALICE, says="is revoked")
        old = self.far.make("Old <old@far.example>", expires="seconds=86400", clock="20240101T000000")
        self.done("cert", "import", self.file("old.asc", self.far.public(old)))
        self.fails("cert", "certify", old, "--by", ALICE, says="has expired")
        self.import_bob()
        self.done("cert", "reject", self.bob)
        self.fails("cert", "certify", self.bob, "--by", ALICE, says="was rejected by hand")

    def test_who_cannot_certify(self):
        self.import_bob()
        self.fails("cert", "certify", self.bob, "--by", "carla@ours.example", says="carla@ours.example has no OpenPGP key here")
        self.fails("cert", "certify", self.bob, "--by", self.bob, says="")
        self.fails("cert", "certify", self.alice, "--by", ALICE, says="certifies its own User-IDs already", status=2)
        self.fails("cert", "certify", self.bob, says="--by ADDR", status=2)


if __name__ == "__main__":
    unittest.main()
