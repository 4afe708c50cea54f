"""Messages as programs write them: what mutate.py starts from. Fields in order, bodies with CRLF."""
import base64
import random


def lines(*texts):
    return "".join(text + "\r\n" for text in texts).encode()


FROM = ["From: =?utf-8?q?J=C3=BCrgen?= <bob@far.example>", "To: Alice <alice@ours.example>,\r\n\tteam@ours.example"]
DATE = "Date: Mon, 23 Nov 2026 07:02:11 +0100"
BLOB = base64.encodebytes(random.Random(1).randbytes(2000)).decode().replace("\n", "\r\n")

PLAIN = (
    ["Return-Receipt-To: bob@far.example", *FROM, "Subject: lunch on Friday", DATE, "Message-ID: <1@far.example>",
     "User-Agent: Mozilla Thunderbird", "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8; format=flowed",
     "Content-Transfer-Encoding: 8bit", "Content-Language: de-DE"],
    lines("Grüße aus Köln, ", "und bis bald.", "", "-- ", "Jürgen"))

OLD = (
    ["Date: 23 Nov 2026 07:02 MEZ", "From: root@far.example (Cron Daemon)", "To: alice@ours.example",
     "Subject: Cron <root@far> /usr/bin/backup", "X-Cron-Env: <SHELL=/bin/sh>", "X-Cron-Env: <HOME=/root>",
     "Message-ID: <2@far.example>"],
    lines("From the log:", ".", "..", ".hidden", ">From here on", "\tdone  "))

ALTERNATIVE = (
    [*FROM, "Message-ID: <3@far.example>", DATE, "Subject: =?iso-8859-1?Q?Angebot_f=FCr?=\r\n =?iso-8859-1?Q?_November?=",
     "MIME-Version: 1.0", 'Content-Type: multipart/alternative;\r\n boundary="----=_Part_1.2.3"', "X-Priority: 3"],
    lines("------=_Part_1.2.3", "Content-Type: text/plain; charset=iso-8859-1",
          "Content-Transfer-Encoding: quoted-printable", "", "Angebot f=FCr November, 5 =3D f=", "=FCnf", "",
          "------=_Part_1.2.3", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 7bit", "",
          "<p>Angebot f&uuml;r <b>November</b></p>", "", "------=_Part_1.2.3--"))

ATTACHED = (
    ["X-Mailer: Microsoft Outlook 16.0", *FROM, "Subject: figures", DATE, "Message-ID: <4@far.example>", "MIME-Version: 1.0",
     'Content-Type: multipart/mixed; boundary="=_b1"', "Thread-Index: AdB+QxYz", "Sensitivity: Personal"],
    lines("This is a multi-part message in MIME format.", "", "--=_b1", "", "See the attachment.", "--=_b1",
          'Content-Type: application/pdf; name="Zahlen 2026.pdf"', "Content-Disposition: attachment;",
          "\tfilename*0*=utf-8''Zahlen%20;", "\tfilename*1*=2026.pdf", "Content-Transfer-Encoding: base64", "")
    + BLOB.encode() + lines("--=_b1--", "", "an epilogue"))

NESTED = (
    [*FROM, "Subject: Fwd: picture", DATE, "Message-ID: <5@far.example>", "MIME-Version: 1.0 (Apple Message framework)",
     'Content-Type: multipart/mixed;\r\n\tboundary="Apple-Mail=_A"'],
    lines("--Apple-Mail=_A", "Content-Type: multipart/related;", '\tboundary="Apple-Mail=_B"; type="multipart/alternative"', "",
          "--Apple-Mail=_B", 'Content-Type: multipart/alternative; boundary="Apple-Mail=_B2"', "", "--Apple-Mail=_B2",
          "Content-Type: text/plain; charset=us-ascii", "", "a picture", "--Apple-Mail=_B2", "Content-Type: text/html", "",
          '<img src="cid:1">', "--Apple-Mail=_B2--", "", "--Apple-Mail=_B", "Content-Type: image/png", "Content-ID: <1>",
          "Content-Transfer-Encoding: base64", "", "iVBORw0KGgo=", "--Apple-Mail=_B--", "--Apple-Mail=_A",
          "Content-Type: message/rfc822", "Content-Disposition: attachment", "", "From: carol@else.example",
          "Subject: the picture", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
          "Content-Transfer-Encoding: 8bit", "", "ein schönes Bild", "", "--Apple-Mail=_A--"))

LIST = (
    ["Received: from relay.far.example (relay.far.example [192.0.2.9])\r\n\tby mx.lists.example (Postfix) with ESMTPS id 4Abc\r\n"
     "\tfor <dev@lists.example>; Mon, 23 Nov 2026 07:02:12 +0100 (CET)",
     "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=far.example; s=x;\r\n\th=from:to:subject; bh=3qOe=;\r\n\tb=abcd\r\n\t efgh",
     "Authentication-Results: mx.lists.example;\r\n\tdkim=pass header.d=far.example", "X-Original-To: dev@lists.example",
     *FROM, "Cc: dev@lists.example", "Subject: [dev] Re: [PATCH]  two  blanks", DATE, "Message-ID: <6@far.example>",
     "In-Reply-To: <5@far.example>", "References: " + "\r\n ".join(f"<{n}.long-message-id@far.example>" for n in range(25)),
     "List-Id: Developers <dev.lists.example>", "List-Unsubscribe: <https://lists.example/u>,\r\n <mailto:u@lists.example>",
     "Precedence: list", "Content-Type: text/plain; charset=us-ascii", "MIME-Version: 1.0"],
    lines("--- a/x.c", "+++ b/x.c", "@@ -1 +1 @@", "-int main ();", "+int main(void);", " ", "_______________", "dev mailing list"))

REPORT = (
    ["From: MAILER-DAEMON@far.example (Mail Delivery System)", "To: alice@ours.example", "Subject: Undelivered Mail", DATE,
     "Message-ID: <7@far.example>", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
     'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="4Abc.1/far.example"'],
    lines("This is a MIME-encapsulated message.", "", "--4Abc.1/far.example", "Content-Description: Notification", "", "It failed.",
          "", "--4Abc.1/far.example", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; far.example", "",
          "Final-Recipient: rfc822; x@far.example", "Action: failed", "Status: 5.1.1", "", "--4Abc.1/far.example",
          "Content-Type: text/rfc822-headers", "", "Subject: hello", "", "--4Abc.1/far.example--"))

SIGNED = (
    [*FROM, "Subject: signed", DATE, "Message-ID: <8@far.example>", "MIME-Version: 1.0", 'Content-Type: multipart/signed; '
     'micalg=pgp-sha256;\r\n protocol="application/pgp-signature"; boundary=abc'],
    lines("--abc", "Content-Type: text/plain", "", "signed, with blanks  ", "", "--abc",
          "Content-Type: application/pgp-signature", "", "-----BEGIN PGP SIGNATURE-----", "", "iQ==", "-----END PGP SIGNATURE-----",
          "", "--abc--"))

CALENDAR = (
    [*FROM, "Subject: Einladung", DATE, "Message-ID: <9@far.example>", "MIME-Version: 1.0",
     'Content-Type: text/calendar; charset="utf-8"; method=REQUEST', "Content-Transfer-Encoding: base64"],
    base64.encodebytes("BEGIN:VCALENDAR\r\nSUMMARY:Übergabe\r\nEND:VCALENDAR\r\n".encode()).replace(b"\n", b"\r\n"))

ALL = [([field.encode() + b"\r\n" for field in fields], body)
       for fields, body in (PLAIN, OLD, ALTERNATIVE, ATTACHED, NESTED, LIST, REPORT, SIGNED, CALENDAR)]
