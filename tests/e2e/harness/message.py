"""Messages as bytes: made, taken apart, compared but for the trace that MTAs add."""
import email.utils
import re

# What an MTA writes on its way, and what it adds for a client that gave none.
TRACE = {b"received", b"return-path"}
ADDED = {b"date", b"message-id", b"from"}


def make(sender="Alice <alice@ours.example>", to="Bob <bob@far.example>", subject="greetings", body=b"Hello.\r\n", headers=()):
    """A message with every field that an MTA would otherwise invent."""
    make.count += 1
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {email.utils.formatdate()}",
            f"Message-ID: <{make.count}@client.example>", *headers]
    return "".join(line + "\r\n" for line in head).encode() + b"\r\n" + body


make.count = 0


def fields(data):
    """The raw fields of a header section, folds and line ends included; a field's name is what stands before its colon."""
    head = re.split(rb"(?<=\n)\r?\n", data, maxsplit=1)[0]
    return re.findall(rb"[^\n]*\n(?:[ \t][^\n]*\n)*", head)


def field_name(field):
    return field.split(b":", 1)[0].strip().lower()


def without_trace(data, sent=None):
    """data without trace fields; with sent, also without what an MTA adds because it was not in there."""
    drop = TRACE if sent is None else TRACE | (ADDED - set(map(field_name, fields(sent))))
    head = fields(data)
    kept = [field for field in head if field_name(field) not in drop]
    return b"".join(kept) + data[sum(map(len, head)):]
