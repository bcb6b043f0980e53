"""Wants about the host's packet filter: a chain's policy (DROP), what FORWARD keeps out; pure, over a snapshot."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netkit.diagnosis import Packet, xtables
from netkit.diagnosis.matching import Passing
from netkit.diagnosis.packetfilter import at_hook
from netkit.lessons.task import Found, Hints, Want
from netkit.lessons.wants import cables
from netkit.linux.entering import HOST_PATH
from netkit.linux.looks.ruleset import ruleset
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.model import Namespace, Rule, Snapshot

_OWN, _SOME_PORT = "127.0.0.1", 40000
_ON_THE_WAY = ("PREROUTING", "FORWARD")


@dataclass(frozen=True)
class Policy(Want):
    """What no rule of a chain decides is accepted, or dropped: by its policy, a last rule, or a chain of nft's own."""

    chain: str
    verdict: str
    says = "what no rule of {self.chain} decides gets the verdict {self.verdict}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it: iptables writes a policy down once it is not ACCEPT."""
        own = [rule for rule in world[HOST].rules if (rule.tool, rule.table) == ("iptables", "filter")]
        mine = [rule for rule in own if rule.chain == self.chain]
        there = next((rule.policy for rule in mine if rule.kind == "policy"), "ACCEPT")
        last = [rule.target for rule in mine if rule.kind == "rule"][-1:]
        final = last[0] if last and not mine[-1].matches else ""
        hook = self.chain.lower()
        others = {rule.policy.upper() for rule in world[HOST].rules if rule.tool == "nft" and rule.hook == hook}
        dropped = "DROP" in (there, *others) or final in ("DROP", "REJECT")
        return Found(dropped == (self.verdict == "DROP"), f"the policy is {there}")

    def help(self, _world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        return Hints(
            f"What becomes of a packet that no rule of {self.chain} fits? Look: iptables -S {self.chain}",
            "The policy is the last word of a chain: `iptables -P CHAIN VERDICT`, or nk.host.set_policy(…)",
            f"iptables -P {self.chain} {self.verdict}",
        )


@dataclass(frozen=True)
class Shut(Want):
    """The host does not forward what a room begins: an echo request or, with a port that nobody published, by TCP.

    Attributes:
        room: who sends.
        address: the container's.
        port: TCP; None for an echo request.
    """

    room: str
    address: str
    port: int | None = None
    says = "the host forwards {self.what}"

    @property
    def what(self) -> str:
        """What it does not forward: "nothing" of something, or "no" such thing."""
        if self.port is None:
            return f"no ping from {self.room} to {self.address}"
        return f"nothing from {self.room} to port {self.port} of {self.address}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it: the packet, which may have no way to the host, is led through its rules."""
        passing = self._passing(world)
        if passing is None or _stopped(world[HOST], passing, ruleset(HOST_PATH)):
            return Found(ok=True)
        through = ", ".join(f"`{rule.text}`" for rule in self._letting(world, passing))
        return Found(ok=False, words=f"it is let through by {through or 'the policy of FORWARD'}")

    def help(self, world: Snapshot) -> Hints:
        """The rules that let it through."""
        passing = self._passing(world)
        letting = self._letting(world, passing) if passing is not None else []
        lines = [f"{rule.tool} -D {rule.specification}" for rule in letting]
        return Hints(
            f"Which rule of FORWARD would let {self._asked} through? Look: iptables -S",
            self._narrower,
            "\n".join(lines) or "iptables -P FORWARD DROP",
        )

    @property
    def _asked(self) -> str:
        return f"a question from {self.room}" if self.port is None else "a packet for another port"

    @property
    def _narrower(self) -> str:
        """What a rule has to say that lets through only what is meant."""
        if self.port is None:
            return "A rule that lets answers through, and no questions, asks for -m conntrack --ctstate ESTABLISHED"
        return "A rule that lets one service through names its address and its port: -d ADDRESS -p tcp --dport PORT"

    def _passing(self, world: Snapshot) -> Passing | None:
        """The packet as it comes to the host, None where no cable or no network leads it that way."""
        ends = [(link, far) for link, far in cables(world, self.room, HOST) if link.addresses]
        out = next((link.name for link in world[HOST].interfaces.values() if _near(link.addresses, self.address)), "")
        source = next((text.partition("/")[0] for link, _ in ends for text in link.addresses if ":" not in text), "")
        if not source or not out:
            return None
        packet = Packet(source, self.address, *(("tcp", _SOME_PORT, self.port) if self.port else ("icmp",)))
        own = world[HOST].addresses
        return Passing(packet, iif=ends[0][1], oif=out, own=own, state="NEW", first=packet)

    def _letting(self, world: Snapshot, passing: Passing) -> list[Rule]:
        """The rules of iptables that let it through: without them it would be stopped."""
        space, found, listed = world[HOST], [], ruleset(HOST_PATH)
        for rule in space.rules:
            if _stopped(space, passing, listed):
                break
            if rule.target == "ACCEPT" and rule.table == "filter" and xtables.matches(rule, passing):
                found.append(rule)
                space = replace(space, rules=tuple(each for each in space.rules if each != rule))
        return found


def _near(addresses: tuple[str, ...], wanted: str) -> bool:
    """Whether an address is in the network of one of an interface's."""
    return any(ipaddress.ip_address(wanted) in ipaddress.ip_interface(text).network for text in addresses)


def _stopped(space: Namespace, passing: Passing, listed: Sequence[dict[str, Any]]) -> bool:
    """Whether the rules of the host drop a packet that it is to forward; a rule that nobody can read counts as such."""
    for hook in _ON_THE_WAY:
        there = replace(passing, oif="") if hook == "PREROUTING" else passing
        verdict = at_hook(space, hook, there, listed)
        if verdict.dropped or verdict.doubts:
            return True
        passing = passing.with_packet(verdict.packet)
    return False


def led(world: Snapshot, port: int) -> str:
    """The address that the host's rules lead its own packets for one of its TCP ports to; its own where none does.

    Args:
        world: the network.
        port: the host's.
    """
    packet = Packet(_OWN, _OWN, "tcp", _SOME_PORT, port)
    passing = Passing(packet, oif="lo", own=world[HOST].addresses, state="NEW", first=packet)
    return at_hook(world[HOST], "OUTPUT", passing, ruleset(HOST_PATH)).packet.destination
