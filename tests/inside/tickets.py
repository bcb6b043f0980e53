"""A case of a ticket's from beginning to end: healthy, broken, mended, mended wrongly, mended as nk.why advises."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

import netkit as nk
from netkit.linux.entering import HOST_PATH
from netkit.linux.events import settle
from netkit.linux.looks import observe, sockets
from netkit.tickets import breaking
from netkit.tickets.verdict import answers

if TYPE_CHECKING:
    from netkit.diagnosis import Diagnosis
    from netkit.lessons.replies import Answer
    from netkit.tickets.breaking import Broken
    from netkit.tickets.catalogue import Case
    from netkit.tickets.fault import Network

MOST_REPAIRS = 5


class Tried(NamedTuple):
    """A case in its network."""

    case: Case
    network: Network

    def broken(self, *, healthy: bool = False) -> Broken:
        """The network, built and broken."""
        lines = [] if healthy else [self.network.told(fault.inject) for fault in self.case.faults]
        return breaking.build(self.network, lines)

    def answers(self, broken: Broken) -> list[Answer]:
        """What a check would say now."""
        settle.wait()
        told, faults = self.network.told, self.case.faults
        equal = [told(each) for fault in faults for each in fault.equal]
        return answers(self.network, broken.twin, observe.snapshot(), faults[0].flow, equal)

    def mended(self, broken: Broken) -> list[Answer]:
        """What a check says after the repair of the catalogue."""
        breaking.carry_out([self.network.told(fault.repair) for fault in self.case.faults])
        return self.answers(broken)

    def wrong(self) -> dict[str, str]:
        """What somebody may do instead, by its name."""
        own = self.case.faults[0].wrong if len(self.case.faults) == 1 else {}
        return {**self.network.wrong, **own}

    def advised(self) -> Diagnosis:
        """What nk.why says last, once each of its repairs was carried out."""
        flow = self.network.flows[self.case.faults[0].flow]
        for _ in range(MOST_REPAIRS):
            settle.wait()
            told = nk.why(flow.room, flow.whom, flow.port)
            if told.ok or not told.repair:
                break
            for line in told.repair:
                nk.sh(line)
        return told


def tried(case: Case, seed: str = "7") -> Tried:
    """A case in a network that a seed draws."""
    return Tried(case, case.network(seed))


def open_points(found: list[Answer]) -> list[Answer]:
    """What is not as it should be, or was not asked."""
    return [each for each in found if each.ok is not True]


def end_servers_of_the_host() -> None:
    """What an advised line started on the host is no server of the next network's."""
    for server in sockets.listeners(HOST_PATH):
        if server.pid not in (0, os.getpid()) and not server.reserved:
            os.kill(server.pid, signal.SIGKILL)
