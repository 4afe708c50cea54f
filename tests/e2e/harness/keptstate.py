"""What `sealadm init` and the keys of users come to, kept in the build folder: an RSA key takes seconds on a slow machine, and each site has some."""
import contextlib
import os
import pwd
import shutil
import tempfile

from .lab import run

FILES = ("store.mdb", "master.key")


def place(build, users):
    """Of the state that this build's sealadm makes for these users."""
    made_by = (build / "cli/sealadm").stat().st_mtime_ns
    return build / "test-keys" / "-".join(("site", str(made_by), *users))


def take(kept, state, owner):
    user = pwd.getpwnam(owner)
    state.mkdir()
    state.chmod(0o711)
    os.chown(state, user.pw_uid, user.pw_gid)
    copy(kept, state)


def keep(state, kept):
    """Whole or not at all, also when several programs do it at the same time."""
    kept.parent.mkdir(exist_ok=True)
    new = tempfile.mkdtemp(dir=kept.parent)
    copy(state, new)
    with contextlib.suppress(OSError):
        os.rename(new, kept)
    shutil.rmtree(new, ignore_errors=True)


def copy(source, target):
    run("cp", "-a", *[source / name for name in FILES], target)
