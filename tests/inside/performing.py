"""Performs programs of acts on the kernel, by netkit, and replays their journals by the shell."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import netkit as nk
from netkit.linux.looks import observe
from netkit.model import Snapshot
from tests.inside.worlds import without_strangers

if TYPE_CHECKING:
    from tests.inside.programs import Act

SECONDS_TO_VANISH = 5.0


class Performer:
    """The acts of a Network, on the kernel by netkit."""

    def make_namespace(self, name: str) -> None:
        nk.Namespace(name)

    def delete_namespace(self, name: str) -> None:
        nk.Namespace.get(name).delete()

    def forwarding(self, space: str, value: str) -> None:
        _space(space).sysctl("net.ipv4.ip_forward", value)

    def make_veth(self, space: str, name: str, other: str, peer: str) -> None:
        nk.veth(name, peer, namespace=_space(space), peer_namespace=_space(other))

    def make_bridge(self, space: str, name: str) -> None:
        nk.Bridge(name, namespace=_space(space))

    def delete_link(self, space: str, name: str) -> None:
        _space(space)[name].delete()

    def attach(self, space: str, bridge: str, name: str) -> None:
        _bridge(space, bridge).attach(nk.Interface(_space(space), name))

    def detach(self, space: str, bridge: str, name: str) -> None:
        _bridge(space, bridge).detach(nk.Interface(_space(space), name))

    def move(self, space: str, name: str, target: str) -> None:
        _space(space)[name].move(_space(target))

    def rename(self, space: str, name: str, new: str) -> None:
        _space(space)[name].rename(new)

    def up(self, space: str, name: str) -> None:
        _space(space)[name].up()

    def down(self, space: str, name: str) -> None:
        _space(space)[name].down()

    def set_mtu(self, space: str, name: str, size: int) -> None:
        _space(space)[name].set_mtu(size)

    def set_mac(self, space: str, name: str, mac: str) -> None:
        _space(space)[name].set_mac(mac)

    def add_address(self, space: str, name: str, address: str) -> None:
        _space(space)[name].add_address(address)

    def delete_address(self, space: str, name: str, address: str) -> None:
        _space(space)[name].delete_address(address)

    def add_route(self, space: str, destination: str, via: str | None, device: str | None, metric: int | None) -> None:
        _space(space).add_route(destination, via=via, device=device, metric=metric)

    def delete_route(self, space: str, destination: str, via: str | None, device: str | None) -> None:
        _space(space).delete_route(destination, via=via, device=device)

    def append_rule(self, space: str, table: str, chain: str, rule: str) -> None:
        _space(space).iptables(f"-t {table} -A {chain} {rule}")

    def delete_rule(self, space: str, table: str, chain: str, rule: str) -> None:
        _space(space).iptables(f"-t {table} -D {chain} {rule}")

    def policy(self, space: str, chain: str, verdict: str) -> None:
        _space(space).set_policy(chain, verdict)


def _space(name: str) -> nk.Namespace:
    return nk.host if name == "host" else nk.Namespace.get(name)


def _bridge(space: str, name: str) -> nk.Bridge:
    """A handle for a bridge; whether it is one, the kernel shall say."""
    return nk.Bridge._at(_space(space), name)


@dataclass(frozen=True)
class Performed:
    """What came of a program.

    Attributes:
        faults: acts that went otherwise than imagined, in words.
        snapshot: at the end, as JSON.
        script: the journal.
    """

    faults: list[str]
    snapshot: str
    script: str


def perform(program: list[tuple[Act, bool]]) -> Performed:
    """Perform a program in this process's network."""
    nk.echo(on=False)
    faults = []
    for number, (act, allowed) in enumerate(program):
        before = None if allowed else now()
        said = _said(act)
        if allowed and said:
            faults.append(f"act {number}, {act}, was refused: {said}")
        if not allowed and not said:
            faults.append(f"act {number}, {act}, was accepted")
        if before is not None and said and now() != before:
            faults.append(f"act {number}, {act}, was refused ({said}), and yet it changed something")
    return Performed(faults, now().to_json(), str(nk.commands()))


def _said(act: Act) -> str:
    """The error by which netkit refused an act; any other error is not caught."""
    try:
        getattr(Performer(), act[0])(*act[1:])
    except nk.NetkitError as error:
        return repr(error)
    return ""


def now() -> Snapshot:
    """What is configured, at once: unlike nk.snapshot() this does not wait for signals to settle."""
    return without_strangers(observe.snapshot())


def replay(script: str, expected: str) -> str:
    """Run a journal as a shell script in this process's network.

    Args:
        script: the journal.
        expected: the snapshot that is waited for, as JSON: namespaces' links vanish a moment after them.

    Returns:
        What is there then, as JSON.
    """
    done = subprocess.run(["sh", "-e"], input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr}"
    wanted, deadline = Snapshot.from_json(expected), time.monotonic() + SECONDS_TO_VANISH
    while (found := now()) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return found.to_json()


def manners() -> tuple[str, bool]:
    """What a new namespace inherits from this machine: ip_forward, and whether secondary addresses are promoted."""
    probe = nk.Namespace(f"probe{os.getpid()}")
    forward, one, all_ = (
        probe.sysctl(f"net.ipv4.{switch}")
        for switch in ("ip_forward", "conf.default.promote_secondaries", "conf.all.promote_secondaries")
    )
    probe.delete()
    return forward, "1" in (one, all_)
