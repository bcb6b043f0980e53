"""A namespace's packet filter: `.iptables`, `.set_policy`, `.masquerade`, `.publish` (DNAT), and what they refuse."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

from netkit import validation
from netkit.errors import InvalidAddress, InvalidValue
from netkit.face import face
from netkit.kinds import Port, choice
from netkit.lab import journal
from netkit.lab.place import Place
from netkit.lab.routing import Device, name_in
from netkit.linux.acts import nat
from netkit.outcomes import Outcome
from netkit.shell import joined
from netkit.spelling import shown

Chain = Annotated[str, choice("chain with a policy", "INPUT", "FORWARD", "OUTPUT")]
Policy = Annotated[str, choice("policy", "ACCEPT", "DROP")]


def _rule(value: Any) -> str:
    """What one types behind `iptables`."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise InvalidValue(f"{shown(value)} is not a rule", "it is what one types behind iptables", "Try '-L'")
    return validation.text(value, "a rule", InvalidValue)


def _source(value: Any) -> validation.IPNetwork:
    network = validation.network(value)
    if network is None or network.version != 4:
        raise InvalidValue(f"{shown(value)} is not an IPv4 network", "iptables filters IPv4", "Try '172.17.0.0/16'")
    return network


def _target(value: Any) -> str:
    """The address and the port of a server: "172.17.0.2:80"."""
    address, colon, port = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not address or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) <= 65535:
        raise InvalidValue(
            f"{shown(value)} is not an address and a port (1 to 65535)",
            "both are needed, with a colon between",
            "Try '172.17.0.2:80'",
        )
    server = validation.machine(address, "a server")
    if server.version != 4 or str(int(port)) != port:
        rule, remedy = "iptables leads to an IPv4 address and a port without leading zeros", "Try '172.17.0.2:80'"
        raise InvalidAddress(f"{shown(value)} cannot be led to", rule, remedy)
    return f"{server}:{port}"


Rule = Annotated[str, _rule]
Source, Target = Annotated[Any, _source], Annotated[str, _target]


class Filtering(Place):
    """A place whose packets are filtered and whose addresses are translated."""

    @face
    def iptables(self, arguments: Rule) -> Outcome:
        """Run iptables inside: `iptables ARGUMENTS` (iptables(8)).

        Args:
            arguments: "-t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE".

        Returns:
            What it said; for `-L` and `-S` the list.

        Raises:
            KernelRefused: with iptables' own complaint.
            ProgramMissing: iptables is not installed.
        """
        words = _words(arguments)
        return journal.perform(self.typed(joined(words)), lambda: _iptables(self.path, words))

    @face
    def set_policy(self, chain: Chain, verdict: Policy) -> None:
        """What happens to packets that no rule of a chain matches: `iptables -P CHAIN VERDICT`.

        Args:
            chain: "INPUT", "FORWARD" or "OUTPUT".
            verdict: "ACCEPT" or "DROP".

        Raises:
            InvalidValue: it is no such chain or verdict.
        """
        self.iptables(f"-P {chain} {verdict}")

    @face
    def masquerade(self, source: Source, *, unless_out: Device | None = None) -> None:
        """Hide a network behind this namespace's address: `iptables -t nat -A POSTROUTING -s SOURCE -j MASQUERADE`.

        Args:
            source: the network, "172.17.0.0/16".
            unless_out: not for packets that leave by this interface, as Docker exempts docker0.

        Raises:
            InvalidAddress: it is no network.
        """
        self.iptables(_masquerade(source, name_in(self, unless_out)))

    @face
    def publish(self, port: Port, to: Target, *, unless_in: Device | None = None) -> None:
        """Publish a container's TCP port: `iptables -t nat -A PREROUTING -p tcp --dport PORT -j DNAT --to …`.

        Packets of this namespace's own processes pass OUTPUT instead of PREROUTING: they get a rule there.

        Args:
            port: here.
            to: "172.17.0.2:80".
            unless_in: not for packets that come in by this interface, as Docker exempts docker0.

        Raises:
            InvalidValue: it is no port, or no address and port.
        """
        for arguments in _publish(port, to, name_in(self, unless_in)):
            self.iptables(arguments)


def _iptables(path: str, command: list[str]) -> Outcome:
    return Outcome(joined(command), nat.iptables(path, command[1:]), "", 0)


def _words(arguments: str) -> list[str]:
    """Iptables' arguments as a list, the program in front.

    Args:
        arguments: text as one types it behind `iptables`.

    Raises:
        InvalidValue: a quote is left open, or the program is named.
    """
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise InvalidValue(f"{arguments!r} cannot be read", str(error), "Close the quote") from None
    if words[:1] == ["iptables"]:
        raise InvalidValue(f"{arguments!r} names the program", "what follows it is needed here", "Leave 'iptables' out")
    return ["iptables", *words]


def _masquerade(source: validation.IPNetwork, unless_out: str | None) -> str:
    """The rule by which Docker lets containers out under the host's address."""
    leaves = f" ! -o {unless_out}" if unless_out else ""
    return f"-t nat -A POSTROUTING -s {source}{leaves} -j MASQUERADE"


def _publish(port: int, to: str, unless_in: str | None) -> list[str]:
    """The rules by which a port of the host leads to a container: for packets from outside, and for the host's own."""
    comes = f"! -i {unless_in} " if unless_in else ""
    match = f"-p tcp -m addrtype --dst-type LOCAL -m tcp --dport {port} -j DNAT --to-destination {to}"
    return [f"-t nat -A PREROUTING {comes}{match}", f"-t nat -A OUTPUT ! -d 127.0.0.0/8 {match}"]
