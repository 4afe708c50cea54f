"""
Other implementations of CMS, each with the same four verbs over DER: open, verify, encrypt, sign. All by their programs.

trust: a root. meet: a person's certificate. know: it and the key, which is what open and sign need.
"""
import pathlib
import subprocess

from harness import mime
from harness.lab import run
from harness.unwrap import content_type

HERE = pathlib.Path(__file__).resolve().parent


class Judge:
    def __init__(self, lab):
        self.dir = lab.folder(f"judge-{self.name}", mode=0o700)
        self._files = 0

    def file(self, data=None, suffix="bin"):
        self._files += 1
        path = self.dir / f"{self._files}.{suffix}"
        if data is not None:
            path.write_bytes(data)
        return path

    def start(self):
        pass

    def stop(self):
        pass

    def meet(self, person):
        pass

    def unwrap(self, entity, person):
        """The forms of its layers, outside first, and what is innermost; an AssertionError where one is not good."""
        forms = []
        while (kind := content_type(entity)) in ("multipart/signed", "application/pkcs7-mime"):
            if kind == "multipart/signed":
                content, der = mime.parts_of(entity)
                entity = self.verify(der, content)
                forms.append("signed")
            elif b"signed-data" in mime.split(entity)[0]:
                entity = self.verify(mime.cms_of(entity))
                forms.append("opaque")
            else:
                entity = self.open(person, mime.cms_of(entity))
                forms.append("encrypted")
        return forms, entity

    def wrap(self, entity, forms, sender, recipients):
        """The other way round: the first form is the outermost."""
        for form in reversed(forms):
            if form == "signed":
                entity = mime.signed(entity, self.sign(sender, entity))
            elif form == "opaque":
                entity = mime.enveloped(self.sign(sender, entity, detached=False), "signed-data")
            else:
                entity = mime.enveloped(self.encrypt(recipients, entity))
        return entity


class Openssl(Judge):
    name = "openssl"
    kinds = ("rsa", "ec")
    ciphers = ("aes-256-cbc", "aes-256-gcm")

    def start(self):
        self._anchors = self.file(b"", "pem")

    def trust(self, authority):
        with open(self._anchors, "ab") as f:
            f.write(authority.cert.read_bytes())

    def know(self, person):
        pass

    def open(self, person, der):
        return run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", person.cert, "-inkey", person.key,
                   input=der).stdout

    def verify(self, der, content=None):
        detached = ["-content", self.file(content)] if content is not None else []
        return run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-CAfile", self._anchors, "-purpose",
                   "smimesign", *detached, input=der).stdout

    def encrypt(self, people, content, cipher="aes-256-cbc", options=()):
        return run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", f"-{cipher}",
                   *options, *[p.cert for p in people], input=content).stdout

    def sign(self, person, content, detached=True, options=()):
        return run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer", person.cert, "-inkey",
                   person.key, "-certfile", person.authority.chain, *([] if detached else ["-nodetach"]), *options,
                   input=content).stdout


class Gpgsm(Judge):
    """RSA only: gpgsm 2.2 crashes when it imports an EC key from PKCS#12."""
    name = "gpgsm"
    kinds = ("rsa",)
    ciphers = ("aes-256-cbc",)

    def _gpgsm(self, *arguments):
        return run("gpgsm", "--homedir", self.dir, "--batch", "--no-tty", "--disable-crl-checks", "--disable-dirmngr",
                   "--pinentry-mode", "loopback", "--passphrase-fd", "0", *arguments, input=b"secret\n")

    def start(self):
        (self.dir / "gpg-agent.conf").write_text("allow-loopback-pinentry\ns2k-count 65536\n")

    def stop(self):
        run("gpgconf", "--homedir", self.dir, "--kill", "all", check=False)

    def trust(self, authority):
        said = run("openssl", "x509", "-in", authority.cert, "-noout", "-fingerprint", "-sha1").stdout.decode()
        with open(self.dir / "trustlist.txt", "a") as f:
            f.write(said.strip().split("=")[1] + " S relax\n")
        self._gpgsm("--import", authority.cert)

    def meet(self, person):
        self._gpgsm("--import", person.cert)

    def know(self, person):
        """gpgsm 2.2 cannot read one PKCS#12 file in a hundred, whoever made it; with another salt it can."""
        for last_try in (False, False, True):
            try:
                return self._gpgsm("--import", person.p12("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"))
            except AssertionError:
                if last_try:
                    raise

    def open(self, person, der):
        return self._gpgsm("--decrypt", self.file(der)).stdout

    def verify(self, der, content=None):
        out = self.file()
        if content is None:
            self._gpgsm("--output", out, "--verify", self.file(der))
            return out.read_bytes()
        self._gpgsm("--verify", self.file(der), self.file(content))
        return content

    def encrypt(self, people, content):
        to = [word for person in people for word in ("--recipient", person.fingerprint)]
        return self._gpgsm("--cipher-algo", "AES256", "--encrypt", *to, self.file(content)).stdout

    def sign(self, person, content, detached=True):
        how = ["--detach-sign"] if detached else ["--sign"]
        return self._gpgsm("--local-user", person.fingerprint, "--digest-algo", "SHA256", *how, self.file(content)).stdout


class Nss(Judge):
    """RSA only: NSS 3.87 opens no ECDH."""
    name = "nss"
    kinds = ("rsa",)
    ciphers = ("aes-256-cbc",)

    def start(self):
        run("certutil", "-N", "-d", f"sql:{self.dir}", "--empty-password")

    def _cmsutil(self, *arguments):
        return run("cmsutil", *arguments, "-d", f"sql:{self.dir}")

    def trust(self, authority):
        run("certutil", "-A", "-d", f"sql:{self.dir}", "-n", authority.cert, "-t", ",C,", "-i", authority.cert)

    def meet(self, person):
        run("certutil", "-A", "-d", f"sql:{self.dir}", "-n", person.address, "-t", ",,", "-i", person.cert)

    def know(self, person):
        run("pk12util", "-i", person.p12(), "-d", f"sql:{self.dir}", "-W", "secret", "-K", "")

    def open(self, person, der):
        return self._cmsutil("-D", "-i", self.file(der)).stdout

    def verify(self, der, content=None):
        if content is None:
            return self._cmsutil("-D", "-u", "4", "-i", self.file(der)).stdout
        self._cmsutil("-D", "-n", "-u", "4", "-c", self.file(content), "-i", self.file(der))
        return content

    def encrypt(self, people, content):
        out = self.file()
        to = [word for person in people for word in ("-r", person.address)]
        self._cmsutil("-E", *to, "-i", self.file(content), "-o", out)
        return out.read_bytes()

    def sign(self, person, content, detached=True):
        out = self.file()
        self._cmsutil("-S", *(["-T"] if detached else []), "-N", person.address, "-H", "SHA256", "-i", self.file(content), "-o", out)
        return out.read_bytes()


class Bouncy(Judge):
    """One Java for all: a request is a line of words with TABs between, its answer a line, "ok" when all is well."""
    name = "bouncycastle"
    kinds = ("rsa", "ec")
    ciphers = ("aes-256-cbc", "aes-256-gcm")
    JARS = ":".join(f"/usr/share/java/{jar}.jar" for jar in ("bcmail", "bcpkix", "bcprov", "bcutil"))

    def start(self):
        self._anchors = []
        self._errors = self.file(b"", "log")
        with open(self._errors, "wb") as log:
            self._java = subprocess.Popen(["java", "-XX:TieredStopAtLevel=1", "-cp", self.JARS, HERE / "Judge.java"], text=True,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)

    def stop(self):
        self._java.communicate()

    def _through(self, verb, data, *arguments):
        out = self.file()
        print(verb, self.file(data), out, *arguments, sep="\t", file=self._java.stdin, flush=True)
        answer = self._java.stdout.readline().strip()
        if answer != "ok":
            raise AssertionError(f"bouncycastle: {verb}: {answer or self._errors.read_text()}")
        return out.read_bytes()

    def trust(self, authority):
        self._anchors.append(authority.cert)

    def know(self, person):
        person.p12()

    def open(self, person, der):
        return self._through("open", der, person.path("p12"))

    def verify(self, der, content=None):
        return self._through("verify", der, self.file(content) if content is not None else "-", *self._anchors)

    def encrypt(self, people, content, cipher="aes-256-cbc"):
        return self._through("encrypt", content, cipher, *[person.cert for person in people])

    def sign(self, person, content, detached=True):
        """Announces AES-256-GCM as a capability of the signer."""
        return self._through("sign", content, person.path("p12"), "detached" if detached else "opaque")


ALL = (Openssl, Gpgsm, Nss, Bouncy)
