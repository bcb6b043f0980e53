"""Builds hosts on one bridge in four ways, once each call, inside a sandbox; `build.py` calls it.

    netkit run -- python benchmarks/hosts.py WAY N

Every way leads to the same: N namespaces h0, h1 …, each with lo up and an interface with an address, cabled to
a port of one bridge, all up; the bridge last, so that no port floods the others while they are made.  What is
timed begins with the first act and ends with the last; what `import` loads is there already, in netkit's case as
in Mininet's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

SECONDS_TO_VANISH = 60.0


def address(number: int) -> str:
    """Of one host, with its prefix length."""
    return f"10.0.{number // 250}.{number % 250 + 1}/16"


def netkit_way(count: int) -> None:
    """The public handles, as a learner uses them; the first act loads what talks to the kernel."""
    import netkit as nk

    bridge = nk.Bridge("sw0")
    for number in range(count):
        host = nk.Namespace(f"h{number}")
        port, eth0 = nk.veth(f"v{number}", "eth0", peer_namespace=host)
        bridge.attach(port)
        eth0.add_address(address(number))
        port.up()
        eth0.up()
        host["lo"].up()
    bridge.up()


def shell_script(count: int) -> str:
    """One `ip` process for each step, as a tutorial shows it."""
    lines = ["set -e", "ip link add sw0 type bridge"]
    for number in range(count):
        lines += [
            f"ip netns add h{number}",
            f"ip link add v{number} type veth peer name eth0 netns h{number}",
            f"ip link set dev v{number} master sw0",
            f"ip -n h{number} addr add {address(number)} dev eth0",
            f"ip link set dev v{number} up",
            f"ip -n h{number} link set dev eth0 up",
            f"ip -n h{number} link set dev lo up",
        ]
    return "\n".join([*lines, "ip link set dev sw0 up"])


def shell_way(count: int) -> None:
    subprocess.run(["sh"], input=shell_script(count), text=True, check=True)


def batch_way(count: int) -> None:
    """`ip -batch` at its best: all of the host's steps in one process, then one process for each namespace."""
    lines = ["link add sw0 type bridge"]
    for number in range(count):
        lines += [
            f"netns add h{number}",
            f"link add v{number} type veth peer name eth0 netns h{number}",
            f"link set dev v{number} master sw0 up",
        ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)
    for number in range(count):
        inner = f"addr add {address(number)} dev eth0\nlink set dev eth0 up\nlink set dev lo up\n"
        subprocess.run(["ip", "-n", f"h{number}", "-batch", "-"], input=inner, text=True, check=True)
    subprocess.run(["ip", "link", "set", "dev", "sw0", "up"], check=True)


def mininet_way(count: int) -> list[subprocess.Popen[bytes]]:
    """Mininet with a Linux bridge for its switch and no controller; the distribution's Python has it.

    Its namespaces live as long as a shell in each, which it returns.
    """
    from mininet.net import Mininet
    from mininet.nodelib import LinuxBridge
    from mininet.topo import SingleSwitchTopo

    network = Mininet(topo=SingleSwitchTopo(k=count), switch=LinuxBridge, controller=None, ipBase="10.0.0.0/16")
    network.start()
    return [host.shell for host in network.hosts]


def load(way: str) -> None:
    """Do what a notebook's or a script's first lines do: import."""
    if way == "netkit":
        import netkit as nk

        nk.echo(on=False)
        assert nk.Bridge and nk.Namespace and nk.veth  # noqa: S101, PT018  (each is loaded when it is named)
    if way == "mininet":
        import mininet.net
        import mininet.nodelib
        import mininet.topo  # noqa: F401


WAYS = {"netkit": netkit_way, "shell": shell_way, "batch": batch_way, "mininet": mininet_way}


def ports() -> int:
    """How many interfaces of the sandbox's own network are ports of a bridge."""
    listed = subprocess.run(["ip", "-j", "link", "show", "type", "veth"], capture_output=True, text=True, check=True)
    return sum("master" in link for link in json.loads(listed.stdout))


def tear_down(way: str, shells: list[subprocess.Popen[bytes]]) -> None:
    """Take all away and wait for it: the kernel removes namespaces later, at the next measurement's expense."""
    if way == "netkit":
        import netkit as nk

        nk.reset()
        return
    subprocess.run(["ip", "-all", "netns", "delete"], check=True)
    for shell in shells:
        shell.kill()
        shell.wait()
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while ports() and time.monotonic() < deadline:
        time.sleep(0.05)


def main(way: str, count: int) -> None:
    """Build, check that all ports are there, and print the seconds."""
    load(way)
    begun = time.perf_counter()
    shells = WAYS[way](count) or []
    seconds = time.perf_counter() - begun
    if ports() != count:
        sys.exit(f"{way} made {ports()} ports instead of {count}")
    tear_down(way, shells)
    print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
