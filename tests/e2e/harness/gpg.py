"""OpenPGP at the far side: people with gpg homes of their own, and sq as a second judge."""
import re

from . import mime
from .lab import run


class Person:
    """algorithm: as gpg's --quick-gen-key takes it; key: his public key, armoured, as a file."""

    def __init__(self, lab, address, algorithm="future-default"):
        self.lab, self.address, self.home = lab, address, lab.folder(f"gpg-{address}", mode=0o700)
        self.gpg("--passphrase", "", "--quick-gen-key", f"{address.split('@')[0].title()} <{address}>", algorithm, "default", "never")
        self.key, self.secret = self.home / "public.asc", self.home / "secret.asc"
        self.gpg("--armor", "--output", self.key, "--export", address)
        self.gpg("--armor", "--output", self.secret, "--export-secret-keys", address)
        self.fingerprint = re.search(rb"(?m)^fpr:+([0-9A-F]+):", self.gpg("--with-colons", "--list-keys", address).stdout)[1].decode().lower()

    def gpg(self, *arguments, input=None, check=True):
        return run("gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", "--trust-model", "always", *arguments,
                   input=input, check=check)

    def stop(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all", check=False)

    def learn(self, armor):
        self.gpg("--import", input=armor)

    def opens(self, data):
        """What is inside a message, and by whom gpg says that it was signed; None: by nobody."""
        got = self.gpg("--status-fd", "2", "--decrypt", input=armor_of(data))
        good = re.search(rb"(?m)^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})$", got.stderr)
        return got.stdout, good and good[1].decode().lower()

    def sq_opens(self, data, signer):
        """The same by sq, which fails unless there is a good signature by this key."""
        file, out, theirs = (self.home / name for name in ("in.asc", "out", "signer.asc"))
        file.write_bytes(armor_of(data))
        theirs.write_bytes(signer)
        run("sq", "decrypt", "--recipient-key", self.secret, "--signer-cert", theirs, "--output", out, file)
        got = out.read_bytes()
        out.unlink()
        return got

    def verifies(self, data):
        """The entity of multipart/signed, and whose signature gpg calls valid."""
        content, armor = signed_parts(data)
        signature, text = self.home / "sig.asc", self.home / "text"
        signature.write_bytes(armor)
        text.write_bytes(content)
        got = self.gpg("--status-fd", "2", "--verify", signature, text)
        return content, re.search(rb"(?m)^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})$", got.stderr)[1].decode().lower()

    def names(self, data):
        """The key ids that an encrypted message names."""
        packets = self.gpg("--list-packets", input=armor_of(data), check=False).stdout
        return [keyid.decode() for keyid in re.findall(rb"pubkey enc packet: .*keyid ([0-9A-F]{16})", packets)]

    def encrypted(self, entity, *others, sign=True):
        """A multipart/encrypted entity for these addresses."""
        recipients = [word for other in others for word in ("--recipient", other)]
        return pgp_mime(self.gpg("--armor", *recipients, *(["--sign"] if sign else []), "--encrypt", input=entity).stdout)

    def signed(self, entity):
        armor = self.gpg("--armor", "--detach-sign", input=entity).stdout
        return (b'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary=far\r\n\r\n--far\r\n'
                + entity + b"\r\n--far\r\nContent-Type: application/pgp-signature\r\n\r\n" + mime.crlf(armor) + b"\r\n--far--\r\n")


def pgp_mime(armor):
    return (b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=far\r\n\r\n--far\r\n'
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--far\r\nContent-Type: application/octet-stream\r\n\r\n"
            + mime.crlf(armor) + b"\r\n--far--\r\n")


def armor_of(data):
    return re.search(rb"(?s)-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----", data)[0] + b"\n"


def signed_parts(data):
    """The signed entity, byte for byte, and the armour."""
    boundary = re.search(rb'boundary="?([^\s";]+)"?', data)[1]
    _, content, rest = re.split(rb"(?:\r\n|^)--" + re.escape(boundary), data[data.index(b"\r\n\r\n") + 2:])[:3]
    return content.removeprefix(b"\r\n"), re.search(rb"(?s)-----BEGIN PGP SIG.*-----END PGP SIGNATURE-----", rest)[0]
