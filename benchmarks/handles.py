"""What `limit.c` does, through netkit's handles, inside a sandbox; `limit.py` calls it.

    netkit run -- python benchmarks/handles.py N each|all|picture

It prints the seconds of each part as JSON: building N hosts, a snapshot, `true` in one of them, and taking them away,
one by one or all at once; or a picture of them, as a notebook shows it.  One host is built, read, used and dropped
before, so that nothing counts what is done once in a process.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING

import netkit as nk

if TYPE_CHECKING:
    from collections.abc import Callable

READS, READS_OF_ONE, COMMANDS, PICTURES = 5, 100, 31, 7
"""At least 5 snapshots, of few hosts more."""


def seconds(act: Callable[[], object]) -> float:
    """The time that it takes once."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def build(count: int) -> list[nk.Namespace]:
    """Hosts on one bridge, each act as a learner writes it; the bridge is raised last."""
    bridge, hosts = nk.Bridge("sw0"), []
    for number in range(count):
        host = nk.Namespace(f"h{number}")
        port, eth0 = nk.veth(f"v{number}", "eth0", peer_namespace=host)
        bridge.attach(port)
        eth0.add_address(f"10.0.{number // 250}.{number % 250 + 1}/16")
        port.up()
        eth0.up()
        host["lo"].up()
        hosts.append(host)
    bridge.up()
    return hosts


def drop(hosts: list[nk.Namespace]) -> None:
    """One after the other; each call returns when the other end of the cable is gone."""
    for host in hosts:
        host.delete()


def warm() -> None:
    """One host, from its beginning to its end; that waits until the kernel has ended what was there before."""
    (host,) = build(1)
    nk.snapshot()
    host.run("true")
    drop([host])
    nk.reset()


def picture(count: int) -> None:
    """Draw so many hosts; the first picture loads what draws, and does not count."""
    build(count)
    nk.snapshot()
    first, *seen = (seconds(lambda: nk.draw()._repr_mimebundle_()) for _ in range(PICTURES + 1))
    print(json.dumps({"first": first, "picture": statistics.median(seen)}), flush=True)


def main(count: int, how: str) -> None:
    """Measure, check that all is gone, and print."""
    nk.echo(on=False)
    warm()
    if how == "picture":
        picture(count)
        return
    hosts: list[nk.Namespace] = []
    figures = {"build": seconds(lambda: hosts.extend(build(count)))}
    nk.snapshot()  # it waits until the signals have settled
    figures["snapshot"] = statistics.median(seconds(nk.snapshot) for _ in range(READS + READS_OF_ONE // count))
    figures["run"] = statistics.median(seconds(lambda: hosts[0].run("true")) for _ in range(COMMANDS))
    figures["drop"] = seconds(nk.reset if how == "all" else lambda: drop(hosts))
    left = nk.snapshot()
    assert list(left.namespaces) == ["host"]  # noqa: S101
    assert not any(link.kind == "veth" for link in left["host"].interfaces.values())  # noqa: S101
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
