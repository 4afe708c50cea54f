"""A site with sealmilter: the milter set up for the MTA's listeners, people of ours and of far sites, and every delivery explained."""
import re
import shutil

from . import pki, smtp
from .lab import BUILD, run, wait_for
from .sealmilter import Sealmilter
from .unwrap import Opened

ALICE = "alice@ours.example"


class SealSite:
    """Beside SiteCase. far: the far CA; bob has an RSA certificate, eve an EC one, carol none. Before, after: the milters beside ours."""
    policy = None
    build = BUILD
    before = ()
    after = ()
    users = (ALICE,)
    seal_settings = {}
    mta_options = {}
    key_environment = {}
    key_wrapper = ()

    @classmethod
    def set_up_site(cls):
        before = [cls.lab.start(make(cls.lab)) for make in cls.before]
        after = [cls.lab.start(make(cls.lab)) for make in cls.after]
        cls.after_milters = {milter.name: milter for milter in after}
        cls.seal = Sealmilter(cls.lab, build=cls.build, **({"policy": cls.policy} if cls.policy else {}))
        cls.mta = cls.make_mta(milters=[*before, cls.seal], after=after, **cls.mta_options)
        cls.seal.settings |= {"inject": f"127.0.0.1:{cls.mta.inject}", "submission-listeners": "submission",
                              "inbound-listeners": "mx"} | cls.seal_settings
        cls.seal.key_environment, cls.seal.key_wrapper = cls.key_environment, cls.key_wrapper
        cls.seal.init(*cls.users)
        cls.far = pki.Authority(cls.lab.folder("far"))
        cls.bob = cls.far.issue("bob@far.example")
        cls.eve = cls.far.issue("eve@far.example", "ec:P-256")
        cls.people = [cls.bob, cls.eve]
        cls.seal.adm("ca", "add", cls.far.cert, "--trust")
        cls.seal.adm("cert", "import", *[person.cert for person in cls.people])
        cls.anchor = cls.our_anchor()
        cls.lab.start(cls.seal)
        cls.lab.start(cls.mta)

    @classmethod
    def our_anchor(cls):
        """The certificate of our own CA, as a correspondent would get it."""
        p12, pem, secret = (cls.lab.folder("anchor", owner="nobody") / name for name in ("alice.p12", "ca.pem", "passphrase"))
        secret.write_text("secret\n")
        secret.chmod(0o600)
        fingerprint = cls.seal.key_of(cls.users[0])
        cls.seal.adm("key", "export", fingerprint, "--passphrase-file", secret, "--out", p12)
        run("openssl", "pkcs12", "-in", p12, "-passin", "pass:secret", "-cacerts", "-nokeys", "-out", pem)
        return pem

    @classmethod
    def person(cls, address):
        """A user of ours as his correspondents see him: a certificate, no key."""
        person = pki.Person(None, address, cls.lab.folder(address) / "person")
        person.cert.write_bytes(cls.seal.adm("cert", "export", cls.seal.key_of(address)).stdout)
        return person

    def setUp(self):
        super().setUp()
        self.mark = len(self.seal.log())

    def logged(self, pattern):
        """A line of this test's log that matches, as soon as it is there."""
        return wait_for(lambda: re.search(f"(?m)^.*{pattern}.*$", self.seal.log()[self.mark:]), f"{pattern} in the log")

    def reconfigure(self, **settings):
        """New settings by SIGHUP, until the end of the test."""
        self.addCleanup(self.take_back, dict(self.seal.settings))
        self.reload(**settings)

    def take_back(self, settings):
        self.seal.settings = settings
        if self.seal.process.has_ended():
            self.seal.start()
        self.reload()

    def reload(self, **settings):
        """What the daemon says of it."""
        mark = len(self.seal.log())
        self.seal.configure(**settings)
        self.seal.reload()
        return wait_for(lambda: re.search("(?m)^event=reload .*$", self.seal.log()[mark:]), "reload in the log")[0]

    def submit(self, recipients, message, sender=ALICE, login=ALICE, **options):
        return smtp.send(self.mta.submission, sender, recipients, message, login=login, **options)

    def arrive(self, recipients, message, sender="bob@far.example", **options):
        return smtp.send(self.mta.mx, sender, recipients, message, **options)

    def opened(self, got):
        return Opened(got.data, self.people, self.anchor)

    def far_side(self, data):
        """What two runs of the same treatment must agree in; a site that looks at arriving mail opens nothing more."""
        return Opened(data, self.people, self.anchor)

    def explained(self, message, sender, recipients, *options):
        """What explain says, and the copies that it writes, as opened at the far side."""
        folder = self.lab.folder("explained", owner="nobody")
        shutil.rmtree(folder)
        folder = self.lab.folder("explained", owner="nobody", mode=0o700)
        return self.seal.explain(message, sender, recipients, *options, write=folder)

    def assert_explained(self, message, sender, recipients, *options):
        """Each message that the sink has equals the copy that explain writes for its recipients."""
        said, files = self.explained(message, sender, recipients, *options)
        number = {copy["index"]: copy for copy in said["copies"]}
        for got in self.sink.messages:
            indexes = {r["copy"] for r in said["recipients"] if r["address"] in [a.lower() for a in got.recipients]}
            self.assertEqual(len(indexes), 1, f"{got} in {said}")
            copy = number[indexes.pop()]
            file = files[0 if copy["in_place"] else copy["index"]]
            self.assertEqual(self.far_side(file).comparable(), self.far_side(got.data).comparable())
        return said
