"""What the tree promises about itself and a compiler does not check. Each gate gives a list of complaints about a tree."""
import pathlib
import re
import shlex
import subprocess

SOURCES = ("lib", "policy", "gate", "milter", "cli", "keyd")

FUNCTION_MAX = 80
FILE_MAX = 600

# Beyond the order of layers.txt: folders that may include these only, or never those.
ONLY = {"policy": {"policy", "lib/base", "lib/model", "lib/conf"},
        "keyd": {"keyd", "lib/base", "lib/log", "lib/proc", "lib/conf", "lib/token"}}
NEVER = {"lib/xform": {"lib/store", "lib/directory"}, "lib/directory": {"lib/store"}}

# A foreign library's header: where it may appear, as path prefixes.
FOREIGN = {r"(lmdb|cbor)\b": ("lib/store/",),
           r"libmilter/": ("milter/",),
           r"glib\b": ("lib/mime/leaf.c",),
           r"gpgme\b": ("lib/openpgp/",),
           r"curl/": ("lib/fetch/",),
           r"p11-kit/": ("lib/token/",),
           r"openssl/": ("lib/smime/", "lib/token/", "lib/base/hash.c"),
           r"(ldap|lber|openldap)\b": ("lib/directory/",),
           r"zlib\.h": ("lib/smime/decompress.c",),
           r"seccomp\.h": ("keyd/sandbox",)}

# Calls that have no place: pattern, folders where it is right all the same, reason.
FORBIDDEN = (
    (r"\b(system|popen|wordexp|execl|execlp|execvp|posix_spawnp)\s*\(", (), "no shell, no PATH (R36)"),
    (r"\b(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|alloca)\s*\(", (), "unbounded or unchecked"),
    (r"\bPKCS7_[a-z]\w*\s*\(", ("lib/smime/import",), "CMS_* only (R34)"),
    (r"\bCMS_DEBUG_DECRYPT\b", (), "makes an oracle (R18)"),
    (r"\b(time|clock_gettime|gettimeofday)\s*\(", ("lib/token/spin.c", "lib/token/lines.c", "lib/token/pkcs11_module.c", "milter/", "cli/", "keyd/"), "now is an argument"),
    (r"\b(syslog|openlog|perror|printf|puts|exit|_exit)\s*\(|\bstderr\b",
     ("milter/", "cli/", "keyd/", "lib/log/", "lib/proc/"),
     "lib/, policy/ and gate/ neither log nor exit"),
    (r"\bgetenv\s*\(", ("lib/base/io.c", "milter/", "cli/", "keyd/"), "the environment is not read"),
)
MARKS = r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented"


def c_files(root, folders=SOURCES, suffixes=(".c", ".h")):
    return sorted(p for folder in folders for p in (root / folder).rglob("*") if p.suffix in suffixes)


def name(root, path):
    return path.relative_to(root).as_posix()


def without_comments(text):
    """Comments and string literals blanked, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def includes(root, path):
    for number, line in enumerate(path.read_text().split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def layers(root):
    order = (root / "contrib/tools/layers.txt").read_text().split()
    rank = {folder: i for i, folder in enumerate(order)}
    found = []
    for path in c_files(root):
        folder = name(root, path.parent)
        if folder not in rank:
            found.append(f"{name(root, path)}: {folder} has no place in layers.txt")
            continue
        for number, ours, target in includes(root, path):
            if not ours:
                continue
            at = target.rsplit("/", 1)[0]
            at = at if at in rank else "lib/" + at
            if at not in rank:
                found.append(f"{name(root, path)}:{number}: {target} is included without its folder")
            elif rank[at] > rank[folder] or at not in ONLY.get(folder, {at}) or at in NEVER.get(folder, ()):
                found.append(f"{name(root, path)}:{number}: {folder} must not include {at}")
    return found


def foreign(root):
    found = []
    for path in c_files(root):
        for number, ours, target in includes(root, path):
            for pattern, places in FOREIGN.items():
                if not ours and re.match(pattern, target) and not name(root, path).startswith(places):
                    found.append(f"{name(root, path)}:{number}: <{target}> belongs into {' or '.join(places)}")
    return found


def functions(text):
    """(first line, lines) of each function: our style opens and closes one with a brace in column 0."""
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def lengths(root):
    found = []
    for path in c_files(root, SOURCES + ("tests",)):
        text = path.read_text()
        if text.count("\n") > FILE_MAX:
            found.append(f"{name(root, path)}: {text.count(chr(10))} lines, {FILE_MAX} are allowed")
        if name(root, path).startswith("tests/"):
            continue  # a table of cases may be long
        found += [f"{name(root, path)}:{start}: a function of {n} lines, {FUNCTION_MAX} are allowed"
                  for start, n in functions(text) if n > FUNCTION_MAX]
    return found


def forbidden(root):
    found = []
    for path in c_files(root):
        for number, line in enumerate(without_comments(path.read_text()).split("\n"), 1):
            for pattern, places, reason in FORBIDDEN:
                match = re.search(pattern, line)
                if match and not (places and name(root, path).startswith(places)):
                    found.append(f"{name(root, path)}:{number}: {match.group().strip()}: {reason}")
    return found


def marks(root):
    texts = c_files(root, SOURCES + ("tests",))
    texts += [p for folder in ("contrib", "cmake", ".ci") for p in (root / folder).rglob("*") if p.is_file()]
    return [f"{name(root, path)}:{number}: {line.strip()}"
            for path in texts for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1)
            if re.search(MARKS, line) and "no TODO" not in line]


def headers(root):
    """Each header compiles when it is the first thing included, twice."""
    packages = "libcrypto glib-2.0 lmdb libcbor p11-kit-1"
    flags = subprocess.run(["pkg-config", "--cflags", *packages.split()], capture_output=True, text=True, check=True)
    found = []
    for path in c_files(root, suffixes=(".h",)):
        command = ["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
                   f"-I{root}", f"-I{root}/lib", *shlex.split(flags.stdout), "-fsyntax-only", "-xc", "-"]
        text = f'#include "{path}"\n#include "{path}"\n'
        result = subprocess.run(command, input=text, capture_output=True, text=True)
        if result.returncode != 0:
            found.append(f"{name(root, path)}: does not compile alone:\n{result.stderr}")
    return found


def layout(root):
    files = [str(path) for path in c_files(root, SOURCES + ("tests",))]
    result = subprocess.run(["clang-format", "--dry-run", *files], capture_output=True, text=True, check=True)
    wrong = dict.fromkeys(line.split(":")[0] for line in result.stderr.split("\n") if ": warning:" in line)
    return [f"{name(root, pathlib.Path(path))}: clang-format -i changes it" for path in wrong]


def manuals(root):
    found = []
    for path in sorted(p for folder in SOURCES for p in (root / folder).rglob("*.[1-8]")):
        result = subprocess.run(["mandoc", "-Tlint", str(path)], capture_output=True, text=True)
        # Which manuals are installed here is not the page's fault.
        found += [line for line in result.stdout.split("\n") if line and "referenced manual not found" not in line]
    return found


# Who logs, and where what he logs is said.
PAGES = {"milter": "milter/sealmilter.8", "keyd": "keyd/sealkeyd.8"}
EVENTS = (r"\blog_event\([^,]+,[^,]+,([^,]+),", r"\blog_error\([^,]+,([^,]+),", r"\blog_pid\(([^,]+),", r"\baudit_begin\(([^;]+);",
          r"\[WIRE_\w+\] = \{([^,]+),", r"\bremember\(store, effect,([^,]+),")


def events(root):
    """Each event that a program logs is said in its manual, and no other."""
    found = []
    for folder, page in PAGES.items():
        code = "".join(path.read_text() for path in c_files(root, (folder,), (".c",)))
        written = {event for pattern in EVENTS for match in re.findall(pattern, code) for event in re.findall(r'"([a-z-]+)"', match)}
        text = (root / page).read_text() if (root / page).exists() else ""
        said = {event for line in re.findall(r"(?m)^\.It Cm event Ns = Ns Cm (.*)", text) for event in re.findall(r"[a-z-]+", line)}
        found += [f"{page}: event={event} is logged, and not said" for event in sorted(written - said)]
        found += [f"{page}: event={event} is said, and not logged" for event in sorted(said - written)]
    return found


def scripts(root):
    """Shell scripts parse; what a shell would take for a mistake later is found now."""
    found = []
    for path in sorted(p for folder in ("contrib", ".ci", "tests") for p in (root / folder).rglob("*") if p.is_file()):
        if path.read_bytes().startswith(b"#!/bin/sh"):
            result = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True)
            found += [line for line in result.stderr.split("\n") if line]
    return found
