"""sealadm crl: import, list, remove; what doctor says of lists."""
import datetime
import pathlib
import tempfile
import unittest

from support import Case, Certificate, openssl, person


def issuer(folder, name, above=None):
    return Certificate(folder, f"/CN={name}", above, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
                       "subjectKeyIdentifier=hash\n")


class Lists:
    """What an authority keeps to publish its lists."""

    def __init__(self, folder, authority):
        self.folder, self.n = folder, 0
        (folder / "index").write_text("")
        (folder / "number").write_text("01\n")
        self.config = folder / "ca.conf"
        self.config.write_text(f"[ca]\ndefault_ca=x\n[x]\ndatabase={folder}/index\ncrlnumber={folder}/number\n"
                               f"default_md=sha256\ncertificate={authority.pem}\nprivate_key={authority.key}\n")

    def revoke(self, certificate):
        openssl("ca", "-config", self.config, "-revoke", certificate.pem)

    def publish(self, *options, form="PEM"):
        self.n += 1
        path = self.folder / f"list{self.n}"
        openssl("ca", "-config", self.config, "-gencrl", "-out", path, *(options or ("-crldays", 30)))
        if form == "DER":
            path.write_bytes(openssl("crl", "-in", path, "-outform", "DER"))
        return path


class Revocation(Case):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.root = issuer(self.folder, "Root")
        self.bob = person(self.folder, self.root, "bob@far.example")
        self.lists = Lists(self.folder, self.root)

    def trust(self):
        self.done("ca", "add", self.root.pem, "--trust")
        self.done("cert", "import", self.bob.pem)

    def stored(self):
        return self.json("crl", "list")["lists"]

    def between(self, this_update, next_update):
        return self.lists.publish("-crl_lastupdate", f"{this_update:%Y%m%d%H%M%SZ}", "-crl_nextupdate", f"{next_update:%Y%m%d%H%M%SZ}")

    def findings(self, word):
        result = self.site.run("doctor")
        return [line for line in result.text.splitlines() if word in line]

    def test_import_takes_the_trust_of_what_it_names(self):
        self.trust()
        self.assertIn("0 certificates", self.done("crl", "import", self.lists.publish()))
        self.lists.revoke(self.bob)
        said = self.done("crl", "import", self.lists.publish(form="DER"))
        self.assertIn("(CN=Root): 1 certificates, next update ", said)
        self.assertIn("certificates not trusted any more: 1", said)
        self.assertEqual(len(self.stored()), 1)
        self.assertIn("revoked since", self.done("cert", "import", self.bob.pem))

    def test_list_says_what_there_is(self):
        self.trust()
        self.lists.revoke(self.bob)
        self.done("crl", "import", self.lists.publish())
        one, = self.stored()
        self.assertEqual((one["issuer"], one["certificates"], one["outdated"]), ("CN=Root", 1, False))
        self.assertRegex(self.done("crl", "list"), rf"^{one['id'][:16]} +1  next update \S+  CN=Root\n$")

    def test_only_an_authority_of_the_store_is_believed(self):
        self.fails("crl", "import", self.lists.publish(), says=["list1: ", "no authority of the store signed", "CN=Root", "sealadm ca add"])
        self.assertEqual(self.stored(), [])

    def test_an_older_list_is_refused(self):
        self.trust()
        old = self.lists.publish("-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z")
        self.done("crl", "import", self.lists.publish())
        before = self.stored()
        self.fails("crl", "import", old, says="a newer revocation list of CN=Root is here")
        self.assertEqual(self.stored(), before)

    def test_a_list_of_the_future_is_refused(self):
        self.trust()
        future = self.lists.publish("-crl_lastupdate", "20900101000000Z", "-crl_nextupdate", "20910101000000Z")
        self.fails("crl", "import", future, says="of the future (2090-01-01T00:00:00Z)")
        self.assertEqual(self.stored(), [])

    def test_what_is_no_list_is_refused(self):
        self.trust()
        self.fails("crl", "import", self.bob.pem, says="no revocation list in the file")
        self.fails("crl", "import", self.file("junk", b"\x30\x03junk"), says="not a revocation list")
        self.fails("crl", "import", says="usage", status=2)

    def test_remove_gives_trust_back(self):
        self.trust()
        self.lists.revoke(self.bob)
        self.done("crl", "import", self.lists.publish())
        said = self.done("crl", "remove", self.stored()[0]["id"][:10])
        self.assertIn("certificates trusted by their chain now: 1", said)
        self.assertEqual(self.stored(), [])
        self.fails("crl", "remove", "abcd", says="no revocation list")

    def test_a_backup_holds_the_lists(self):
        self.trust()
        self.done("crl", "import", self.lists.publish())
        before = self.stored()
        self.done("backup", self.site.dir / "backup")
        self.done("crl", "remove", before[0]["id"])
        self.done("restore", self.site.dir / "backup")
        self.assertEqual(self.stored(), before)

    def test_doctor_counts_the_days_of_a_list(self):
        self.trust()
        now = datetime.datetime.now(datetime.timezone.utc)
        self.done("crl", "import", self.between(now - datetime.timedelta(40), now - datetime.timedelta(20)))
        self.assertRegex(self.findings("revocation list")[0], r"^warning .*\(CN=Root\) is outdated since ")
        self.done("crl", "import", self.between(now - datetime.timedelta(15), now + datetime.timedelta(3)))
        self.assertRegex(self.findings("revocation list")[0], r"^warning .*\(CN=Root\) is outdated soon")
        self.done("crl", "import", self.lists.publish())
        self.assertEqual(self.findings("revocation list"), [])

    def test_doctor_wants_a_list_of_every_authority_when_revocation_is_hard(self):
        self.trust()
        self.assertEqual(self.findings("revocation is hard"), [])
        self.site.configure(revocation="hard")
        self.assertRegex(self.findings("revocation is hard")[0], r"^error .*\(CN=Root\)")
        self.done("crl", "import", self.lists.publish())
        self.assertEqual(self.findings("revocation is hard"), [])


if __name__ == "__main__":
    unittest.main()
