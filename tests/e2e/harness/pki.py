"""People of far sites: keys and certificates, and what openssl(1) makes of mail. It is another implementation: it judges ours."""
import collections
import functools
import os
import shutil
import tempfile

from . import message, mime
from .lab import BUILD, run

# extendedKeyUsage and keyUsage as public CAs issue for mail.
USAGE = "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nextendedKeyUsage=emailProtection\n"


class Authority:
    """A root, or with issuer= an intermediate below it. chain: its certificate and those above, as one file."""

    def __init__(self, folder, name="Far CA", issuer=None):
        self.dir, self.issuer, self._serial = folder, issuer, 1
        self.key, self.cert, self.chain = folder / "ca.key", folder / "ca.pem", folder / "chain.pem"
        request = folder / "ca.csr"
        make_request("ec:P-256", self.key, name, request)
        extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
        (issuer or self).certify(request, self.cert, 30, extensions)
        self.chain.write_bytes(self.cert.read_bytes() + (issuer.chain.read_bytes() if issuer else b""))

    def issue(self, address, key="rsa:2048", days=20, usage=USAGE, name=None, also=(), key_id=True):
        """A person with this address; key: rsa:BITS or ec:CURVE. days < 0: expired. also: further addresses, in this order after it."""
        person = Person(self, address, self.dir / (name or f"{address}-{key.replace(':', '')}"))
        make_request(key, person.key, address.split("@")[0], person.path("csr"))
        names = ",".join(f"email:{each}" for each in (address, *also))
        extensions = f"{usage}subjectAltName={names}\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n"
        self.certify(person.path("csr"), person.cert, days, extensions + ("subjectKeyIdentifier=hash\n" if key_id else ""))
        return person

    def certify(self, request, cert, days, extensions):
        """openssl 3.0's x509 knows no start date: an expired certificate ends with a negative number of days."""
        by = ["-CA", self.cert, "-CAkey", self.key] if cert != self.cert else ["-signkey", self.key]
        request.with_suffix(".ext").write_text(extensions)
        self._serial += 1
        run("openssl", "x509", "-req", "-in", request, *by, "-set_serial", self._serial, "-days", days, "-extfile",
            request.with_suffix(".ext"), "-out", cert)


_used = collections.Counter()


def make_key(kind, path):
    """
    kind: rsa:BITS or ec:CURVE. An RSA key takes seconds on a slow machine: the first, second .. of a size that a program needs are made once
    for all, in the build folder, so that those of one program differ.
    """
    algorithm, size = kind.split(":")
    if algorithm == "ec":
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{size}", "-out", path)
        return
    _used[size] += 1
    kept = BUILD / "test-keys" / f"rsa{size}-{_used[size]}.pem"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        new = kept.with_suffix(f".{os.getpid()}")
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{size}", "-out", new)
        new.rename(kept)
    shutil.copy(kept, path)


def make_request(kind, key, name, request):
    """A key, and the request for a certificate of this name; kind: rsa:BITS or ec:CURVE."""
    make_key(kind, key)
    run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)


class Person:
    def __init__(self, authority, address, stem):
        self.authority, self.address, self._stem = authority, address, stem
        self.key, self.cert = self.path("key"), self.path("pem")

    def path(self, suffix):
        return self._stem.with_name(f"{self._stem.name}.{suffix}")

    @functools.cached_property
    def fingerprint(self):
        """SHA-1, as gpgsm names certificates."""
        return self._digest("-sha1")

    @functools.cached_property
    def sha256(self):
        """As sealadm names certificates."""
        return self._digest("-sha256").lower()

    def _digest(self, option):
        said = run("openssl", "x509", "-in", self.cert, "-noout", "-fingerprint", option).stdout.decode()
        return said.strip().split("=")[1].replace(":", "")

    def p12(self, *options, password="secret"):
        run("openssl", "pkcs12", "-export", "-inkey", self.key, "-in", self.cert, "-certfile", self.authority.chain, "-passout",
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


def transport(cert, data):
    """data encrypted to a certificate's RSA key by PKCS#1 v1.5, as a content key is."""
    return run("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", cert, "-pkeyopt", "rsa_padding_mode:pkcs1", input=data).stdout


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
