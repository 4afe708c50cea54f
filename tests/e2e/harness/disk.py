"""A small disk that can be full."""
import os
import pwd

from .lab import run


class Disk:
    """path belongs to the owner; the rest of the lab's folder does not see what happens to it."""

    def __init__(self, lab, name, size, owner):
        self.name, self.path, self._size, self._owner = name, lab.folder(name), size, pwd.getpwnam(owner)
        self._filler = self.path / "filler"

    def start(self):
        run("mount", "-t", "tmpfs", "-o", f"size={self._size},mode=755,uid={self._owner.pw_uid},gid={self._owner.pw_gid}",
            "tmpfs", self.path)

    def stop(self):
        run("umount", "-l", self.path)

    def fill(self):
        with open(self._filler, "wb") as f:
            disk = os.statvfs(self.path)
            os.posix_fallocate(f.fileno(), 0, disk.f_bavail * disk.f_frsize)

    def free(self):
        self._filler.unlink()
