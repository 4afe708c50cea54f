"""notmuch(1) as a reader of mail: it knows header fields that travel inside, and opens and verifies with GnuPG, OpenPGP and S/MIME."""
import json
import os
import shutil

from .lab import run


def shows(home, data):
    """A message as it is shown with the keys of this GnuPG home: headers, and what is said of cryptography."""
    mail, config = home / "mail", home / "notmuch-config"
    shutil.rmtree(mail, ignore_errors=True)
    for folder in ("cur", "new", "tmp"):
        (mail / folder).mkdir(parents=True)
    (mail / "cur/1:2,").write_bytes(data)
    config.write_text(f"[database]\npath={mail}\n[user]\nprimary_email=reader@far.example\n")
    env = os.environ | {"GNUPGHOME": str(home), "NOTMUCH_CONFIG": str(config), "HOME": str(home)}
    run("notmuch", "new", "--quiet", env=env)
    (((shown, _),),) = json.loads(run("notmuch", "show", "--format=json", "--decrypt=true", "*", env=env).stdout)
    return shown["headers"], shown["crypto"]


class SmimeHome:
    """A GnuPG home where gpgsm has this person's RSA key, and trusts the anchors."""

    def __init__(self, lab, person, *anchors):
        self.dir = lab.folder(f"gpgsm-{person.address}", mode=0o700)
        (self.dir / "gpg-agent.conf").write_text("allow-loopback-pinentry\ns2k-count 65536\n")
        (self.dir / "gpgsm.conf").write_text("disable-crl-checks\ndisable-dirmngr\n")
        for anchor in anchors:
            self.trust(anchor)
        self.import_key(person)

    def gpgsm(self, *arguments, check=True):
        return run("gpgsm", "--homedir", self.dir, "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase-fd", "0", *arguments,
                   input=b"\n", check=check)

    def trust(self, anchor):
        said = run("openssl", "x509", "-in", anchor, "-noout", "-fingerprint", "-sha1").stdout.decode()
        with open(self.dir / "trustlist.txt", "a", encoding="ascii") as file:
            file.write(said.strip().split("=")[1] + " S relax\n")
        self.gpgsm("--import", anchor)

    def import_key(self, person):
        """gpgsm 2.2 cannot read one PKCS#12 file in a hundred, whoever made it; with another salt it can."""
        for _ in range(5):
            p12 = person.p12("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", password="")
            if self.gpgsm("--import", p12, check=False).returncode == 0:
                return
        raise AssertionError(f"gpgsm does not import {p12}")

    def stop(self):
        run("gpgconf", "--homedir", self.dir, "--kill", "all", check=False)
