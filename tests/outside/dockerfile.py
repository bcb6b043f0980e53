"""Carries out a Dockerfile's steps on a directory tree, without Docker: the instructions that this project's has.

The tree is Debian's, made by mmdebstrap(1) from wherever this machine's own packages come from.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.project import ROOT, files

SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Docker's own default."""
RELEASES = {"debian:12-slim": "bookworm"}

_IN_TREE = f"""
mount -n --make-rprivate /
mount -n --bind "$TREE" "$TREE"
cd "$TREE"
mount -n -t proc proc proc
mount -n --rbind /dev dev
mount -n --bind /etc/resolv.conf etc/resolv.conf
touch mnt/certificates
mount -n --bind {CERTIFICATES} mnt/certificates
exec chroot --userspec="$OWNER" . env -i "$@"
"""
"""Runs a command with the tree as its root; the mounts end with it."""


def is_possible() -> bool:
    """Whether root may make such a tree here, with packages of the release that the Dockerfile begins with."""
    named = SOURCES.read_text(encoding="utf-8") if SOURCES.exists() else ""
    return (
        os.geteuid() == 0 and shutil.which("mmdebstrap") is not None and all(map(named.__contains__, RELEASES.values()))
    )


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with what follows it, lines joined and comments left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


@dataclass
class Image:
    """What a Dockerfile makes: a tree and how a container of it starts.

    Attributes:
        tree: the root of its files.
        arguments: of the build.
        environment: variables.
        user: its number, "0" for root.
        directory: where a command starts.
        entrypoint: the command in front of every other.
        command: what runs unless told otherwise.
        ports: that it serves.
    """

    tree: Path
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    user: str = "0"
    directory: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)

    def build(self, text: str) -> None:
        """Carry out the instructions of a Dockerfile, one after the other."""
        for word, rest in instructions(text):
            self.follow(word, rest)

    def follow(self, word: str, rest: str) -> None:
        """Carry out one instruction."""
        getattr(self, f"_{word.lower()}")(rest)

    def run(self, *words: str) -> None:
        """Run a command in the tree as the user; what it says is seen.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        settings = {"PIP_CERT": "/mnt/certificates", **self.arguments, **self.environment}
        given = [f"{name}={value}" for name, value in settings.items()]
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _IN_TREE, "sh"]
        place = ["sh", "-c", 'cd "$0" && exec "$@"', self.directory]
        subprocess.run(
            [*enter, *given, *place, *words],
            env={**os.environ, "TREE": str(self.tree), "OWNER": f"{self.user}:{self.user}"},
            stdin=subprocess.DEVNULL,
            check=True,
        )

    @property
    def changes(self) -> list[str]:
        """What `docker import --change` writes into an image's description."""
        variables = [f"ENV {name}={value}" for name, value in self.environment.items()]
        listed = [f"ENTRYPOINT {json.dumps(self.entrypoint)}", f"CMD {json.dumps(self.command)}"]
        return [*variables, f"USER {self.user}", f"WORKDIR {self.directory}", *listed]

    def _filled(self, text: str) -> str:
        known = {**self.arguments, **self.environment}
        return re.sub(r"\$\{(\w+)\}", lambda found: known[found[1]], text)

    def _from(self, name: str) -> None:
        command = ["mmdebstrap", "--quiet", "--variant=minbase", RELEASES[name], str(self.tree), str(SOURCES)]
        slim = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
        # Its mount(8) keeps a list in /run, which shall be its own.
        apart = ["unshare", "--mount", "sh", "-c", 'mount -n -t tmpfs tmpfs /run && exec "$@"', "sh"]
        subprocess.run([*apart, *command, *slim], check=True)

    def _arg(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        self.arguments.setdefault(name, value)

    def _env(self, rest: str) -> None:
        self.environment |= dict(pair.split("=", 1) for pair in shlex.split(self._filled(rest)))

    def _copy(self, rest: str) -> None:
        source, target = rest.split()
        assert source == ".", "only the whole context is copied"
        for path in files():
            place = self.tree / target.lstrip("/") / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, place, follow_symlinks=False)

    def _run(self, rest: str) -> None:
        self.run("/bin/sh", "-c", rest)

    def _user(self, rest: str) -> None:
        self.user = self._filled(rest)

    def _workdir(self, rest: str) -> None:
        self.directory = self._filled(rest)

    def _expose(self, rest: str) -> None:
        self.ports += rest.split()

    def _healthcheck(self, rest: str) -> None:
        """Docker's own concern: it looks after a container that runs."""

    def _entrypoint(self, rest: str) -> None:
        self.entrypoint = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)
