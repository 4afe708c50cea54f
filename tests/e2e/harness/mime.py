"""S/MIME's outer forms as bytes, read and written without the code under test."""
import base64
import re
import textwrap


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def split(entity):
    """Header section (with the empty line's CRLF; it may be nothing else) and body."""
    at = 2 if entity.startswith(b"\r\n") else entity.index(b"\r\n\r\n") + 4
    return entity[:at], entity[at:]


def base64_lines(der):
    return "".join(line + "\r\n" for line in textwrap.wrap(base64.b64encode(der).decode(), 64)).encode()


def enveloped(der, kind="enveloped-data"):
    return (f'Content-Type: application/pkcs7-mime; smime-type={kind}; name="smime.p7m"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64_lines(der)


def signed(content, der, boundary="--=_judge"):
    """multipart/signed around exactly these bytes."""
    return (f'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;\r\n'
            f'\tboundary="{boundary}"\r\n\r\n--{boundary}\r\n').encode() + content + (
            f'\r\n--{boundary}\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64_lines(der) + f"--{boundary}--\r\n".encode()


def cms_of(entity):
    """The DER of an application/pkcs7-mime or -signature entity in base64."""
    head, body = split(entity)
    assert re.search(rb"(?i)content-transfer-encoding:\s*base64", head), head
    return base64.b64decode(body)


def parts_of(entity):
    """Of a multipart/signed: the signed bytes as they stand, and the signature's DER."""
    head, body = split(entity)
    match = re.search(rb'(?is)boundary=(?:"([^"]+)"|([^\s;]+))', head)
    line = b"--" + (match[1] or match[2])
    pieces = re.split(rb"(?:^|\r\n)" + re.escape(line) + rb"(?:--)?[ \t]*\r\n", body)
    assert len(pieces) == 4, f"{len(pieces)} pieces between boundaries"
    return pieces[1], cms_of(pieces[2])
