"""Messages as no program should write them, the same ones in each run."""
import itertools
import random
import re

from .originals import ALL

# What hygiene takes off inbound mail, and a command that it takes off submitted mail. Some messages have these; nothing else that
# hygiene would touch is in any.
FORGED = [b"X-Sealmilter-Status: encryption=opened; signature=good\r\n", b"x-sealmilter-status:\r\n",
          b"X-Sealmilter-Anything:\tfolded,\r\n\ttwice\r\n", b"Authentication-Results: gw.ours.example; smime=pass\r\n",
          b"Authentication-Results:gw.ours.example;\r\n smime=pass\r\n"]
COMMANDS = [b"X-Command: plain\r\n", b"x-command:\r\n\tplain\r\n"]
STRANGE_NAMES = [b"X", b"x-!#$%&'*+^`{|}~", b"X-" + b"n" * 60, b"X_under.score/slash", b"1", b"List-ID", b"Received-SPF", b"X-Face"]
TEXT_8BIT = ["Grüße, 東京".encode(), "Grüße".encode("latin-1"), b"\x80\xff\xfe"]


class Draft:
    """fields: raw, in order."""

    def __init__(self, fields, body):
        self.fields, self.body = list(fields), body

    def find(self, name):
        return next((i for i, field in enumerate(self.fields) if field.lower().startswith(name + b":")), None)

    def replace(self, name, old, new):
        at = self.find(name)
        if at is not None:
            self.fields[at] = re.sub(old, new, self.fields[at])

    def insert(self, rng, field):
        self.fields.insert(rng.randrange(len(self.fields) + 1), field)


# ---- fields ----

def shuffle(rng, d):
    rng.shuffle(d.fields)


def turn_around(rng, d):
    d.fields.reverse()


def repeat_a_field(rng, d):
    for _ in range(rng.randrange(1, 4)):
        d.insert(rng, rng.choice(d.fields))


def forge(rng, d):
    for _ in range(rng.randrange(1, 5)):
        d.insert(rng, rng.choice(FORGED))


def command(rng, d):
    for _ in range(rng.randrange(1, 4)):
        d.insert(rng, rng.choice(COMMANDS))


def fold_anew(rng, d):
    """Each blank may become a fold, by one or more blanks or TABs."""
    folds = [b"\r\n ", b"\r\n\t", b"\r\n \t ", b"\r\n        "]
    d.fields = [re.sub(rb"(?<=[^:\s])(?:\r\n)?[ \t]+", lambda m: rng.choice([m[0]] * len(folds) + folds), field) for field in d.fields]


def fold_after_colon(rng, d):
    i = rng.randrange(len(d.fields))
    d.fields[i] = re.sub(rb"^([^:]+):[ \t]*", rb"\1:\r\n ", d.fields[i])


def change_blanks_after_colon(rng, d):
    blanks = [b"", b"  ", b"\t", b" \t", b"\t\t ", b" " * 20]
    d.fields = [re.sub(rb"^([^:]+:)[ ]", lambda m: m[1] + rng.choice(blanks), field) if rng.random() < 0.5 else field
                for field in d.fields]


def add_blanks_at_the_end(rng, d):
    i = rng.randrange(len(d.fields))
    d.fields[i] = d.fields[i][:-2] + rng.choice([b" ", b"\t", b"   ", b" \t "]) + b"\r\n"


def add_empty_fields(rng, d):
    for name in rng.sample(STRANGE_NAMES, 3):
        d.insert(rng, name + rng.choice([b":", b": ", b":\t", b":   "]) + b"\r\n")


def add_8_bit_field(rng, d):
    d.insert(rng, rng.choice([b"X-Name: ", b"Comments: ", b"Subject: "]) + rng.choice(TEXT_8BIT) + b"\r\n")


def put_8_bits_in_subject(rng, d):
    d.replace(b"subject", rb"(?s).*", b"Subject: " + rng.choice(TEXT_8BIT) + b"\r\n")


def add_longest_line(rng, d):
    d.insert(rng, b"X-Long: " + b"l" * (rng.choice([70, 500, 990, 998]) - 8) + b"\r\n")


def add_long_folded_field(rng, d):
    d.insert(rng, b"References:" + b"".join(b"\r\n\t<%d@%s.example>" % (n, b"m" * 40) for n in range(rng.randrange(20, 120))) + b"\r\n")


def add_many_fields(rng, d):
    d.fields += [b"X-Number: %d\r\n" % n for n in range(rng.randrange(50, 300))]


def change_case_of_names(rng, d):
    change = rng.choice([bytes.upper, bytes.lower, bytes.swapcase])
    d.fields = [change(name) + colon + rest for name, colon, rest in (field.partition(b":") for field in d.fields)]


def add_encoded_words(rng, d):
    d.insert(rng, rng.choice([b"Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n", b"Subject: =?utf-8?Q?unfinished\r\n",
                              b"X-Words: =?no-such?Q?=FC?= =?utf-8?B?!!?=\r\n", b"Comments: a =?utf-8?q?=20?= =?utf-8?q?b?=\r\n"]))


def drop_a_field(rng, d):
    d.fields.pop(rng.randrange(len(d.fields)))


# ---- MIME ----

def declare_twice(rng, d):
    d.insert(rng, rng.choice([b"Content-Type: text/html\r\n", b'Content-Type: multipart/mixed; boundary="other"\r\n',
                              b"Content-Transfer-Encoding: base64\r\n", b"MIME-Version: 1.0\r\n"]))


def declare_nonsense(rng, d):
    field = rng.choice([b"Content-Type: text\r\n", b"Content-Type: ;;;\r\n", b"Content-Type: multipart/mixed\r\n", b"Content-Type:\r\n",
                        b"Content-Transfer-Encoding: 9bit\r\n", b"Content-Type: text/plain; charset==utf-8; x\r\n",
                        b'Content-Type: multipart/mixed; boundary="open\r\n', b"Content-Disposition: a b c\r\n"])
    at = d.find(field.split(b":")[0].lower())
    d.fields[at if at is not None else 0:(at or 0) + (at is not None)] = [field]


def change_boundary(rng, d):
    new = rng.choice([b"b" * 70, b"b" * 200, b"with blank inside", b"'()+_,-./:=?", b"--", b"a; b=c", b"=_b1--"])
    d.replace(b"content-type", rb'boundary="[^"]*"', lambda m: b'boundary="' + new + b'"')
    if rng.random() < 0.7:
        d.body = re.sub(rb"(?m)^--(=_b1|Apple-Mail=_A|----=_Part_1.2.3|4Abc.1/far.example)(?=(--)?\r)", lambda m: b"--" + new, d.body)


def change_parameters(rng, d):
    d.replace(b"content-type", rb";", lambda m: rng.choice([b" ; ", b";(a comment) ", b";\r\n\t", b" (; x=y) ;", b";;"]))


def cut_the_end(rng, d):
    d.body = b"".join(d.body.splitlines(True)[:-rng.randrange(1, 4)])


def repeat_a_boundary(rng, d):
    boundaries = re.findall(rb"(?m)^--\S+\r\n", d.body)
    if boundaries:
        d.body = d.body.replace(boundaries[0], boundaries[0] * 2, 1)


def put_blanks_after_boundaries(rng, d):
    d.body = re.sub(rb"(?m)^(--\S+)\r\n", lambda m: m[1] + rng.choice([b"", b" ", b"\t", b"  \t"]) + b"\r\n", d.body)


def surround(rng, d):
    """A preamble and an epilogue."""
    d.body = rng.choice([b"\r\n\r\n", b"preamble --=_b1 \r\n\r\n"]) + d.body + rng.choice([b"\r\n", b"--\r\n", b"-- \r\nepilogue\r\n\r\n"])


def wrap(rng, d):
    """The whole content as one part of another multipart, several times."""
    for level in range(rng.randrange(1, 12)):
        content = [field for field in d.fields if field.lower().startswith(b"content-")]
        d.fields = [field for field in d.fields if field not in content]
        d.fields.append(b'Content-Type: multipart/mixed; boundary="w%d"\r\n' % level)
        d.body = b"--w%d\r\n" % level + b"".join(content) + b"\r\n" + d.body + b"\r\n--w%d--\r\n" % level


# ---- lines ----

def make_empty(rng, d):
    d.body = rng.choice([b"", b"\r\n", b"\r\n\r\n\r\n"])


def add_line(rng, d, line):
    body = d.body.splitlines(True)
    body.insert(rng.randrange(len(body) + 1), line)
    d.body = b"".join(body)


def add_dots(rng, d):
    for line in rng.sample([b".\r\n", b"..\r\n", b".x\r\n", b" .\r\n", b"...\r\n"], 3):
        add_line(rng, d, line)


def add_long_lines(rng, d):
    for n in rng.sample([76, 77, 78, 79, 254, 255, 256, 511, 512, 900, 998], 4):
        add_line(rng, d, b"x" * n + b"\r\n")


def add_8_bit_lines(rng, d):
    for _ in range(5):
        add_line(rng, d, bytes(rng.choice(range(128, 256)) for _ in range(rng.randrange(1, 200))) + b"\r\n")


def add_control_characters(rng, d):
    add_line(rng, d, b"\x01\x07\x08\x0b\x0c\x0e\x1a\x1b\x7f\x85\r\n")


def add_nul(rng, d):
    add_line(rng, d, b"before\0after\0\r\n")


def add_blank_lines(rng, d):
    for line in (b" \r\n", b"\t\r\n", b"trailing \t \r\n", b"\r\n"):
        add_line(rng, d, line)


def add_from_line(rng, d):
    add_line(rng, d, b"From bob Mon Nov 23 07:02:11 2026\r\n")


def leave_final_end_out(rng, d):
    d.body = re.sub(rb"(\r\n)+\Z", b"", d.body) or b"x"


def grow(rng, d):
    add_line(rng, d, b"all work and no play\r\n" * rng.choice([1000, 4000]))


MUTATIONS = [
    shuffle, turn_around, repeat_a_field, forge, command, fold_anew, fold_after_colon, change_blanks_after_colon, add_blanks_at_the_end,
    add_empty_fields, add_8_bit_field, put_8_bits_in_subject, add_longest_line, add_long_folded_field, add_many_fields,
    change_case_of_names, add_encoded_words, drop_a_field, declare_twice, declare_nonsense, change_boundary, change_parameters, cut_the_end,
    repeat_a_boundary, put_blanks_after_boundaries, surround, wrap, make_empty, add_dots, add_long_lines, add_8_bit_lines,
    add_control_characters, add_nul, add_blank_lines, add_from_line, leave_final_end_out, grow]


def mutate(number, mutations):
    rng = random.Random(number)
    draft = Draft(*ALL[number % len(ALL)])
    for mutation in rng.sample(mutations, rng.randrange(1, 5)):
        mutation(rng, draft)
    return b"".join(draft.fields) + b"\r\n" + draft.body


def mutants(count, without=()):
    """So many, all different; without: mutations that are not made."""
    mutations, found = [m for m in MUTATIONS if m not in without], {}
    for number in itertools.count():
        found[mutate(number, mutations)] = number
        if len(found) == count:
            return list(found)
