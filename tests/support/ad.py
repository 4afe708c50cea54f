"""
As much of Active Directory as directory-nested = in-chain needs: a server of LDAP that knows LDAP_MATCHING_RULE_IN_CHAIN, which slapd does not.

    ad.py PORT [plain]        plain: without the capability, and as a server that does not know the rule: it says that nobody matches

People and groups are in ENTRIES. It binds everybody. RFC 4511 as far as it goes.
"""
import socketserver
import sys

BASE = "dc=example"
IN_CHAIN = "1.2.840.113556.1.4.1941"
AD = "1.2.840.113556.1.4.800"


def entry(name, parent, **attributes):
    dn = f"CN={name},{parent},{BASE}"
    return dn, {"objectClass": ["top"], "cn": [name], "distinguishedName": [dn]} | attributes


TEAM, HOUSE = f"CN=Team,OU=Groups,{BASE}", f"CN=House (all),OU=Groups,{BASE}"
ENTRIES = dict([
    (BASE, {"objectClass": ["domain"]}),
    entry("Alice", "OU=People", mail=["alice@our.example"], memberOf=[TEAM],
          proxyAddresses=["SMTP:alice@our.example", "smtp:Alice.A@our.example", "x500:/o=x/cn=alice"]),
    entry("Bob", "OU=People", proxyAddresses=["SMTP:bob@our.example"]),
    entry("Team", "OU=Groups", objectClass=["group"], memberOf=[HOUSE]),
    entry("House (all)", "OU=Groups", objectClass=["group"]),
    entry("Others", "OU=Groups", objectClass=["group"]),
])


# ---- BER ----

def read(data, at=0):
    """tag, content, where the next one begins."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        n = length & 0x7f
        length, at = int.from_bytes(data[at:at + n], "big"), at + n
    return tag, data[at:at + length], at + length


def items(data):
    at = 0
    while at < len(data):
        tag, content, at = read(data, at)
        yield tag, content


def write(tag, *parts):
    content = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


# ---- filters ----

def values(attributes, name):
    return [v.lower() for key, vs in attributes.items() if key.lower() == name.lower() for v in vs]


def in_chain(dn, group):
    """Whether dn is in the group, over groups in groups."""
    known = {key.lower(): value for key, value in ENTRIES.items()}
    return any(up == group or in_chain(up, group) for up in values(known.get(dn.lower(), {}), "memberOf"))


def extensible(content, dn, plain):
    parts = {tag: value.decode() for tag, value in items(content)}
    if plain or parts.get(0x81) != IN_CHAIN or parts.get(0x82, "").lower() != "memberof":
        return False
    return in_chain(dn, parts[0x83].lower())


def matches(tag, content, dn, attributes, plain):
    if tag in (0xa0, 0xa1):
        return (all, any)[tag - 0xa0](matches(t, c, dn, attributes, plain) for t, c in items(content))
    if tag == 0xa3:
        (_, name), (_, value) = items(content)
        return value.decode().lower() in values(attributes, name.decode())
    if tag == 0x87:
        return content.decode().lower() in [key.lower() for key in attributes]
    return tag == 0xa9 and extensible(content, dn, plain)


# ---- requests ----

def done(tag, code=0):
    return write(tag, write(0x0a, bytes([code])), write(0x04, ""), write(0x04, ""))


def found(dn, attributes, wanted):
    chosen = [write(0x30, write(0x04, name), write(0x31, *[write(0x04, v) for v in vs]))
              for name, vs in attributes.items() if name.lower() in wanted or not wanted]
    return write(0x64, write(0x04, dn), write(0x30, *chosen))


def search(content, plain):
    (_, base), (_, scope), _, _, _, _, (tag, condition), (_, names) = items(content)
    base, wanted = base.decode().lower(), [name.decode().lower() for _, name in items(names)]
    if base == "" and scope == b"\0":
        yield found("", {"supportedCapabilities": [] if plain else [AD]}, wanted)
    for dn, attributes in ENTRIES.items():
        inside = dn.lower() == base if scope == b"\0" else dn.lower().endswith(base)
        if base and inside and matches(tag, condition, dn, attributes, plain):
            yield found(dn, attributes, wanted)
    yield done(0x65)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while len(head := self.rfile.read(2)) == 2:
            if head[1] & 0x80:
                head += self.rfile.read(head[1] & 0x7f)
            length = int.from_bytes(head[2:], "big") if head[1] & 0x80 else head[1]
            (_, number), (tag, content), *_ = items(self.rfile.read(length))
            answers = [done(0x61)] if tag == 0x60 else search(content, self.server.plain) if tag == 0x63 else []
            for answer in answers:
                self.wfile.write(write(0x30, write(0x02, number), answer))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        server.plain = "plain" in sys.argv[2:]
        server.serve_forever()
