"""The files that a container sees as /etc/hosts and /etc/resolv.conf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.docker.container import Container
    from netkit.docker.network import Network

_HOSTS = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
EMBEDDED_DNS = "127.0.0.11"
"""Where the containers of user-defined networks ask for names."""


def hosts(container: Container, linked: dict[str, Container]) -> str:
    """A container's /etc/hosts: the usual lines, one for each link, and one for itself (hosts(5)).

    Args:
        container: a new one, which has its address already.
        linked: the containers that it links to, by alias.
    """
    if container.network == "host":
        return _read("/etc/hosts")
    lines = [_line(other, alias) for alias, other in linked.items()]
    own = [f"{container.address}\t{container.hostname}\n"] if container.address else []
    return _HOSTS + "".join(lines + own)


def _line(other: Container, alias: str) -> str:
    """The line of a link: address, alias, id, and the name where it is another."""
    words = dict.fromkeys((alias, other.id[:12], other.name))
    return f"{other.address}\t{' '.join(words)}\n"


def resolv(net: Network | None) -> str:
    """A container's /etc/resolv.conf: the embedded DNS on a user-defined network, else the machine's own."""
    if net is not None and net.knows_names:
        return f"nameserver {EMBEDDED_DNS}\noptions ndots:0\n"
    return _read("/etc/resolv.conf")


def of(other: Container) -> tuple[str, str]:
    """The files of the container whose network is shared: its names belong to its network."""
    return _read(f"{other.directory}/hosts"), _read(f"{other.directory}/resolv.conf")


def _read(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
