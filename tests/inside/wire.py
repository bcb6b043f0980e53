"""Small networks made by `ip`, and traffic in them, for the tests of the capture."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.linux.entering import inside
from netkit.linux.namespaces import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BRIDGE = """
netns add ns1
netns add ns2
link add veth1 type veth peer name eth1 netns ns1
link add veth2 type veth peer name eth1 netns ns2
link add brtest type bridge
link set veth1 master brtest
link set veth2 master brtest
-n ns1 addr add 172.17.1.1/24 dev eth1
-n ns2 addr add 172.17.1.2/24 dev eth1
-n ns1 link set eth1 up
-n ns2 link set eth1 up
link set veth1 up
link set veth2 up
link set brtest up
"""
LEARNED = """
-n ns1 link set eth1 address 02:42:ac:11:01:01
-n ns2 link set eth1 address 02:42:ac:11:01:02
-n ns1 neigh replace 172.17.1.2 lladdr 02:42:ac:11:01:02 dev eth1 nud permanent
-n ns2 neigh replace 172.17.1.1 lladdr 02:42:ac:11:01:01 dev eth1 nud permanent
"""
HOPS = ["ns1:eth1 out", "host:veth1 in", "host:veth2 out", "ns2:eth1 in"]
"""Where a frame from ns1 to ns2 passes."""
FORWARDING = "3"  # BR_STATE_FORWARDING


def sh(command: str) -> str:
    """Run a shell line; its output."""
    return subprocess.run(command, shell=True, check=True, text=True, capture_output=True).stdout  # noqa: S602


def ip(lines: str) -> None:
    """Run `ip` with each line."""
    for line in filter(None, lines.splitlines()):
        sh(f"ip {line}")


@contextlib.contextmanager
def network(lines: str) -> Iterator[None]:
    """A network that is gone afterwards, with all namespaces and all links of the host but lo."""
    try:
        ip(lines)
        for port in Path("/sys/class/net").glob("*/brport/state"):  # the kernel opens ports a moment later
            wait_until(lambda port=port: port.read_text().strip() == FORWARDING)
        yield
    finally:
        for link in sh("ls /sys/class/net").split():
            if link != "lo":
                sh(f"ip link delete {link} 2>/dev/null || true")
        sh("ip -all netns delete")


def ping(source: str, target: str, options: str = "-c 1 -W 2") -> str:
    return sh(f"ip netns exec {source} ping {options} {target}")


@contextlib.contextmanager
def udp(namespace: str, target: tuple[str, int] | None = None) -> Iterator[socket.socket]:
    """A UDP socket in a namespace, connected if there is a target."""
    with inside(path_of(namespace), lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        if target:
            sender.connect(target)
        yield sender


@contextlib.contextmanager
def nameless(address: str) -> Iterator[int]:
    """A container without a name on the bridge, alive until it is killed or the block ends; its process id.

    Args:
        address: in the bridge's network; its last number names the port.
    """
    port = f"veth{address.rpartition('.')[2]}"
    words = ["unshare", "--net", "sh", "-c", "echo; read x"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        inner = f"nsenter --net=/proc/{process.pid}/ns/net ip"
        sh(f"ip link add {port} type veth peer name eth1 netns {process.pid}; ip link set {port} up master brtest")
        sh(f"{inner} addr add {address}/24 dev eth1; {inner} link set eth1 up")
        wait_until(lambda: Path(f"/sys/class/net/{port}/brport/state").read_text().strip() == FORWARDING)
        yield process.pid
        process.kill()


def wait_until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Come back when a condition holds; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.01)
