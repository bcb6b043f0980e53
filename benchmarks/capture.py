"""How fast frames can come without one being lost: netkit beside dumpcap, tcpdump and scapy's AsyncSniffer.

    netkit run -- python benchmarks/capture.py [--json FILE]

Small UDP frames cross one veth pair, for one second each time, at rates that rise until a tool loses frames
twice; the tools take turns.  CPU is that of the recording alone, user and system, for one frame.  Then netkit
alone watches five interfaces.  The other tools get a moment to start and to finish; netkit neither.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.linux.capturing.capture import capture
from netkit.linux.entering import inside
from netkit.linux.namespaces import path_of
from netkit.sandbox import require_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RATES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 400_000)
SECONDS = 1.0
PAYLOAD = 22  # bytes; with headers a frame of 64 bytes, as short as Ethernet has them
PORT = 9
STARTING, FINISHING = 0.2, 1.2  # seconds; tcpdump looks at its buffer once a second
CHAIN = """
netns add a
netns add r
netns add s
netns add b
link add e0 netns a type veth peer name r0 netns r
link add r1 netns r type veth peer name s0 netns s
link add s1 netns s type veth peer name e1 netns b
-n a addr add 10.1.0.1/24 dev e0
-n r addr add 10.1.0.2/24 dev r0
-n r addr add 10.2.0.1/24 dev r1
-n s addr add 10.2.0.2/24 dev s0
-n s addr add 10.3.0.1/24 dev s1
-n b addr add 10.3.0.2/24 dev e1
-n a link set e0 up
-n r link set r0 up
-n r link set r1 up
-n s link set s0 up
-n s link set s1 up
-n b link set e1 up
-n a route add default via 10.1.0.2
-n r route add default via 10.2.0.2
"""
NEAR, FAR = ("r", "10.1.0.2"), ("b", "10.3.0.2")
POINTS = [("a", "e0"), ("r", "r0"), ("r", "r1"), ("s", "s0"), ("s", "s1")]
FIVE_RATES = (5_000, 10_000, 20_000, 30_000, 40_000, 60_000)


@dataclass
class Run:
    """One tool at one rate: what was sent, what it recorded, what it says it lost, CPU seconds for each frame."""

    tool: str
    asked: int
    sent: int
    rate: float
    recorded: int
    said_lost: int
    cpu: float

    @property
    def lossless(self) -> bool:
        return self.recorded >= self.sent


def traffic(sender: socket.socket, rate: int) -> tuple[int, float]:
    values = (sender.fileno(), rate, PAYLOAD, SECONDS)
    command = [sys.executable, str(Path(__file__).with_name("flood.py")), *map(str, values)]
    done = subprocess.run(command, pass_fds=[sender.fileno()], check=True, capture_output=True, text=True)
    sent, reached = done.stdout.split()
    return int(sent), float(reached)


def with_netkit(sender: socket.socket, rate: int) -> Run:
    with capture(("r", "r0")) as cap:
        before = time.process_time()
        sent, reached = traffic(sender, rate)
        spent = time.process_time() - before
    recorded = sum(frame.length == PAYLOAD + 42 for frame in cap)
    return Run("netkit", rate, sent, reached, recorded, cap.lost, spent / max(1, recorded))


def with_scapy(sender: socket.socket, rate: int) -> Run:
    logging.getLogger("scapy").setLevel(logging.ERROR)  # it does not know the link type of the opened socket
    from scapy.config import conf
    from scapy.sendrecv import AsyncSniffer

    listener = inside(path_of("r"), lambda: conf.L2listen(iface="r0"))
    sniffer = AsyncSniffer(opened_socket=listener, store=True)
    sniffer.start()
    wait_for(lambda: sniffer.running)
    before = time.process_time()
    sent, reached = traffic(sender, rate)
    time.sleep(FINISHING)
    spent = time.process_time() - before
    recorded = sum(len(packet) == PAYLOAD + 42 for packet in sniffer.stop())
    return Run("scapy", rate, sent, reached, recorded, 0, spent / max(1, recorded))


def with_program(tool: str, options: list[str], ready: str) -> Callable[[socket.socket, int], Run]:
    """A capture program that writes a file and says in stderr when it begins."""

    def run(sender: socket.socket, rate: int) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "capture"
            command = ["ip", "netns", "exec", "r", tool, "-i", "r0", "-w", str(file), *options]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                for line in process.stderr:
                    if ready in line:
                        break
                time.sleep(STARTING)
                sent, reached = traffic(sender, rate)
                time.sleep(FINISHING)
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                process.send_signal(signal.SIGINT)
                said = process.stderr.read()
                process.wait()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            counted = subprocess.run(["capinfos", "-Mcr", file], check=True, capture_output=True, text=True).stdout
        recorded = int(re.search(r"packets:\s+(\d+)", counted).group(1))
        lost = re.search(r"(\d+) packets dropped by kernel|dropped on interface .*?: \d+/(\d+)", said)
        return Run(tool, rate, sent, reached, recorded, int(next(filter(None, lost.groups()))) if lost else 0,
                   spent / max(1, recorded))  # fmt: skip

    return run


TOOLS = {
    "netkit": with_netkit,
    "dumpcap": with_program("dumpcap", ["-q", "-B", "64"], "File:"),
    "tcpdump": with_program("tcpdump", ["-n", "-B", "65536", "-Z", "root"], "listening on"),
    "scapy": with_scapy,
}


def five_interfaces(sender: socket.socket, rate: int) -> Run:
    """netkit at five interfaces that every frame passes."""
    with capture(POINTS) as cap:
        before = time.process_time()
        sent, reached = traffic(sender, rate)
        spent = time.process_time() - before
    seen = Counter((frame.namespace, frame.interface) for frame in cap if frame.length == PAYLOAD + 42)
    return Run("netkit", rate, sent, reached, min(seen[point] for point in POINTS), cap.lost, spent / max(1, len(cap)))


def wait_for(true: Callable[[], object], seconds: float = 5.0, ignore: type[Exception] = BlockingIOError) -> None:
    """Come back when something is so; an error that means "not yet" may be ignored."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ignore):
            if true():
                return
        time.sleep(0.005)
    raise TimeoutError


def climb(
    tools: dict[str, Callable[[socket.socket, int], Run]], sender: socket.socket, rates: Sequence[int]
) -> list[Run]:
    """Let the tools take turns at each rate; a tool that loses frames twice at a rate goes no further."""
    runs, climbing = [], dict(tools)
    for rate in rates:
        for tool, run in list(climbing.items()):
            tries = [run(sender, rate)]
            if not tries[0].lossless or tries[0].rate < 0.9 * rate:
                tries.append(run(sender, rate))
            runs += tries
            best = max(tries, key=lambda one: (one.lossless, one.rate))
            print(f"{tool:8} asked {rate:7} sent {best.rate:9.0f}/s  missing {best.sent - best.recorded:6}"
                  f"  said lost {best.said_lost:6}  {best.cpu * 1e6:6.2f} µs CPU a frame")  # fmt: skip
            if not best.lossless or best.rate < 0.5 * rate:  # it loses, or the generator is at its end
                del climbing[tool]
    return runs


def summary(runs: list[Run]) -> dict[str, dict[str, float]]:
    """For each tool its highest loss-free rate and its CPU for a frame there."""
    found = {}
    for tool in dict.fromkeys(run.tool for run in runs):
        best = max((run for run in runs if run.tool == tool and run.lossless), key=lambda run: run.rate, default=None)
        found[tool] = {"rate": best.rate, "cpu": best.cpu} if best else {"rate": 0.0, "cpu": float("nan")}
    return found


@contextlib.contextmanager
def stream(target: tuple[str, str]) -> Iterator[socket.socket]:
    """A connected sender in a, and a receiver that takes the frames without an answer."""

    def plain() -> socket.socket:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    namespace, address = target
    with inside(path_of("a"), plain) as sender, inside(path_of(namespace), plain) as receiver:
        receiver.bind((address, PORT))
        sender.connect((address, PORT))
        sender.send(b"first")  # the neighbours learn their MACs
        wait_for(lambda: receiver.recv(100, socket.MSG_DONTWAIT | socket.MSG_PEEK))
        yield sender


def build() -> None:
    for line in CHAIN.split("\n"):
        if line:
            subprocess.run(["ip", *line.split()], check=True)
    for namespace in ("r", "s"):
        subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
    cut_by_the_kernel()


def cut_by_the_kernel() -> None:
    """Let e0 ask for single frames: the generator's calls hold many datagrams, and a tool shall see each."""
    from pyroute2.ethtool.ioctl import IoctlEthtool

    def act() -> None:
        interface = IoctlEthtool("e0")
        features = interface.get_features()
        features["tx-udp-segmentation"] = False
        interface.set_features(features)

    inside(path_of("a"), act)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write every run to this file")
    chosen = parser.parse_args()
    require_sandbox()
    build()
    tools = {name: run for name, run in TOOLS.items() if name in ("netkit", "scapy") or shutil.which(name)}
    with stream(NEAR) as sender:
        one = climb(tools, sender, RATES)
    print("five interfaces")
    with stream(FAR) as sender:
        five = climb({"netkit": five_interfaces}, sender, FIVE_RATES)
    report(one, five, chosen.json)


def report(one: list[Run], five: list[Run], file: Path | None) -> None:
    best, most = summary(one), summary(five)["netkit"]
    ours = best["netkit"]
    print(f"\nhighest loss-free rate at five interfaces: netkit {most['rate']:.0f} frames/s at each")
    for tool, figures in best.items():
        print(
            f"highest loss-free rate at one interface: {tool:8} {figures['rate']:9.0f} frames/s with "
            f"{figures['cpu'] * 1e6:6.2f} µs CPU a frame; netkit / {tool}: rate {ratio(ours, figures, 'rate')}, "
            f"CPU {ratio(ours, figures, 'cpu')}"
        )
    if file:
        runs = {"one": [asdict(run) for run in one], "five": [asdict(run) for run in five]}
        file.write_text(json.dumps({"best": best, "five": most, "runs": runs}, indent=1))


def ratio(ours: dict[str, float], theirs: dict[str, float], what: str) -> str:
    return f"{ours[what] / theirs[what]:.2f}" if theirs[what] else "-"


if __name__ == "__main__":
    main()
