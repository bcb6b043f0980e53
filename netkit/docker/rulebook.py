"""When which rules of a machine's docker are written, and its switches: ip_forward, bridge-nf-call-iptables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker import six
from netkit.docker.generations.values import IP6TABLES, IPTABLES
from netkit.docker.scribes import OfIptables, OfNftables
from netkit.errors import Conflict
from netkit.lab import journal
from netkit.linux import sysctls
from netkit.linux.acts import nat
from netkit.shell import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager, ExitStack

    from netkit.docker.generations.releases import Generation
    from netkit.docker.generations.values import Binding, How, Segment
    from netkit.docker.scribes import Scribe
    from netkit.lab.namespaces import Namespace

_FORWARDING = "net.ipv4.ip_forward"
_BRIDGED = "net.bridge.bridge-nf-call-iptables"
"""Whether what a bridge hands from port to port passes the filters, too."""


class Rulebook:
    """What writes the rules of a machine's docker.

    Args:
        machine: it.
        generation: whose rules.
        how: how the daemon was started.
    """

    def __init__(self, machine: Namespace, generation: Generation, how: How) -> None:
        self.machine, self.generation, self.how = machine, generation, how
        self._scribe: Scribe = OfNftables(machine) if generation.by_nftables else OfIptables(machine)
        self._switched: dict[str, str] = {}

    @property
    def filters_six(self) -> bool:
        """Whether it writes rules for IPv6 as well."""
        return self.generation.has(six.OWN_RULES)

    def together(self) -> AbstractContextManager[None]:
        """What is written or taken away within is carried out at the end, by as few programs as it can be."""
        return self._scribe.together()

    def begin(self, undo: ExitStack) -> None:
        """The machine hands packets on, by the chains and what leads into them; what undoes it is put on `undo`.

        Where iptables filters, and nobody had switched it on, nothing is handed on unless a rule allows it.
        """
        undo.callback(self._restore)
        alone = self._switch(_FORWARDING)
        with self.together():
            for tool in (IPTABLES, *((IP6TABLES,) if self.filters_six else ())):
                self._scribe.write(self.generation.writer.chains(tool), undo)
                self._scribe.write(self.generation.writer.skeleton(self.how, tool), undo)
        if alone and not self.generation.by_nftables:
            self._close(IPTABLES, undo)

    def insist_on_forwarding(self, *, ipv6: bool) -> None:
        """Refuse a network whose packets the machine does not hand on, as Docker does where it writes by nftables.

        Args:
            ipv6: whether it has IPv6, too.

        Raises:
            Conflict: a switch is off, which Docker does not switch on itself then.
        """
        if not self.generation.by_nftables or self.generation.podman:
            return
        for name in (_FORWARDING, *(six.FORWARDINGS if ipv6 else ())):
            if self.machine.sysctl(name) != "1":
                raise Conflict(
                    f"the machine does not hand packets on: {name} is 0",
                    f"Docker says: {'IPv4' if name == _FORWARDING else 'IPv6 global'} forwarding is disabled",
                    f"Where it writes by nftables it switches nothing on: nk.host.sysctl('{name}', 1)",
                )

    def begin_six(self, undo: ExitStack) -> None:
        """What the first network with IPv6 needs: the machine hands its packets on, and filters them."""
        alone = self.machine.sysctl(six.FORWARDING) == "0"
        six.forward(self.machine, undo)
        if alone and self.filters_six and not self.generation.by_nftables:
            self._close(IP6TABLES, undo)

    def _close(self, tool: str, undo: ExitStack) -> None:
        """Nothing is forwarded unless a rule allows it."""
        self._set_policy(tool, "DROP")
        undo.callback(self._set_policy, tool, "ACCEPT")

    def _set_policy(self, tool: str, verdict: str) -> None:
        if tool == IPTABLES:
            self.machine.set_policy("FORWARD", verdict)
        else:
            words = [tool, "-P", "FORWARD", verdict]
            journal.perform(self.machine.typed(joined(words)), lambda: nat.iptables(self.machine.path, words[1:], tool))

    def network(self, segment: Segment, undo: ExitStack) -> None:
        """The rules of a network, and that they meet what its bridge hands from port to port, if they have to."""
        apart, hairpin = not segment.icc, not self.how.proxy and self.generation.filters_hairpins
        if (apart or hairpin) and sysctls.value(self.machine.path, _BRIDGED) is not None:
            self._switch(_BRIDGED)
        self._scribe.write(self.generation.writer.network(segment, self.how), undo)

    def container(self, segment: Segment, address: str, undo: ExitStack) -> None:
        """The rules of a container's address on a network."""
        self._scribe.write(self.generation.writer.container(segment, address), undo)

    def links(self, segment: Segment, asker: str, linked: Mapping[str, Iterable[Binding]], undo: ExitStack) -> None:
        """The rules of a container's links, where its network keeps containers apart.

        Args:
            segment: the network, by IPv4, of which alone links are.
            asker: the container's address.
            linked: the addresses of those that it links to, and what they publish: that may be asked.
            undo: takes what removes them.
        """
        asked = {(other, f"{one.protocol} {one.there}"): None for other, ports in linked.items() for one in ports}
        writer = self.generation.writer
        self._scribe.write([rule for other, port in asked for rule in writer.link(asker, other, port, segment)], undo)

    def ports(self, published: Iterable[Binding], address: str, segment: Segment, undo: ExitStack) -> None:
        """The rules of a container's published ports.

        Two ports of the machine may lead to the same one of the container: what both need is written once.
        """
        writer = self.generation.writer
        groups = (writer.port(one, address, segment, self.how) for one in sorted(published, key=writer.order))
        self._scribe.write(dict.fromkeys(rule for group in groups for rule in group), undo)

    def _switch(self, name: str) -> bool:
        """Switch something on; whether it was off."""
        earlier = self.machine.sysctl(name)
        if earlier != "1":
            self._switched.setdefault(name, earlier)
            self.machine.sysctl(name, 1)
        return earlier != "1"

    def _restore(self) -> None:
        """Switch off what was off before."""
        for name, earlier in reversed(self._switched.items()):
            self.machine.sysctl(name, earlier)
        self._switched.clear()
