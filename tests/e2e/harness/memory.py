"""The memory of a running process, as root sees it and nobody else may."""
import contextlib
import pathlib
import re


class Mapping:
    def __init__(self, start, end, name, flags):
        self.start, self.end, self.name, self.flags = start, end, name, flags

    def __repr__(self):
        return f"<{self.start:x}-{self.end:x} {self.name} {' '.join(self.flags)}>"


def mappings(pid):
    """Those that can be read; flags as in /proc/PID/smaps: "lo" is locked, "dd" is left out of core dumps."""
    found = []
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S* \S+ \S+ \S+ *(.*)", line):
                found.append(Mapping(int(match[1], 16), int(match[2], 16), match[3], []))
                readable = found[-1]
            elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                readable = None
            elif line.startswith("VmFlags:") and readable:
                readable.flags = line.split()[1:]
    return [m for m in found if not m.name.startswith(("[vvar", "[vsyscall")) and "/store.mdb" not in m.name]


def find(pid, secrets):
    """Where each of these (name: octets) stands: name and mapping. The store's map is its file, which tests read as a file."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            memory.seek(mapping.start)
            try:
                data = memory.read(mapping.end - mapping.start)
            except OSError:
                continue  # gone meanwhile, or not there although it can be read
            found += [(name, mapping) for name, octets in secrets.items() if octets in data]
    return found


def program(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/comm") as comm:
        return comm.read().strip()


def children(pid):
    """All below it, of all generations."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it died meanwhile
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *children(child)]
    return found
