"""Python's email library reads the same parts, names and content before and after canon_entity."""
import email
import email.header
import os
import pathlib
import subprocess
import unittest

TOOL = pathlib.Path(os.environ["SEAL_BUILD"]) / "tests/lib/mime/canon_tool"
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "fuzz/corpus/part"


def content(part):
    if part.get_content_maintype() in ("multipart", "message"):
        return None
    octets = part.get_payload(decode=True) or b""
    return octets.replace(b"\r\n", b"\n").rstrip(b"\n")


def name(part):
    text = part.get_filename() or ""
    return str(email.header.make_header(email.header.decode_header(text)))


def read(octets):
    message = email.message_from_bytes(octets)
    return [(part.get_content_type(), name(part), content(part)) for part in message.walk()]


def hide_raw_names(before, after):
    """Raw 8-bit text in a header is unreadable to this library before, and an encoded-word after."""
    return [(kind, old if "\ufffd" in old else new, octets) for (_, old, _), (kind, new, octets) in zip(before, after)]


def canonical(path):
    run = subprocess.run([TOOL, path], capture_output=True, check=False)
    return (run.returncode, run.stdout)


class Canon(unittest.TestCase):
    maxDiff = None

    def test_another_library_reads_the_same_content(self):
        compared = 0
        for path in sorted(SAMPLES.iterdir()):
            status, entity = canonical(path)
            self.assertIn(status, (0, 2), path.name)
            if status == 2:
                continue
            with self.subTest(path.name):
                before, after = read(path.read_bytes()), read(b"MIME-Version: 1.0\r\n" + entity)
                self.assertEqual(len(before), len(after))
                self.assertEqual(before, hide_raw_names(before, after))
            compared += 1
        self.assertGreaterEqual(compared, 28)

    def test_raw_file_name_becomes_readable(self):
        status, entity = canonical(SAMPLES / "raw-filename.eml")
        self.assertEqual(status, 0)
        self.assertEqual([name for _, name, _ in read(b"MIME-Version: 1.0\r\n" + entity)], ["", "\u00dcbersicht.pdf"])


if __name__ == "__main__":
    unittest.main()
