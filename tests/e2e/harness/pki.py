"""People of far sites: keys and certificates, and what openssl(1) makes of mail. It is another implementation: it judges ours."""
import tempfile

from . import message, mime
from .lab import run

# extendedKeyUsage and keyUsage as public CAs issue for mail.
USAGE = "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nextendedKeyUsage=emailProtection\n"


class Authority:
    def __init__(self, folder, name="Far CA"):
        self.dir, self._serial = folder, 1
        self.key, self.cert = folder / "ca.key", folder / "ca.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
            "-out", self.cert, "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, address, key="rsa:2048", days=20, usage=USAGE, name=None):
        """A person with this address; key: rsa:BITS or ec:CURVE. days < 0: expired."""
        person = Person(self, address, self.dir / (name or f"{address}-{key.replace(':', '')}"))
        kind, size = key.split(":")
        option = f"rsa_keygen_bits:{size}" if kind == "rsa" else f"ec_paramgen_curve:{size}"
        run("openssl", "genpkey", "-algorithm", kind.upper(), "-pkeyopt", option, "-out", person.key)
        run("openssl", "req", "-new", "-key", person.key, "-subj", f"/CN={address.split('@')[0]}", "-out", person.path("csr"))
        person.path("ext").write_text(f"{usage}subjectAltName=email:{address}\nbasicConstraints=CA:FALSE\n"
                                      "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        self._serial += 1
        # openssl 3.0's x509 knows no start date: an expired certificate ends with a negative number of days.
        run("openssl", "x509", "-req", "-in", person.path("csr"), "-CA", self.cert, "-CAkey", self.key, "-set_serial",
            self._serial, "-days", days, "-extfile", person.path("ext"), "-out", person.cert)
        return person


class Person:
    def __init__(self, authority, address, stem):
        self.authority, self.address, self._stem = authority, address, stem
        self.key, self.cert = self.path("key"), self.path("pem")

    def path(self, suffix):
        return self._stem.with_name(f"{self._stem.name}.{suffix}")

    @property
    def fingerprint(self):
        """SHA-1, as gpgsm names certificates."""
        said = run("openssl", "x509", "-in", self.cert, "-noout", "-fingerprint", "-sha1").stdout.decode()
        return said.strip().split("=")[1].replace(":", "")

    def p12(self, *options, password="secret"):
        run("openssl", "pkcs12", "-export", "-inkey", self.key, "-in", self.cert, "-certfile", self.authority.cert, "-passout",
            f"pass:{password}", "-out", self.path("p12"), *options)
        return self.path("p12")

    def sign(self, entity, *options):
        """A MIME entity (CRLF) as a signed one."""
        made = run("openssl", "cms", "-sign", "-signer", self.cert, "-inkey", self.key, "-md", "sha256", "-crlfeol",
                   *options, input=entity)
        return mime.crlf(made.stdout)

    def decrypt(self, der):
        """What is inside an encrypted CMS, byte for byte."""
        return run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", self.cert, "-inkey", self.key,
                   input=der).stdout


def encrypt(entity, *people, cipher="-aes-256-cbc"):
    made = run("openssl", "cms", "-encrypt", "-binary", cipher, *[person.cert for person in people], input=entity)
    return mime.crlf(made.stdout)


def verify_detached(der, content, anchor):
    """The content, when the signature over exactly these bytes is good and its chain ends in anchor; else an AssertionError."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-CAfile", anchor, "-purpose", "smimesign",
                   "-content", file.name, input=der).stdout


def is_for(der, person):
    """Whether the person's key is among the recipients: openssl finds its RecipientInfo by issuer and serial number."""
    said = run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", person.cert, "-inkey", person.key,
               input=der, check=False)
    return said.returncode == 0


def mail(entity, sender, to, subject="hello", headers=()):
    """A message around a MIME entity as openssl writes it: MIME-Version, content fields, empty line, body."""
    return message.make(sender, to, subject, b"", headers)[:-2] + entity
