"""What an ended Docker Engine leaves on the host, docker0, rules, switches, files, and how it is taken away."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from typing import NamedTuple

from netkit.dockerd import rootlesskit
from netkit.dockerd.daemon import DATA, SOCKET
from netkit.lab.namespaces import host
from netkit.linux import sysctls
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import run
from netkit.sandbox import system

_SWITCHES = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.forwarding",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
)
"""What an Engine switches on the host; those that a kernel lacks are left out."""

_FILES = (DATA, "/run/docker", SOCKET, "/run/docker.pid", "/run/containerd", "/run/runc", rootlesskit.FOLDER)
_OWN_RULES = re.compile("docker", re.IGNORECASE)
"""In every rule that the Engine makes for its first bridge: the name of a chain, or that of docker0."""

_TOOLS = ("iptables", "ip6tables")
_FORWARD = re.compile(r"^:FORWARD (\w+)", re.MULTILINE)
_OWN_TABLE = " docker-bridges"
_TABLE, _CHAIN = (
    re.compile(r"^table (.+)$", re.MULTILINE),
    re.compile(r"chain .*\{\n(?:\s+type .* policy accept;\n)?\s+\}"),
)


class Before(NamedTuple):
    """What the Engine changes on the host when it starts.

    Attributes:
        switches: the host's sysctls by name.
        policies: by tool, "ACCEPT" or "DROP": what became of passing packets that no rule matched.
        tables: what `nft list tables` says there are, "ip filter".
    """

    switches: dict[str, str]
    policies: dict[str, str]
    tables: frozenset[str]


def before() -> Before:
    """How the host is now."""
    found = {name: sysctls.value(HOST_PATH, name.replace(".", "/")) for name in _SWITCHES}
    switches = {name: value for name, value in found.items() if value is not None}
    return Before(switches, {tool: _policy(_host_rules(tool)) for tool in _TOOLS}, frozenset(_tables()))


def remove(earlier: Before) -> None:
    """Take away what an Engine left that has ended: docker0, its rules and chains, its files.

    Args:
        earlier: how the host was before it started.
    """
    if "docker0" in host:
        host["docker0"].delete()
    for tool in earlier.policies:
        if _OWN_RULES.search(_host_rules(tool)):
            host.run(f"{tool}-save | grep -v -i docker | {tool}-restore")
    now = before()
    for tool, policy in earlier.policies.items():
        if now.policies[tool] != policy:
            host.run(f"{tool} -P FORWARD {policy}")
    for table in sorted(now.tables - earlier.tables):
        if table.endswith(_OWN_TABLE) or _empty(table):
            host.run(f"nft delete table {table}")
    for name, value in earlier.switches.items():
        if now.switches[name] != value:
            host.sysctl(name, value)
    _remove_files()


def _host_rules(tool: str) -> str:
    """The host's rules of every table, as iptables-save or ip6tables-save writes them; none of one that cannot."""
    return run(HOST_PATH, [f"{tool}-save"]).stdout


def _tables() -> list[str]:
    return _TABLE.findall(run(HOST_PATH, ["nft", "list", "tables"]).stdout)


def _empty(table: str) -> bool:
    """Whether a table has chains at most, and each lets everything pass."""
    listed = run(HOST_PATH, ["nft", "list", "table", *table.split()]).stdout
    return not _CHAIN.sub("", listed).partition("{")[2].strip("} \t\n")


def _policy(saved: str) -> str:
    """What becomes of passing packets that no rule matches: a table that nobody has looked at yet lets them pass."""
    found = _FORWARD.search(saved)
    return found[1] if found else "ACCEPT"


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
