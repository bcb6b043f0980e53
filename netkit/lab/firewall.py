"""A namespace's packet filter: iptables, and the words of the rules that Docker networks are made of."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from netkit import names, values
from netkit.errors import InvalidValue
from netkit.lab import journal
from netkit.lab.routing import Routing
from netkit.linux import nat
from netkit.outcomes import Outcome

if TYPE_CHECKING:
    from netkit.lab.interfaces import Interface

_CHAINS, _VERDICTS = ("INPUT", "FORWARD", "OUTPUT"), ("ACCEPT", "DROP")


class Filtering(Routing):
    """A place whose packets are filtered and whose addresses are translated."""

    def iptables(self, arguments: str) -> Outcome:
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
        return journal.perform(self.typed(journal.joined(words)), lambda: _iptables(self.path, words))

    def set_policy(self, chain: str, verdict: str) -> None:
        """What happens to packets that no rule of a chain matches: `iptables -P CHAIN VERDICT`.

        Args:
            chain: "INPUT", "FORWARD" or "OUTPUT".
            verdict: "ACCEPT" or "DROP".

        Raises:
            InvalidValue: it is no such chain or verdict.
        """
        self.iptables(_policy(chain, verdict))

    def masquerade(self, source: str, *, unless_out: Interface | str | None = None) -> None:
        """Hide a network behind this namespace's address: `iptables -t nat -A POSTROUTING -s SOURCE -j MASQUERADE`.

        Args:
            source: the network, "172.17.0.0/16".
            unless_out: not for packets that leave by this interface, as Docker exempts docker0.

        Raises:
            InvalidAddress: it is no network.
        """
        self.iptables(_masquerade(source, self._device(unless_out)))

    def publish(self, port: int, to: str, *, unless_in: Interface | str | None = None) -> None:
        """Publish a container's TCP port: `iptables -t nat -A PREROUTING -p tcp --dport PORT -j DNAT --to …`.

        Packets of this namespace's own processes pass OUTPUT instead of PREROUTING: they get a rule there.

        Args:
            port: here.
            to: "172.17.0.2:80".
            unless_in: not for packets that come in by this interface, as Docker exempts docker0.

        Raises:
            InvalidValue: it is no port, or no address and port.
        """
        for arguments in _publish(port, to, self._device(unless_in)):
            self.iptables(arguments)


def _iptables(path: str, command: list[str]) -> Outcome:
    return Outcome(journal.joined(command), nat.iptables(path, command[1:]), "", 0)


def _words(arguments: Any) -> list[str]:
    """Iptables' arguments as a list, the program in front.

    Args:
        arguments: text as one types it behind `iptables`.

    Raises:
        InvalidValue: it is no text, is empty, or a quote is left open.
    """
    if not isinstance(arguments, str) or not arguments.strip() or "\0" in arguments:
        raise InvalidValue(f"{arguments!r} is not a rule", "it is what one types behind iptables", "Try '-L'")
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise InvalidValue(f"{arguments!r} cannot be read", str(error), "Close the quote") from None
    if words[:1] == ["iptables"]:
        raise InvalidValue(f"{arguments!r} names the program", "what follows it is needed here", "Leave 'iptables' out")
    return ["iptables", *words]


def _policy(chain: Any, verdict: Any) -> str:
    """`-P CHAIN VERDICT`."""
    _one_of(chain, "chain with a policy", _CHAINS)
    _one_of(verdict, "policy", _VERDICTS)
    return f"-P {chain} {verdict}"


def _masquerade(source: Any, unless_out: str | None) -> str:
    """The rule by which Docker lets containers out under the host's address."""
    network = _ipv4(source)
    leaves = f" ! -o {unless_out}" if unless_out else ""
    return f"-t nat -A POSTROUTING -s {network}{leaves} -j MASQUERADE"


def _publish(port: Any, to: Any, unless_in: str | None) -> list[str]:
    """The rules by which a port of the host leads to a container: for packets from outside, and for the host's own."""
    here = values.port(port)
    address, colon, there = to.partition(":") if isinstance(to, str) else ("", "", "")
    if not colon or not (there.isascii() and there.isdecimal()) or not 0 < int(there) <= 65535:
        raise InvalidValue(
            f"{to!r} is not an address and a port (1 to 65535)",
            "both are needed, with a colon between",
            "Try '172.17.0.2:80'",
        )
    target = f"{_ipv4(values.address(address)).network_address}:{there}"
    comes = f"! -i {unless_in} " if unless_in else ""
    match = f"-p tcp -m addrtype --dst-type LOCAL -m tcp --dport {here} -j DNAT --to-destination {target}"
    return [f"-t nat -A PREROUTING {comes}{match}", f"-t nat -A OUTPUT ! -d 127.0.0.0/8 {match}"]


def _ipv4(prefix: Any) -> values.IPNetwork:
    network = values.network(prefix)
    if network is None or network.version != 4:
        raise InvalidValue(f"{prefix!r} is not an IPv4 network", "iptables filters IPv4", "Try '172.17.0.0/16'")
    return network


def _one_of(value: Any, what: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        meant = names.nearest(value, choices) or choices[0]
        raise InvalidValue(f"{value!r} is not a {what}", f"it is one of {', '.join(choices)}", f"Try '{meant}'")
