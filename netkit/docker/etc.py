"""The texts of a container's /etc/hosts and /etc/resolv.conf, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HOSTS = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
EMBEDDED_DNS = "nameserver 127.0.0.11\noptions ndots:0\n"
"""The resolv.conf of the containers of user-defined networks: where they ask for names (resolv.conf(5))."""


def resolv(servers: Sequence[str]) -> str:
    """A resolv.conf that names the servers to ask; the machine's own where none is given."""
    return "".join(f"nameserver {server}\n" for server in servers) or machines().resolv


class Files(NamedTuple):
    """The texts of the two files."""

    hosts: str
    resolv: str

    def with_lines(self, added: Iterable[tuple[str, str]]) -> Files:
        """The same with further names, in front of the container's own.

        Args:
            added: (name, address).
        """
        lines = "".join(line(address, name) for name, address in added)
        usual, own = self.hosts[: len(_HOSTS)], self.hosts[len(_HOSTS) :]
        return self._replace(hosts=usual + lines + own if usual == _HOSTS else self.hosts + lines)

    def write(self, directory: str) -> None:
        """Write them where a container gets its own from.

        Args:
            directory: that there is.
        """
        Path(directory, "hosts").write_text(self.hosts, encoding="utf-8")
        Path(directory, "resolv.conf").write_text(self.resolv, encoding="utf-8")


def hosts(*lines: str) -> str:
    """A container's /etc/hosts: the usual lines, and its own (hosts(5))."""
    return _HOSTS + "".join(lines)


def line(address: str, *names: str) -> str:
    """A line of /etc/hosts: an address, and its names, each once."""
    return f"{address}\t{' '.join(dict.fromkeys(names))}\n"


def machines() -> Files:
    """The machine's own files."""
    return Files(_read("/etc/hosts"), _read("/etc/resolv.conf"))


def of(directory: str) -> Files:
    """The files of the container whose network is shared: its names belong to its network.

    Args:
        directory: where that container's files are.
    """
    return Files(_read(f"{directory}/hosts"), _read(f"{directory}/resolv.conf"))


def _read(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
