"""OpenPGP at the far side: people with gpg homes of their own; sq and rnp as further judges, and as programs that others write with."""
import re

from . import mime
from .lab import run


DIGESTS = {b"8": "pgp-sha256", b"9": "pgp-sha384", b"10": "pgp-sha512"}  # RFC 3156 5, RFC 9580 9.5


class Person:
    """algorithm, expires: as gpg's --quick-gen-key takes them; made: in this past, such as "20250101T000000"; key: his public key, armoured, as a file."""

    def __init__(self, lab, address, algorithm="future-default", expires="never", made=None):
        self.lab, self.address, self.home = lab, address, lab.folder(f"gpg-{address}", mode=0o700)
        self.gpg(*at(made), "--passphrase", "", "--quick-gen-key", f"{address.split('@')[0].title()} <{address}>", algorithm, "default", expires)
        self.key, self.secret = self.home / "public.asc", self.home / "secret.asc"
        self.fingerprint = self.listed(b"fpr")[0]
        self.export()

    def export(self):
        self.gpg("--armor", "--output", self.key, "--export", self.address)
        self.gpg("--armor", "--output", self.secret, "--export-secret-keys", self.address)

    def listed(self, kind, field=9):
        """A field of each line of this kind in gpg's listing of the own key: fingerprints, key ids of subkeys."""
        lines = self.gpg("--with-colons", "--with-fingerprint", "--list-keys", self.address).stdout.splitlines()
        return [line.split(b":")[field].decode().lower() for line in lines if line.startswith(kind + b":")]

    def add_subkey(self, made, expires="never"):
        """One more to encrypt to."""
        self.gpg(*at(made), "--passphrase", "", "--quick-add-key", self.fingerprint, "cv25519", "encr", expires)
        self.export()

    def revoke_newest_subkey(self):
        newest = len(self.listed(b"sub"))
        self.gpg("--command-fd", "0", "--edit-key", self.fingerprint, input=b"key %d\nrevkey\ny\n0\n\ny\nsave\n" % newest)
        self.export()

    def revocation(self):
        """A file with the certificate of revocation that gpg made with his key."""
        text = (self.home / f"openpgp-revocs.d/{self.fingerprint.upper()}.rev").read_text()
        file = self.home / "revocation.asc"
        file.write_text(text[text.index(":-----BEGIN") + 1:])
        return file

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

    def rnp(self, *arguments, program="rnp"):
        home = self.lab.folder(f"rnp-{self.address}", mode=0o700)
        return run(program, "--homedir", home, "--notty", *arguments)

    def rnp_learns(self, *armors):
        file = self.home / "learned.asc"
        for armor in armors:
            file.write_bytes(armor)
            self.rnp("--import-keys", file, program="rnpkeys")

    def rnp_opens(self, data):
        """The same by rnp, which fails unless all signatures in it are good."""
        file = self.home / "in.asc"
        file.write_bytes(armor_of(data))
        got = self.rnp("--password", "", "--output", "-", "--decrypt", file)
        return got.stdout, rnp_signer(got)

    def verifies(self, data):
        """The entity of multipart/signed, and whose signature gpg calls valid."""
        content, signature, text = self.save_signed(data)
        got = self.gpg("--status-fd", "2", "--verify", signature, text)
        return content, re.search(rb"(?m)^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})$", got.stderr)[1].decode().lower()

    def rnp_verifies(self, data):
        """The same by rnp."""
        content, signature, text = self.save_signed(data)
        return content, rnp_signer(self.rnp("--source", text, "--verify", signature))

    def sq_verifies(self, data, signer):
        """The same by sq, which fails unless there is a good signature by this key."""
        content, signature, text = self.save_signed(data)
        theirs = self.home / "signer.asc"
        theirs.write_bytes(signer)
        run("sq", "verify", "--signer-cert", theirs, "--detached", signature, text)
        return content

    def save_signed(self, data):
        content, armor = signed_parts(data)
        signature, text = self.home / "sig.asc", self.home / "text"
        signature.write_bytes(armor)
        text.write_bytes(content)
        return content, signature, text

    def micalg(self, data):
        """Of multipart/signed, by the packet of its signature."""
        packets = self.gpg("--list-packets", input=signed_parts(data)[1]).stdout
        return DIGESTS[re.search(rb"digest algo (\d+)", packets)[1]]

    def names(self, data):
        """The key ids that an encrypted message names."""
        packets = self.gpg("--list-packets", input=armor_of(data), check=False).stdout
        return [keyid.decode() for keyid in re.findall(rb"pubkey enc packet: .*keyid ([0-9A-F]{16})", packets)]

    def encrypted(self, entity, *others, sign=True):
        """A multipart/encrypted entity for these addresses."""
        recipients = [word for other in others for word in ("--recipient", other)]
        return pgp_mime(self.gpg("--armor", *recipients, *(["--sign"] if sign else []), "--encrypt", input=entity).stdout)

    def sq_encrypted(self, entity, certificate):
        """The same by sq, signed."""
        text, theirs = self.home / "text", self.home / "theirs.asc"
        text.write_bytes(entity)
        theirs.write_bytes(certificate)
        return pgp_mime(run("sq", "encrypt", "--recipient-cert", theirs, "--signer-key", self.secret, text).stdout)

    def rnp_encrypted(self, entity, address):
        """The same by rnp, signed."""
        text = self.home / "text"
        text.write_bytes(entity)
        return pgp_mime(self.rnp("--password", "", "--armor", "--encrypt", "--recipient", address, "--sign", "--userid", self.address,
                                 "--output", "-", text).stdout)

    def signed(self, entity):
        armor = self.gpg("--armor", "--detach-sign", input=entity).stdout
        return (b'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary=far\r\n\r\n--far\r\n'
                + entity + b"\r\n--far\r\nContent-Type: application/pgp-signature\r\n\r\n" + mime.crlf(armor) + b"\r\n--far--\r\n")


def at(made):
    return ["--faked-system-time", made] if made else []


def rnp_signer(got):
    """The key by which rnp says that it was well signed."""
    found = re.search(rb"(?s)Good signature made.*?\n(?:pub|sec) .*?\n +([0-9a-f]{40})\n", got.stdout + got.stderr)
    return found and found[1].decode()


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
