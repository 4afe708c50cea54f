"""sealadm, run as a program on a site in a temporary folder; certificates of others come from openssl(1)."""
import contextlib
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SEAL_BUILD", TREE / "build")).resolve()
SEALADM = BUILD / "cli/sealadm"

POLICY = """\
our domains ours.example
rule "out"
    when outbound
    sign if possible
    encrypt if possible
rule "in"
    when inbound
    decrypt
rule "inside"
    when internal
    pass
"""


class Site:
    """A folder with settings; state, sockets and policy lie in it too. Without user the caller keeps what he makes."""

    def __init__(self, **settings):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="seal-cli-"))
        self.dir.chmod(0o755)
        self.state, self.conf, self.policy = self.dir / "state", self.dir / "sealmilter.conf", self.dir / "policy.conf"
        self.store, self.master_key = self.state / "store.mdb", self.state / "master.key"
        self.settings = {"state": self.state, "policy": self.policy, "user": '""', "key-user": '""', "key-program": BUILD / "keyd/sealkeyd", "hostname": "gw.ours.example",
                         "socket": f"unix:{self.dir}/run/milter.sock", "spool": f"{self.dir}/run/spool",
                         "openpgp-limiter": BUILD / "lib/openpgp/seal-limit"}
        self.configure(**settings)
        self.policy.write_text(POLICY)

    def configure(self, **settings):
        self.settings |= {key.replace("_", "-"): value for key, value in settings.items()}
        self.conf.write_text("".join(f"{key} = {value}\n" for key, value in self.settings.items()))

    def run(self, *arguments, input=None, env=None, starter=()):
        """starter: a command that starts it."""
        result = subprocess.run([*starter, SEALADM, "-c", self.conf, *map(str, arguments)], input=input, capture_output=True,
                                timeout=240, env=env)
        result.text, result.errors = result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")
        if "Sanitizer" in result.errors or "runtime error" in result.errors or result.returncode < 0:
            raise AssertionError(f"{arguments}: {result.returncode}\n{result.errors}")
        return result

    def remove(self):
        shutil.rmtree(self.dir)


@functools.cache
def template():
    """What `init` makes, once: it takes the time of an RSA key."""
    site = Site()
    unittest.addModuleCleanup(site.remove)
    result = site.run("init")
    assert result.returncode == 0, result.errors
    return site


class Case(unittest.TestCase):
    """Each test has a site of its own, after init."""

    def setUp(self):
        made = template()
        self.site = Site()
        self.addCleanup(self.site.remove)
        shutil.copytree(made.state, self.site.state)
        (self.site.dir / "run/spool").mkdir(parents=True)

    def done(self, *arguments, **options):
        """Standard output of a command that succeeds without a word on standard error."""
        result = self.site.run(*arguments, **options)
        self.assertEqual((result.returncode, result.errors), (0, ""), result.text)
        return result.text

    def json(self, *arguments):
        return json.loads(self.done(*arguments, "--json"))

    def fails(self, *arguments, says, status=1, **options):
        """A command that is not done (1) or used wrongly (2); all of says stands in its error."""
        result = self.site.run(*arguments, **options)
        self.assertEqual(result.returncode, status, result.text + result.errors)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.errors)
        return result

    def unchanged(self, *arguments, **options):
        """fails(), and the store is as it was."""
        with self.nothing_written():
            return self.fails(*arguments, **options)

    @contextlib.contextmanager
    def nothing_written(self):
        """To the store: each commit changes its file."""
        before = self.site.store.read_bytes()
        yield
        self.assertTrue(self.site.store.read_bytes() == before, "something was written to the store")

    def everything(self):
        return [self.done(*words, "--json") for words in
                (("user", "list"), ("cert", "list"), ("key", "list"), ("ca", "list"), ("policy", "log"))]

    def file(self, name, content, mode=0o644):
        path = self.site.dir / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def secret(self, text, name="passphrase"):
        return self.file(name, text, 0o600)


def openssl(*arguments, input=None):
    result = subprocess.run(["openssl", *map(str, arguments)], input=input, capture_output=True, timeout=240)
    if result.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {result.stderr.decode(errors='replace')}")
    return result.stdout


class Certificate:
    """An authority, or somebody's certificate, with its key; PEM files in a folder."""
    count = 0

    def __init__(self, folder, subject, issuer=None, extensions="", days=30):
        Certificate.count += 1
        stem = folder / f"c{Certificate.count}"
        self.pem, self.key, self.issuer, self.folder = stem.with_suffix(".pem"), stem.with_suffix(".key"), issuer, folder
        extension_file = stem.with_suffix(".ext")
        extension_file.write_text(extensions)
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        openssl("req", "-new", "-utf8", "-key", self.key, "-subj", subject, "-out", stem.with_suffix(".csr"))
        signer = ["-signkey", self.key] if issuer is None else ["-CA", issuer.pem, "-CAkey", issuer.key]
        openssl("x509", "-req", "-in", stem.with_suffix(".csr"), *signer, "-set_serial", 1000 + Certificate.count,
                "-days", days, "-sha256", "-extfile", extension_file, "-out", self.pem)

    @property
    def fingerprint(self):
        said = openssl("x509", "-in", self.pem, "-noout", "-fingerprint", "-sha256").decode()
        return said.strip().split("=")[1].replace(":", "").lower()

    def p12(self, passphrase, *others, options=()):
        path, chain = self.pem.with_suffix(".p12"), self.folder / "chain.pem"
        chain.write_text("".join(other.pem.read_text() for other in others))
        openssl("pkcs12", "-export", "-inkey", self.key, "-in", self.pem, *(["-certfile", chain] if others else []),
                "-passout", f"pass:{passphrase}", "-out", path, *options)
        return path


def authority(folder, name="Root", issuer=None, days=30):
    return Certificate(folder, f"/CN={name}", issuer, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
                       "subjectKeyIdentifier=hash\n", days)


def person(folder, issuer, *addresses, subject="/CN=Somebody", days=20, usage="digitalSignature,keyAgreement"):
    names = "subjectAltName=" + ",".join(f"email:{address}" for address in addresses) + "\n" if addresses else ""
    return Certificate(folder, subject, issuer, f"{names}basicConstraints=CA:FALSE\nkeyUsage={usage}\n"
                       "extendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\n"
                       + ("authorityKeyIdentifier=keyid\n" if issuer else ""), days)
