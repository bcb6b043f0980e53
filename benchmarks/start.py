"""How long a kernel takes until it is ready, and what memory it needs: netkit's in each world beside a plain ipykernel.

    python benchmarks/start.py [--rounds 15] [--json FILE]

All are started in turn, so that whatever else the machine does hits all alike.  Ready means that the kernel has
answered its first request (kernel_info).  Memory is that of the sandbox with all its processes after a lesson's
usual work; pages that several processes share count once (proc(5), Pss).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jupyter_client.manager import KernelManager

sys.path.insert(0, str(Path(__file__).parents[1]))
from netkit.sandbox.worlds import VARIABLE
from tests.outside.trees import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient


class Kind(NamedTuple):
    """A kernel to measure: its kernelspec, the world that is asked for, and the most that it may take.

    Attributes:
        kernel: name of its kernelspec.
        world: as the variable NETKIT_WORLD names it.
        beside: the kind whose start it is compared with.
        target: the most that it may take, as a multiple of that one's time.
    """

    kernel: str
    world: str = ""
    beside: str = ""
    target: float = 0


KINDS = {
    "plain": Kind("python3"),
    "user": Kind("netkit", "user", "plain", 1.3),
    "uml": Kind("netkit", "uml", "user", 6),
}
MEGABYTES = 700
"""The most memory that a sandbox may need."""

WORK = """
import netkit as nk
nk.require_sandbox()
ns1, bridge = nk.Namespace("ns1"), nk.Bridge("br0")
port, card = nk.veth("port", "eth0", peer_namespace=ns1)
bridge.attach(port)
bridge.add_address("10.0.0.254/24"), card.add_address("10.0.0.1/24")
port.up(), card.up(), bridge.up()
with nk.capture() as cap:
    assert nk.host.ping("10.0.0.1").received
assert cap.packets
nk.draw()
"""
SECONDS = 120


@contextmanager
def started(kind: Kind) -> Iterator[tuple[KernelManager, BlockingKernelClient, float]]:
    """A kernel that is ready, its client, and the seconds that it took; it has ended afterwards."""
    manager = KernelManager(kernel_name=kind.kernel)
    begun = time.perf_counter()
    manager.start_kernel(env={**os.environ, VARIABLE: kind.world})
    client = manager.blocking_client()
    client.start_channels()
    try:
        while True:
            message = client.kernel_info()
            reply = client.get_shell_msg(timeout=SECONDS)
            if reply["parent_header"]["msg_id"] == message:
                break
        yield manager, client, time.perf_counter() - begun
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def seconds_to_ready(kind: Kind) -> tuple[float, float]:
    """Start a kernel and end it again.

    Args:
        kind: which.

    Returns:
        Seconds from the start to the first answer, and seconds of one `1 + 1` after that.
    """
    with started(kind) as (_, client, seconds):
        begun = time.perf_counter()
        client.execute("1 + 1", reply=True, timeout=SECONDS)
        return seconds, time.perf_counter() - begun


def memory(kind: Kind) -> float:
    """Megabytes that a sandbox needs when netkit has captured and drawn in it.

    Args:
        kind: which.

    Raises:
        RuntimeError: a cell failed in it.
    """
    with started(kind) as (manager, client, _):
        reply = client.execute(WORK, reply=True, timeout=SECONDS)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the work failed: {reply['content']['evalue']}")
        return sum(map(_share, descendants(manager.provisioner.pid))) / 1e6


def _share(process: int) -> int:
    """Bytes of memory of a process; what it shares with others is divided among them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has just ended
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def measure(rounds: int) -> dict[str, object]:
    """Start all kernels in turn; medians, all times in seconds, their ratios, and memory in megabytes."""
    kinds = {name: kind for name, kind in KINDS.items() if kind.world != "uml" or shutil.which("linux.uml")}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, kind in kinds.items():
            times[name].append(seconds_to_ready(kind))
    ready = {name: statistics.median(first for first, _ in pairs) for name, pairs in times.items()}
    return {
        "rounds": rounds,
        "ready": ready,
        "first_cell": {name: statistics.median(second for _, second in pairs) for name, pairs in times.items()},
        "ratio": {name: ready[name] / ready[kind.beside] for name, kind in kinds.items() if kind.beside},
        "target": {name: kind.target for name, kind in kinds.items() if kind.beside},
        "megabytes": {name: memory(kind) for name, kind in kinds.items() if kind.world},
        "times": times,
    }


def main() -> None:
    """Measure, print, and write the figures to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each kernel is started (default: 15)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    result = measure(options.rounds)
    for name, seconds in result["ready"].items():
        line = f"{name:<6} ready after {seconds * 1000:6.0f} ms, first cell {result['first_cell'][name] * 1000:6.1f} ms"
        if name in result["ratio"]:
            ratio, target = result["ratio"][name], result["target"][name]
            line += f", {ratio:.2f} times {KINDS[name].beside} (target: at most {target})"
            line += f", {result['megabytes'][name]:.0f} MB with netkit at work (at most {MEGABYTES})"
        print(line)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
