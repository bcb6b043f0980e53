"""Which Docker Engine is meant: the machine's own, or one in a tree or a folder that NETKIT_DOCKERD names."""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

CHOICE = "NETKIT_DOCKERD"
"""The variable that names another Engine than the one in PATH: its dockerd, or the folder or tree that holds it."""

OLDEST = (20, 10)
"""The oldest Engine whose start is known here."""

_PLACES = ("", "usr/bin/dockerd", "usr/sbin/dockerd", "dockerd")
_BELOW = ("usr/bin", "usr/sbin", "bin", "sbin")
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION = re.compile(r"version (\d+)\.(\d+)\.(\d+)")
_SECONDS = 20.0


class Engine(NamedTuple):
    """Where an Engine's programs are.

    Attributes:
        dockerd: the file, as this process sees it; "" if there is none.
        root: the root of the tree whose C library, iptables and client it uses; "/" for the machine's own.
        folder: the folder that comes first in PATH for it, "" for none: programs that need no library.
    """

    dockerd: str
    root: str = "/"
    folder: str = ""

    def words(self, *command: str) -> list[str]:
        """A command as it is typed on the sandbox's host, so that the Engine's own programs do it."""
        if self.root != "/":
            return ["chroot", self.root, "env", _PATH, *command]
        return (
            ["env", f"PATH={self.folder}:{os.environ.get('PATH', os.defpath)}", *command] if self.folder else [*command]
        )

    def has(self, program: str) -> bool:
        """Whether it has a program."""
        if self.root != "/":
            return any(os.access(os.path.join(self.root, folder, program), os.X_OK) for folder in _BELOW)
        return shutil.which(program, path=self._path) is not None

    @property
    def _path(self) -> str:
        """PATH, with its own folder in front."""
        return f"{self.folder}:{os.environ.get('PATH', os.defpath)}"

    def version(self) -> tuple[int, int, int] | None:
        """What `dockerd --version` says; None if it cannot be asked."""
        try:
            asked = self.words("dockerd", "--version")
            said = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = _VERSION.search(said)
        return (int(found[1]), int(found[2]), int(found[3])) if found else None


def chosen() -> Engine:
    """The Engine that is meant: what NETKIT_DOCKERD names, else the one in PATH."""
    named = os.environ.get(CHOICE, "")
    if not named:
        return Engine(shutil.which("dockerd") or "")
    places = (os.path.join(named, place) if place else named for place in _PLACES)
    dockerd = next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), "")
    if not dockerd:
        return Engine("")
    dockerd = os.path.abspath(dockerd)
    root = _root(dockerd)
    return Engine(dockerd, root) if root else Engine(dockerd, folder=os.path.dirname(dockerd))


def _root(dockerd: str) -> str:
    """The root of a tree with a shell of its own that a program lies in; "" if it lies in none but the machine's."""
    for below in ("/usr/bin/dockerd", "/usr/sbin/dockerd"):
        root = dockerd.removesuffix(below)
        if root and root != dockerd and os.path.exists(os.path.join(root, "usr/bin/sh")):
            return root
    return ""
