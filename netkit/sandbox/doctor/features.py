"""What lessons need, tried out in a sandbox: veth, bridge, iptables, nft, vxlan, macvlan, tc, tcpdump, dockerd.

`python -m netkit.sandbox.doctor.features` prints one JSON object, which `doctor` reads outside.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from netkit.sandbox import filesystem
from netkit.sandbox.doctor import containers
from netkit.sandbox.problems import UML, Cure
from netkit.sandbox.programs import PACKAGES

_KERNEL_LACKS = ("Unknown device type", "qdisc kind is unknown", "not supported")
_SECONDS = 10.0
"""After which a command has failed: User-Mode Linux starts programs slowly."""

_SECONDS_OF_THE_ENGINE = 90.0

WORKS = Cure("")


class Feature(NamedTuple):
    """One thing that lessons use.

    Attributes:
        name: what it is called.
        commands: what shows that it works; each is tried in turn and has to succeed.
        needed: whether most lessons need it.
        module: the module of the kernel that has it, if a machine may have to load it by hand.
        lost: what a learner has to do without, where it is missing.
        probe: shows it where commands would be a long way round; it returns WORKS or why not.
    """

    name: str
    commands: tuple[str, ...]
    needed: bool = False
    module: str = ""
    lost: str = "lessons that use it say so"
    probe: Callable[[], Cure] = lambda: WORKS


def _engine() -> Cure:
    """Start dockerd, let it say its version, and end it, in a process of its own."""
    if found := containers.obstacle():
        return Cure(found.reason, found.remedy)
    command = [sys.executable, "-P", "-m", "netkit.dockerd.trial"]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_OF_THE_ENGINE, check=False)
    except subprocess.TimeoutExpired:
        return Cure(f"dockerd did not start within {_SECONDS_OF_THE_ENGINE:g} s", "Go on with nk.Docker()")
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or ["it was killed"])[-1]
        return Cure(f"dockerd cannot be tried: {last}", "Please report this as a fault of netkit")
    said = json.loads(tried.stdout.splitlines()[-1])
    return WORKS if "version" in said else Cure(said["reason"], said["remedy"])


_PINGS = "ping -q -i 0.1 -w 5 127.0.0.1 >/dev/null 2>&1 &"
"""Traffic in the background of a command, which nobody waits for: it has none of its descriptors."""

_TRACED = (
    "nft add table inet nk-trace",
    "nft 'add chain inet nk-trace out { type filter hook output priority -350; }'",
    "nft add rule inet nk-trace out meta nftrace set 1",
    # It writes while pings come, and ends when it writes and its reader has ended.
    f"sh -c '{_PINGS} nft monitor trace | grep -q -m 1 nk-trace'",
    "nft delete table inet nk-trace",
)

FEATURES = (
    Feature("named namespaces", ("ip netns add nk-probe", "ip netns exec nk-probe ip link set lo up"), needed=True),
    Feature("bridge", ("ip link add nk-bridge type bridge",), needed=True, module="bridge"),
    Feature("veth pair", ("ip link add nk-left type veth peer name nk-right",), needed=True, module="veth"),
    Feature("ping", ("ping -c 1 -W 2 127.0.0.1",), needed=True),
    Feature("iptables, NAT", ("iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE",), needed=True),
    Feature(
        "bridged packets in iptables",
        ("test -e /proc/sys/net/bridge/bridge-nf-call-iptables",),
        module="br_netfilter",
        lost="notebook 04 needs it; the machine's own bridges then pass iptables as well, until "
        "'sudo modprobe -r br_netfilter'",
    ),
    Feature("nftables", ("nft add table inet nk-probe",), module="nf_tables"),
    Feature(
        "nft trace",
        _TRACED,
        module="nf_tables",
        lost="nk.xray then traces by the older iptables, where that is",
    ),
    Feature("vxlan", ("ip link add nk-vxlan type vxlan id 42 dstport 4789 dev lo",), module="vxlan"),
    Feature(
        "macvlan",
        ("ip link add nk-a type veth peer name nk-b", "ip link add nk-macvlan link nk-a type macvlan"),
        module="macvlan",
    ),
    Feature("dummy", ("ip link add nk-dummy type dummy",), module="dummy"),
    Feature(
        "vlan",
        ("ip link add nk-c type veth peer name nk-d", "ip link add link nk-c name nk-vlan type vlan id 7"),
        module="8021q",
    ),
    Feature("netem (delay, loss)", ("tc qdisc replace dev lo root netem delay 1ms",), module="sch_netem"),
    Feature(
        "tbf (bandwidth)", ("tc qdisc replace dev lo root tbf rate 1gbit burst 1m latency 50ms",), module="sch_tbf"
    ),
    Feature("conntrack", ("conntrack -L",)),
    Feature("tcpdump", (f"sh -c '{_PINGS} exec tcpdump --immediate-mode -i lo -c 1'",)),
    Feature("Docker Engine (nk.engine)", (), probe=_engine),
)


def examine(feature: Feature) -> Cure:
    """Try a feature out.

    Args:
        feature: which one.

    Returns:
        WORKS, or what is missing and what to do.
    """
    for command in feature.commands:
        words = shlex.split(command)
        named = set(re.findall(r"\w+", command))
        if absent := [name for name in PACKAGES if name in named and not shutil.which(name)]:
            package = PACKAGES[absent[0]]
            remedy = f"Install it, on Debian and Ubuntu with the package {package}"
            return Cure(f"the program '{absent[0]}' is not installed", remedy, f"sudo apt install {package}")
        try:
            tried = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return Cure(f"'{command}' did not end within {_SECONDS:g} s", "Try again when less is going on")
        if tried.returncode:
            return _explained(feature, command, tried.stderr)
    return feature.probe()


def _explained(feature: Feature, command: str, error: str) -> Cure:
    reason = next((line for line in error.splitlines() if line.strip()), "nothing").strip()
    lacking = any(words in error for words in _KERNEL_LACKS) or command.startswith("test -e")
    if not (feature.module and lacking):
        said = f"'{command}' says: {reason}" if "'" not in command else reason
        return Cure(said, f"Go on without: {feature.lost}")
    if filesystem.world() == UML:
        return Cure(f"the kernel of User-Mode Linux has no '{feature.module}'", f"Go on without: {feature.lost}")
    remedy = f"Load it, if the machine has it as a module; {feature.lost}"
    return Cure(
        f"this kernel has no '{feature.module}', or has not loaded it", remedy, f"sudo modprobe {feature.module}"
    )


if __name__ == "__main__":
    tried = [{"name": f.name, "needed": f.needed, **examine(f)._asdict()} for f in FEATURES]
    json.dump({"features": tried}, sys.stdout)
