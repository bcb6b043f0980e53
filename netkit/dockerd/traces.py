"""What a Docker Engine leaves in the host's network when it ends, and how the sandbox becomes as it was before."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from typing import NamedTuple

from netkit.dockerd.daemon import DATA, SOCKET
from netkit.lab.namespaces import host
from netkit.linux import sysctls
from netkit.linux.acts.nat import iptables
from netkit.linux.entering import HOST_PATH
from netkit.sandbox import system

_FORWARDING = "net.ipv4.ip_forward"
_FILES = (DATA, "/run/docker", SOCKET, "/run/docker.pid", "/run/containerd")
_OWN_RULES = re.compile("docker", re.IGNORECASE)
"""In every rule that the Engine makes for its first bridge: the name of a chain, or that of docker0."""


class Before(NamedTuple):
    """What the Engine changes on the host when it starts.

    Attributes:
        forwarding: "1" if the host passed packets on.
        policy: "ACCEPT" or "DROP": what became of passing packets that no rule matched.
    """

    forwarding: str
    policy: str


def before() -> Before:
    """How the host is now."""
    policy = iptables(HOST_PATH, ["-S", "FORWARD"]).split()[2]
    return Before(sysctls.read(HOST_PATH, _FORWARDING), policy)


def remove(earlier: Before) -> None:
    """Take away what an Engine left that has ended: docker0, its rules and chains, its files.

    Args:
        earlier: how the host was before it started.
    """
    if "docker0" in host:
        host["docker0"].delete()
    if _OWN_RULES.search(host_rules()):
        host.run("iptables-save | grep -v -i docker | iptables-restore")
    now = before()
    if now.policy != earlier.policy:
        host.set_policy("FORWARD", earlier.policy)
    if now.forwarding != earlier.forwarding:
        host.sysctl(_FORWARDING, earlier.forwarding)
    _remove_files()


def host_rules() -> str:
    """The host's rules of the two tables that the Engine uses, as iptables writes them."""
    return iptables(HOST_PATH, ["-S"]) + iptables(HOST_PATH, ["-t", "nat", "-S"])


def _remove_files() -> None:
    for place in sorted(_mounts(), reverse=True):
        system.unmount(place, system.DETACH)
    for path in _FILES:
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            with suppress(FileNotFoundError):
                os.unlink(path)


def _mounts() -> list[str]:
    """Where something is mounted at or below its files (proc_pid_mountinfo(5))."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        places = [line.split()[4] for line in lines]
    return [place for place in places if any(f"{place}/".startswith(f"{path}/") for path in _FILES)]
