"""What the kernel and the installed programs can do, tried out inside a sandbox: `python -m netkit.sandbox.features`.

It prints one JSON list, which `doctor` reads outside.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from netkit.sandbox import containers

_PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "ping": "iputils-ping",
    "conntrack": "conntrack",
    "tcpdump": "tcpdump",
}
_KERNEL_LACKS = ("Unknown device type", "qdisc kind is unknown", "not supported")


class Feature(NamedTuple):
    """One thing that lessons use.

    Attributes:
        name: what it is called.
        commands: what shows that it works; each is tried in turn and has to succeed.
        needed: whether most lessons need it.
        remedy: what to do when it is missing, where the command's own complaint does not tell.
        probe: shows it where commands would be a long way round; it returns what `examine` does.
    """

    name: str
    commands: tuple[str, ...]
    needed: bool = False
    remedy: str = ""
    probe: Callable[[], str] = str


FEATURES = (
    Feature("named namespaces", ("ip netns add nk-probe", "ip netns exec nk-probe ip link set lo up"), needed=True),
    Feature("bridge", ("ip link add nk-bridge type bridge",), needed=True),
    Feature("veth pair", ("ip link add nk-left type veth peer name nk-right",), needed=True),
    Feature("ping", ("ping -c 1 -W 2 127.0.0.1",), needed=True),
    Feature("iptables, NAT", ("iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE",), needed=True),
    Feature(
        "bridged packets in iptables (notebook 04)",
        ("test -e /proc/sys/net/bridge/bridge-nf-call-iptables",),
        remedy="the machine has not loaded br_netfilter: 'sudo modprobe br_netfilter' does; its own bridges then pass "
        "iptables as well, until 'sudo modprobe -r br_netfilter'",
    ),
    Feature("nftables", ("nft add table inet nk-probe",)),
    Feature("vxlan", ("ip link add nk-vxlan type vxlan id 42 dstport 4789 dev lo",)),
    Feature("dummy", ("ip link add nk-dummy type dummy",)),
    Feature(
        "vlan",
        ("ip link add nk-left2 type veth peer name nk-right2", "ip link add link nk-left2 name nk-vlan type vlan id 7"),
    ),
    Feature("netem", ("tc qdisc add dev lo root netem delay 1ms",)),
    Feature("conntrack", ("conntrack -L",)),
    Feature("tcpdump", ("sh -c 'ping -q -i 0.1 -w 3 127.0.0.1 & exec tcpdump -i lo -c 1'",)),
    Feature("Docker Engine, by nk.engine()", (), probe=containers.missing),
)


def examine(feature: Feature) -> str:
    """Try a feature out.

    Args:
        feature: which one.

    Returns:
        Nothing if it works, else what is missing and what to do.
    """
    for command in feature.commands:
        words = shlex.split(command)
        if absent := [name for name in _PACKAGES if name in command.split() and not shutil.which(name)]:
            return f"'{absent[0]}' is not installed: 'apt install {_PACKAGES[absent[0]]}'"
        try:
            tried = subprocess.run(words, capture_output=True, text=True, timeout=5, check=False)
        except subprocess.TimeoutExpired:
            return f"'{command}' did not end within 5 s"
        if tried.returncode:
            return feature.remedy or _explained(feature, command, tried.stderr)
    return feature.probe()


def _explained(feature: Feature, command: str, error: str) -> str:
    reason = (error.strip().splitlines() or ["nothing"])[-1]
    if any(words in reason for words in _KERNEL_LACKS):
        return (
            f"this kernel has no '{feature.name}'; the lessons that use it say so, most distributions' kernels have it"
        )
    return f"'{command}' says: {reason}"


if __name__ == "__main__":
    json.dump([[feature.name, feature.needed, examine(feature)] for feature in FEATURES], sys.stdout)
