"""The story that contrib/demo tells: one message out to three recipients, one message in, through a Postfix of its own."""
import json
import sys
import textwrap
from email.utils import formatdate

from harness import mime, pki
from harness.lab import Lab
from harness.postfix import Postfix
from harness.sasl import Saslauthd
from harness.sealmilter import POLICY, Sealmilter
from harness.sink import Sink
from harness.smtp import send
from judges import Gpgsm

ALICE, BOB, CAROL, DAVE = "alice@ours.example", "bob@far.example", "carol@far.example", "dave@far.example"

LETTER = f"""\
From: Alice <{ALICE}>
To: Bob <{BOB}>, Carol <{CAROL}>
Subject: the offer
Date: {formatdate()}
Message-ID: <offer@ours.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear both, the price is 1,200 euros.
"""


class Inner:
    """An entity that outline() can show."""

    def __init__(self, data):
        self.data = data


def say(text=""):
    print(textwrap.fill(textwrap.dedent(text).strip(), 100))


def chapter(title):
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n== {title}")


def show(text, prefix="    | "):
    for line in text.rstrip().splitlines():
        print(f"{prefix}{line[:110]}")


def outline(message):
    """The fields that matter to a reader, and how the body begins."""
    head, _, body = message.data.decode("utf-8", "replace").partition("\r\n\r\n")
    unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ")
    wanted = ("subject:", "content-type:", "x-sealmilter-status:", "authentication-results:")
    fields = [line for line in unfolded.split("\r\n") if line.lower().startswith(wanted)]
    return "\n".join(fields + [""] + [line for line in body.split("\r\n") if line][:3])


def set_up(lab):
    sink = lab.start(Sink("far side"))
    saslauthd = lab.start(Saslauthd(lab))
    seal = Sealmilter(lab)
    postfix = Postfix(lab, sink.port, milters=[seal], saslauthd=saslauthd)
    seal.configure(inject=f"127.0.0.1:{postfix.inject}")
    for line in (["init"], ["policy", "load"], ["user", "add", ALICE], ["key", "generate", ALICE]):
        print("    $ sealadm " + " ".join(line))
        show(seal.adm(*line).stdout.decode())
    return sink, seal, postfix


def far_people(lab, seal):
    authority = pki.Authority(lab.folder("far"))
    bob, dave = authority.issue(BOB), authority.issue(DAVE)
    for line in (["ca", "add", authority.cert, "--trust"], ["cert", "import", bob.cert, dave.cert]):
        print("    $ sealadm " + " ".join(str(word) for word in line))
        show(seal.adm(*line).stdout.decode())
    return bob, dave


def outbound(lab, sink, seal, postfix, bob, dave):
    chapter("1. Alice writes to Bob and Carol, and to Dave in Bcc")
    say("Bob and Dave have certificates, Carol has none. The rule for outbound mail says: sign and encrypt where possible. "
        "This is what will happen, and why, before anything is sent:")
    letter = LETTER.encode().replace(b"\n", b"\r\n")
    explained = seal.adm("explain", "--from", ALICE, "--login", ALICE, "--to", BOB, "--to", CAROL, "--to", DAVE, "-",
                         input=letter)
    show(explained.stdout.decode())
    send(postfix.submission, ALICE, [BOB, CAROL, DAVE], letter, login=ALICE)
    got = {to: sink.one(to=to) for to in (BOB, CAROL, DAVE)}
    for name, to in (("Bob", BOB), ("Carol", CAROL), ("Dave", DAVE)):
        print(f"\n  {name} received:")
        show(outline(got[to]))
    opened = bob.decrypt(mime.cms_of(got[BOB].data))
    print("\n  openssl cms opens Bob's with Bob's key, and inside stands Alice's signature:")
    show(outline(Inner(opened)))
    gpgsm(lab, dave, got[DAVE].data)


def gpgsm(lab, dave, message):
    """GnuPG's S/MIME as a second judge: it shares no code with us."""
    judge = lab.start(Gpgsm(lab))
    judge.know(dave)
    clear = judge.open(dave, mime.cms_of(message)).decode()
    print("\n  gpgsm opens Dave's; neither Bob's nor Carol's copy says anything of Dave:")
    show(next(line for line in clear.splitlines() if "euros" in line))


def inbound(sink, seal, postfix, bob, folder):
    chapter("2. Bob answers, signed and encrypted")
    say("Bob has Alice's certificate from her letter, where it stands beside the signature.")
    listed = seal.adm("cert", "list", ALICE, "--json").stdout
    fingerprint = json.loads(listed)["certificates"][0]["fingerprint"]
    alice = folder / "alice.pem"
    alice.write_bytes(seal.adm("cert", "export", fingerprint).stdout)
    signed = bob.sign(b"Content-Type: text/plain\r\n\r\nDear Alice, agreed.\r\n")

    class Alice:
        cert = alice

    head = f"From: Bob <{BOB}>\nTo: {ALICE}\nSubject: Re: the offer\nDate: {formatdate()}\n"
    answer = mime.crlf(head.encode()) + pki.encrypt(signed, Alice)
    print("  What comes over the Internet:")
    show(outline(Inner(answer)))
    send(postfix.mx, BOB, [ALICE], answer)
    print("\n  What Alice sees:")
    show(outline(sink.one(to=ALICE)))


def main():
    keep = "--keep" in sys.argv[1:]
    with Lab() as lab:
        chapter("A mail site in a temporary folder")
        say("Postfix with its own configuration, queue and ports; nothing of the system's is touched. The policy:")
        show(POLICY)
        sink, seal, postfix = set_up(lab)
        bob, dave = far_people(lab, seal)
        lab.start(seal)
        lab.start(postfix)
        outbound(lab, sink, seal, postfix, bob, dave)
        inbound(sink, seal, postfix, bob, lab.dir)
        chapter("What next")
        say("In your own main.cf it is one line (and one for mail of local programs); the path is the one below "
            "/var/spool/postfix, where Debian's Postfix is locked in:")
        print("\n    smtpd_milters     = { unix:sealmilter/sealmilter.sock, default_action=tempfail }"
              "\n    non_smtpd_milters = $smtpd_milters\n")
        say("README.md, Into production, has the rest; sealadm doctor then tells what is still unsafe.")
        if keep:
            print(f"\nStill running. Submission port {postfix.submission} (any login, password 'password'), from outside "
                  f"{postfix.mx}.\n    {seal.build}/cli/sealadm -c {seal.conf} ..\nEnter or Ctrl-C ends it.")
            try:
                input()
            except (KeyboardInterrupt, EOFError):
                pass


if __name__ == "__main__":
    main()
