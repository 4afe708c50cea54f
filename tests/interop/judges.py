"""Other implementations of CMS, each with the same four verbs over DER: open, verify, encrypt, sign. All by their programs."""
import pathlib

from harness.lab import run

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


class Openssl(Judge):
    name = "openssl"
    kinds = ("rsa", "ec")
    ciphers = ("aes256-cbc", "aes256-gcm")

    def trust(self, authority):
        self._anchor = authority.cert

    def know(self, person):
        pass

    def open(self, person, der):
        return run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", person.cert, "-inkey", person.key,
                   input=der).stdout

    def verify(self, der, content=None):
        detached = ["-content", self.file(content)] if content is not None else []
        return run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-CAfile", self._anchor, *detached,
                   input=der).stdout

    def encrypt(self, people, content):
        return run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc", *[p.cert for p in people],
                   input=content).stdout

    def sign(self, person, content, detached=True):
        return run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer", person.cert, "-inkey",
                   person.key, *([] if detached else ["-nodetach"]), input=content).stdout


class Gpgsm(Judge):
    """RSA only: gpgsm 2.2 crashes when it imports an EC key from PKCS#12."""
    name = "gpgsm"
    kinds = ("rsa",)
    ciphers = ("aes256-cbc",)

    def _gpgsm(self, *arguments):
        return run("gpgsm", "--homedir", self.dir, "--batch", "--no-tty", "--disable-crl-checks", "--disable-dirmngr",
                   "--pinentry-mode", "loopback", "--passphrase-fd", "0", *arguments, input=b"secret\n")

    def start(self):
        (self.dir / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")

    def stop(self):
        run("gpgconf", "--homedir", self.dir, "--kill", "all", check=False)

    def trust(self, authority):
        said = run("openssl", "x509", "-in", authority.cert, "-noout", "-fingerprint", "-sha1").stdout.decode()
        with open(self.dir / "trustlist.txt", "a") as f:
            f.write(said.strip().split("=")[1] + " S relax\n")
        self._gpgsm("--import", authority.cert)

    def know(self, person):
        self._gpgsm("--import", person.p12("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"))

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
    ciphers = ("aes256-cbc",)

    def start(self):
        run("certutil", "-N", "-d", f"sql:{self.dir}", "--empty-password")

    def _cmsutil(self, *arguments):
        return run("cmsutil", *arguments, "-d", f"sql:{self.dir}")

    def trust(self, authority):
        run("certutil", "-A", "-d", f"sql:{self.dir}", "-n", "ca", "-t", ",C,", "-i", authority.cert)

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
    name = "bouncycastle"
    kinds = ("rsa", "ec")
    ciphers = ("aes256-cbc", "aes256-gcm")
    JARS = ":".join(f"/usr/share/java/{jar}.jar" for jar in ("bcmail", "bcpkix", "bcprov", "bcutil"))

    def start(self):
        run("javac", "-cp", self.JARS, "-d", self.dir, HERE / "Judge.java", timeout=120)

    def _java(self, *arguments):
        run("java", "-XX:TieredStopAtLevel=1", "-cp", f"{self.dir}:{self.JARS}", "Judge", *arguments, timeout=120)

    def trust(self, authority):
        self._anchor = authority.cert

    def know(self, person):
        person.p12()

    def _through(self, verb, data, *arguments):
        out = self.file()
        self._java(verb, self.file(data), out, *arguments)
        return out.read_bytes()

    def open(self, person, der):
        return self._through("open", der, person.path("p12"))

    def verify(self, der, content=None):
        return self._through("verify", der, self._anchor, *([self.file(content)] if content is not None else []))

    def encrypt(self, people, content):
        return self._through("encrypt", content, *[person.cert for person in people])

    def sign(self, person, content, detached=True):
        return self._through("sign", content, person.path("p12"), "detached" if detached else "opaque")


ALL = (Openssl, Gpgsm, Nss, Bouncy)
