"""Each condition of the policy, on real messages: it holds, it does not, and it cannot be found out. And what users write to command us."""
import os
import re
import unittest

from harness import message, pki, smtp
from harness.lab import TREE
from harness.sealsite import ALICE, SealSite
from harness.site import PostfixCase, SendmailCase

BOB, CAROL, NOBODY = "bob@far.example", "carol@else.example", "nobody@ours.example"
HELLO = b"Content-Type: text/plain\r\n\r\nHello.\r\n"
ENCRYPTED = (TREE / "tests/data/openpgp/message-alice.asc").read_bytes().replace(b"\n", b"\r\n")
LITERAL = b"-----BEGIN PGP MESSAGE-----\r\n\r\nrBJiAGhlbGxvLCB3b3JsZA==\r\n-----END PGP MESSAGE-----\r\n"


class Mail:
    """
    A message on one of its ways in. author: From, or several of them; entity: content fields and body, or a function of the site.

    client: more of the connection: login, source, tls (True, or the name of a person of the site's).
    """

    def __init__(self, *headers, way="submission", sender=ALICE, author=None, to=BOB, entity=HELLO, **client):
        self.headers, self.way, self.sender, self.to, self.entity, self.client = headers, way, sender, to, entity, client
        self.authors = author if isinstance(author, list) else [author or sender]

    def data(self, site, case):
        subject = [] if any(header.startswith("Subject:") for header in self.headers) else ["Subject: hello"]
        head = [f"X-Case: {case}", *(f"From: {author}" for author in self.authors), f"To: {self.to}", *subject, *self.headers,
                "Date: Mon, 23 Nov 2026 07:02:11 +0100", f"Message-ID: <{case}@client.example>", "MIME-Version: 1.0"]
        entity = self.entity(site) if callable(self.entity) else self.entity
        return "".join(line + "\r\n" for line in head).encode() + entity


def outside(*headers, **options):
    return Mail(*headers, **({"way": "mx", "sender": BOB, "to": ALICE} | options))


def pgp_mime(armour):
    return (b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b\r\n'
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n" +
            armour + b"--b--\r\n")


PGP_SIGNED = (b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n'
              b"Content-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n")


def smime_signed(site):
    return site.bob.sign(HELLO)


def smime_encrypted(site):
    return pki.encrypt(HELLO, site.bob)


def smime_attached(site):
    return b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nsee below\r\n--m\r\n" + smime_encrypted(site) + b"\r\n--m--\r\n"


def attached(*headers):
    """A multipart with a part that has these header lines."""
    return ("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nsee below\r\n--m\r\n" +
            "".join(header + "\r\n" for header in headers) + "\r\nx\r\n--m--\r\n").encode()


EXE = attached("Content-Type: image/png", "Content-Disposition: attachment; filename*0=setup; filename*1=.EXE")
REPORT = b"Content-Type: multipart/report; report-type=delivery-status; boundary=m\r\n\r\n--m\r\n\r\nHello.\r\n--m--\r\n"


def of_size(octets):
    return b"\r\n" + (b"x" * 78 + b"\r\n") * (octets // 80)


OUTBOUND, INTERNAL, INBOUND, TRANSIT = Mail(), Mail(to=NOBODY), outside(), outside(to=BOB)

# Condition: mails of which it holds, mails of which it does not.
CASES = {
    "outbound": ([OUTBOUND], [INTERNAL, INBOUND, TRANSIT]),
    "internal": ([INTERNAL], [OUTBOUND, INBOUND, TRANSIT]),
    "inbound": ([INBOUND], [OUTBOUND, INTERNAL, TRANSIT]),
    "transit": ([TRANSIT], [OUTBOUND, INTERNAL, INBOUND]),
    "outbound or inbound": ([OUTBOUND, INBOUND], [INTERNAL, TRANSIT]),

    "from alice@ours.example": ([Mail(), Mail(author="Alice <ALICE@Ours.Example>"), Mail(sender=NOBODY, author=ALICE)],
                                [Mail(author=NOBODY), Mail(author="malice@ours.example"), outside()]),
    "from address alice@ours.example or bob@far.example": ([Mail(), outside()], [Mail(author=NOBODY)]),
    "from ours.example": ([Mail(), Mail(author=NOBODY)], [outside(), Mail(author="alice@sub.ours.example")]),
    "from domain far.example or ours.example": ([Mail(), outside()], [outside(author="bob@else.example")]),
    "from *.far.example": ([outside(author="bob@sub.far.example"), outside(author="bob@a.b.far.example")],
                           [outside(), outside(author="bob@notfar.example")]),
    "from sales-*@ours.example": ([Mail(author="sales-north@ours.example")], [Mail(), Mail(author="presales-x@ours.example")]),
    "from ?lice@ours.example": ([Mail()], [Mail(author="lice@ours.example"), Mail(author="malice@ours.example")]),
    # not exactly one mailbox: the envelope counts
    "from domain ours.example": ([Mail(author=["x@far.example", "y@far.example"]), Mail(author="x@far.example, y@far.example")],
                                 [outside(author=["x@ours.example", "y@ours.example"])]),

    "to bob@far.example": ([Mail(), Mail(to="BOB@Far.Example")], [Mail(to=CAROL), Mail("Cc: bob@far.example", to=CAROL)]),
    "to address bob@far.example or carol@else.example": ([Mail(), Mail(to=CAROL)], [Mail(to="dave@far.example")]),
    "to far.example": ([Mail(), Mail(to="dave@far.example")], [Mail(to=CAROL), Mail(to="bob@sub.far.example")]),
    "to domain far.example or else.example": ([Mail(), Mail(to=CAROL)], [Mail(to=NOBODY)]),
    "to *.far.example": ([Mail(to="bob@sub.far.example")], [Mail()]),
    "to b*@far.example": ([Mail(), Mail(to="b@far.example")], [Mail(to="dave@far.example")]),

    "keyword hush": ([Mail("Subject: [hush] hello"), Mail("Subject: hello [HUSH]"), Mail("X-Command: Hush"),
                      Mail("Subject: =?utf-8?q?=5Bhu?= =?utf-8?q?sh=5D_Gr=C3=BC=C3=9Fe?="), Mail("Subject: x", "Subject: [hush]")],
                     [Mail(), Mail("Subject: hush"), Mail("X-Command: not hush"), outside("Subject: [hush] hello", "X-Command: hush")]),
    "keyword hush or loud": ([Mail("Subject: [hush]"), Mail("Subject: [loud]")], [Mail("Subject: [other]")]),

    "signed": ([Mail(entity=smime_signed), Mail(entity=PGP_SIGNED)], [Mail(), Mail(entity=smime_encrypted), Mail("Subject: signed")]),
    "signed with smime": ([Mail(entity=smime_signed), outside(entity=smime_signed)], [Mail(), Mail(entity=PGP_SIGNED)]),
    "signed with openpgp": ([Mail(entity=PGP_SIGNED)], [Mail(), Mail(entity=smime_signed)]),
    "signed with smime or openpgp": ([Mail(entity=PGP_SIGNED), Mail(entity=smime_signed)], [Mail()]),

    "encrypted": ([Mail(entity=smime_encrypted), Mail(entity=pgp_mime(ENCRYPTED)), Mail(entity=b"\r\n" + ENCRYPTED)],
                  [Mail(), Mail(entity=smime_signed), Mail(entity=pgp_mime(LITERAL)), Mail(entity=smime_attached),
                   Mail(entity=b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nnone\r\n")]),
    "encrypted with smime": ([Mail(entity=smime_encrypted)], [Mail(), Mail(entity=pgp_mime(ENCRYPTED))]),
    "encrypted with openpgp": ([Mail(entity=pgp_mime(ENCRYPTED))], [Mail(), Mail(entity=smime_encrypted)]),

    "size over 4K": ([Mail(entity=of_size(5000))], [Mail(entity=of_size(3000))]),
    "size under 4K": ([Mail(entity=of_size(3000))], [Mail(entity=of_size(5000))]),

    "header X-Mark": ([Mail("X-Mark: any"), Mail("x-mark:"), outside("X-MARK: 1")],
                      [Mail(), Mail("X-Marked: 1"), Mail("Comments: X-Mark: 1")]),
    "header X-Mark is red or green": ([Mail("X-Mark: RED"), Mail("X-Mark:  green "), Mail("X-Mark: =?utf-8?q?red?="),
                                       Mail("X-Mark: blue", "X-Mark: red")], [Mail(), Mail("X-Mark: redder"), Mail("X-Mark: not red")]),
    "header X-Mark contains red or green": ([Mail("X-Mark: an infrared light"), Mail("X-Mark: ever\r\n Green")],
                                            [Mail(), Mail("X-Mark: re d"), Mail("Subject: red")]),
    'header X-Mark like "r?d*" or *n': ([Mail("X-Mark: red"), Mail("X-Mark: rudder"), Mail("X-Mark: green")],
                                        [Mail(), Mail("X-Mark: rd"), Mail("X-Mark: infrared"), Mail("X-Mark: greens")]),

    "subject is \"pay now\"": ([Mail("Subject: Pay Now"), Mail("Subject: =?utf-8?q?pay?= now")], [Mail(), Mail("X-Subject: pay now")]),
    "subject contains now or later": ([Mail("Subject: pay later")], [Mail(), Mail("X-Mark: now")]),
    "subject like pay*": ([Mail("Subject: pay soon")], [Mail(), Mail("Subject: soon pay")]),

    "attachment": ([Mail(entity=EXE), Mail(entity=attached("Content-Type: text/plain", "Content-Disposition: attachment"))],
                   [Mail(), Mail(entity=attached("Content-Type: text/plain")), Mail(entity=smime_signed), Mail(entity=smime_encrypted)]),
    "attachment name *.exe or *.scr": ([Mail(entity=EXE), Mail(entity=attached("Content-Type: x/y; name=\"=?utf-8?q?a=2Eexe?=\"")),
                                        Mail(entity=attached("Content-Type: x/y", "Content-Disposition: inline; filename*=utf-8''a%2Escr"))],
                                       [Mail(), Mail(entity=attached("Content-Type: x/y; name=a.exe.txt"))]),
    "attachment name contains tup": ([Mail(entity=EXE)], [Mail(), Mail(entity=attached("Content-Type: x/y; name=set"))]),
    "attachment type image/*": ([Mail(entity=EXE)], [Mail(), Mail(entity=attached("Content-Type: video/x; name=a.png"))]),
    "attachment name *.exe type image/* or video/*": ([Mail(entity=EXE)], [Mail(entity=attached("Content-Type: text/plain; name=a.exe"))]),

    "priority high": ([Mail("Importance: high"), Mail("X-Priority: 1 (Highest)"), Mail("Priority: urgent")],
                      [Mail(), Mail("Importance: normal", "X-Priority: 1"), Mail("X-Priority: 5")]),
    "priority low or normal": ([Mail(), Mail("X-Priority: 5")], [Mail("Importance: High")]),
    "sensitivity private or company-confidential": ([Mail("Sensitivity: Private"), Mail("Sensitivity: Company-Confidential")],
                                                    [Mail(), Mail("Sensitivity: Personal")]),
    "calendar": ([Mail(entity=b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"),
                  Mail(entity=attached("Content-Type: text/calendar"))], [Mail(), Mail(entity=EXE)]),
    "tnef": ([Mail(entity=attached("Content-Type: application/ms-tnef")), Mail(entity=attached("Content-Type: x/y; name=WINMAIL.DAT"))],
             [Mail(), Mail(entity=EXE)]),
    "list": ([Mail("List-Id: <a.example>"), outside("Precedence: list")], [Mail(), Mail("Precedence: bulk")]),
    "automatic": ([Mail("Auto-Submitted: auto-replied"), Mail("Precedence: bulk"), outside(sender="", author=BOB)],
                  [Mail(), Mail("Auto-Submitted: no"), Mail("List-Id: <a.example>")]),
    "report": ([Mail(entity=REPORT)], [Mail(), outside(sender="", author=BOB)]),
    "tnef or report": ([Mail(entity=REPORT)], [Mail(), Mail("List-Id: <a.example>")]),

    "client 127.0.0.1": ([Mail(), outside()], [Mail(source="127.0.0.2"), outside(source="127.0.0.2")]),
    "client 10.0.0.0/8 or 127.0.0.0/31": ([Mail()], [Mail(source="127.0.0.2")]),
    "listener submission": ([Mail()], [outside()]),
    "listener 1 or MX": ([outside()], [Mail()]),
    "login": ([Mail()], [outside()]),
    "login ALICE@ours.example or x*": ([Mail()], [Mail(login="mallory@ours.example"), outside()]),
    "login m*@ours.example": ([Mail(login="mallory@ours.example")], [Mail()]),

    "from file /lists/people": ([Mail(), outside(author="eve@a.far.example")], [Mail(author=NOBODY), outside()]),
    "to file /lists/none or /lists/people": ([outside()], [Mail()]),
    "from group People": ([Mail()], [outside()]),

    "possible smime": ([Mail(), Mail(to=BOB), outside(to=BOB)], [Mail(to=CAROL)]),
    "possible openpgp or smime": ([Mail()], [Mail(to=CAROL)]),

    "registered sender": ([Mail(), Mail(sender=NOBODY, author=ALICE)], [Mail(sender=NOBODY), outside()]),
    "registered recipient": ([outside(), Mail(to=ALICE)], [outside(to=NOBODY), Mail()]),
    "registered sender or recipient": ([Mail(), outside(), Mail(sender=NOBODY, to=ALICE)], [outside(to=NOBODY), Mail(sender=NOBODY)]),
}
# Postfix alone has a certificate here.
TLS_CASES = {
    "tls": ([Mail(tls=True), Mail(tls="robot"), outside(tls=True)], [Mail(), outside()]),
    "tls robot": ([Mail(tls="robot"), outside(tls="robot")], [Mail(tls=True), Mail(tls="stranger"), Mail(tls="untrusted"), Mail()]),
}
# What a name is depends on the MTA.
OTHERS = ["client name localhost or *.example"]
NAMES = {f"case-{n}": condition for n, condition in enumerate([*CASES, *TLS_CASES, *OTHERS])}

# Verifying asks for the message to be opened: a rule that answers may look only where nothing is encrypted.
STATUSES = ["none", "good", "weak", "bad", "partial", "mismatch", "untrusted", "unsupported"]

POLICY = """\
our domains  ours.example

keyword hush  subject "[hush]"
keyword hush  header X-Command is hush
keyword loud  subject "[loud]"

group People is file /lists/people

""" + "".join(f"""\
rule "{name}"
    when header X-Case is {name}, {condition}
    refuse "{name} holds"

rule "not {name}"
    when header X-Case is not-{name}, not {condition}
    refuse "not-{name} holds"

""" for name, condition in NAMES.items()) + "".join(f"""\
rule "verified {status}"
    when header X-Case is verified, not encrypted, verified {status}
    refuse "{status} was found"

""" for status in STATUSES) + """\
rule "the rest"
    pass
"""


class Conditions(SealSite):
    cases = CASES
    seal_settings = {"inject": '""'}  # no journal: nothing but the condition may need the store

    @classmethod
    def set_up_site(cls):
        lists = cls.lab.folder("lists")
        (lists / "people").write_text("# whom we know\nAlice@Ours.Example\n*.far.example   # but not far.example\n")
        (lists / "none").write_text("")
        cls.policy = POLICY.replace("/lists/", f"{lists}/")
        super().set_up_site()

    def connection(self, mail):
        tls = mail.client.get("tls")
        return mail.client | ({"tls": getattr(self, tls)} if isinstance(tls, str) else {})

    def reply(self, case, mail):
        """The reply to this message, or the text of the rule that matched."""
        data = mail.data(self, case)
        try:
            way = self.arrive if mail.way == "mx" else self.submit
            return str(way(mail.to, data, sender=mail.sender, **self.connection(mail)).code)
        except smtp.Refused as refused:
            return str(refused.reply)

    def assert_holds(self, case, mail):
        self.assertRegex(self.reply(case, mail), rf"^550 5\.7\.1 .*{case} holds")

    def assert_does_not_hold(self, case, mail):
        self.assertEqual(self.reply(case, mail), "250")

    def named_cases(self):
        return [(name, condition, self.cases[condition]) for name, condition in NAMES.items() if condition in self.cases]

    def test_condition_holds_or_does_not(self):
        for name, condition, answers in self.named_cases():
            for mails, says_yes in zip(answers, (True, False)):
                for n, mail in enumerate(mails):
                    with self.subTest(condition=condition, holds=says_yes, mail=n):
                        (self.assert_holds if says_yes else self.assert_does_not_hold)(name, mail)
                        (self.assert_does_not_hold if says_yes else self.assert_holds)(f"not-{name}", mail)

    def test_what_cannot_be_found_out_is_deferred_and_nothing_else_is(self):
        """One user's record is damaged under the running daemon. "not" changes nothing about not knowing."""
        store, name_of_user = self.seal.dir / "state/store.mdb", b"Marked Name"
        self.seal.adm("user", "change", ALICE, "--name", name_of_user.decode())
        places = [match.start() for match in re.finditer(re.escape(name_of_user), store.read_bytes())]
        self.assertTrue(places)

        def write(data):
            with open(store, "r+b") as file:
                for place in places:
                    file.seek(place)
                    file.write(data)

        write(name_of_user.swapcase())
        try:
            for name, condition, ((yes, *_), (no, *_)) in self.named_cases():
                with self.subTest(condition=condition):
                    if condition.startswith("registered"):
                        for case in (name, f"not-{name}"):
                            self.assertRegex(self.reply(case, yes), r"^451 4\.3\.\d")
                    else:
                        self.assert_holds(name, yes)
                    self.assert_holds(f"not-{name}", no)
                    self.assert_does_not_hold(name, no)
        finally:
            write(name_of_user)
        self.assert_holds(*self.of_registered())

    def test_result_of_verifying_is_known_to_rules(self):
        other = pki.Authority(self.lab.folder("other")).issue(BOB)
        signed = self.bob.sign(HELLO)
        entities = {
            "none": HELLO,
            "good": signed,
            "bad": signed.replace(b"Hello.", b"Hullo."),
            "partial": b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nmore\r\n--o\r\n" + signed + b"\r\n--o--\r\n",
            "mismatch": self.eve.sign(HELLO),
            "untrusted": other.sign(HELLO),
        }
        for status, entity in entities.items():
            with self.subTest(status):
                self.assertRegex(self.reply("verified", outside(entity=entity)), f"^550 .* {status} was found")
        self.assertEqual(self.reply("verified", outside(entity=smime_encrypted)), "250")

    def assert_client_name(self, mail, is_known):
        name = next(name for name, condition in NAMES.items() if condition in OTHERS)
        (self.assert_holds if is_known else self.assert_does_not_hold)(name, mail)
        (self.assert_does_not_hold if is_known else self.assert_holds)(f"not-{name}", mail)

    def of_registered(self):
        return next((name, CASES[condition][0][0]) for name, condition in NAMES.items() if "registered" in condition)

    def test_while_the_store_cannot_be_asked_for_the_policy_every_message_is_deferred(self):
        store = self.seal.dir / "state/store.mdb"
        whole = store.read_bytes()
        os.truncate(store, 8192)
        try:
            for name, condition, ((yes, *_), _) in self.named_cases():
                with self.subTest(condition=condition):
                    self.assertRegex(self.reply(name, yes), r"^451 4\.3\.\d")
        finally:
            with open(store, "r+b") as file:
                file.write(whole)
        self.assert_holds(*self.of_registered())


# Subject or header, and what the far side then gets: Bob, whose certificate is known, and Carol.
REFUSED = None
COMMANDS = {
    "Subject: %s": (["encrypted", "signed"], ["signed"]),
    "Subject: [noenc] %s": (["signed"], ["signed"]),
    "Subject: %s [NoEnc]": (["signed"], ["signed"]),
    "Subject: =?utf-8?b?W25vZW5jXQ==?= %s": (["signed"], ["signed"]),
    "Subject: [nosign] %s": (["encrypted"], []),
    "Subject: [noenc][nosign] %s": ([], []),
    "Subject: [plain] %s": ([], []),
    "Subject: [sign] %s": (["encrypted", "signed"], ["signed"]),
    "Subject: [confidential] %s": (["encrypted", "signed"], REFUSED),
    "Subject: [plain] [confidential] %s": (["encrypted", "signed"], REFUSED),
    "Sensitivity: Company-Confidential\r\nSubject: %s": (["encrypted", "signed"], REFUSED),
    "Sensitivity: Personal\r\nSubject: %s": (["encrypted", "signed"], ["signed"]),
}


class Commands(SealSite):
    """With the policy that a new site starts with."""
    policy = (TREE / "contrib/policies/default.conf").read_text().replace("example.org", "ours.example")

    def letter(self, head, to, sender=ALICE):
        return message.make(sender, to).replace(b"Subject: greetings", (head % "lunch").encode())

    def test_command_is_obeyed_and_removed(self):
        for head, treatments in COMMANDS.items():
            for to, layers in zip((BOB, CAROL), treatments):
                with self.subTest(head=head, to=to):
                    self.sink.reset()
                    if layers is REFUSED:
                        with self.assertRaisesRegex(smtp.Refused, r"550 5\.7\.\d .*confidential"):
                            self.submit(to, self.letter(head, to))
                        continue
                    self.submit(to, self.letter(head, to))
                    got = self.sink.one(to)
                    self.assertEqual(self.opened(got).layers, layers)
                    self.assertEqual(got.header("Subject"), ["lunch"])
                    self.assertEqual(got.header("Sensitivity"), re.findall(r"Sensitivity: (.*)\r", head))  # also for the reader

    def test_who_is_not_granted_a_signature_does_not_get_one_by_command(self):
        with self.assertRaisesRegex(smtp.Refused, r"550 5\.7\.\d .*signature"):
            self.submit(CAROL, self.letter("Subject: [sign] %s", CAROL), login="mallory@ours.example")

    def test_stranger_commands_nothing_and_his_words_stay(self):
        for head in COMMANDS:
            with self.subTest(head=head):
                self.sink.reset()
                sent = self.letter(head, ALICE, sender=BOB)
                self.arrive(ALICE, sent)
                got = self.sink.one(ALICE)
                self.assertEqual(message.without_trace(got.data), sent)


class ConditionsUnderPostfix(Conditions, PostfixCase):
    cases = CASES | TLS_CASES

    @classmethod
    def set_up_site(cls):
        usage = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
        authority, other = (pki.Authority(cls.lab.folder(name), name) for name in ("tls", "tls-other"))
        cls.robot, cls.stranger = (authority.issue(f"{name}@far.example", "ec:P-256", usage=usage) for name in ("robot", "stranger"))
        cls.untrusted = other.issue("robot@far.example", "ec:P-256", usage=usage)
        server = authority.issue("server@far.example", "ec:P-256", usage=usage)
        cls.mta_options = {"settings": {
            "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": server.cert, "smtpd_tls_key_file": server.key,
            "smtpd_tls_CAfile": authority.cert, "smtpd_tls_ask_ccert": "yes", "smtpd_tls_req_ccert": "no"}}
        super().set_up_site()

    def test_client_name_that_nobody_looked_up_is_none(self):
        self.assert_client_name(outside(), False)


class ConditionsUnderSendmail(Conditions, SendmailCase):
    def test_client_name_counts_when_it_is_verified(self):
        self.assert_client_name(outside(), True)
        self.assert_client_name(outside(source="127.0.0.2"), False)


class CommandsUnderPostfix(Commands, PostfixCase):
    pass


class CommandsUnderSendmail(Commands, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()
