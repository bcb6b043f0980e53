"""What every generation of rules answers: which chains there are, and what a network, a container and a port add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.docker.generations.values import Binding, Chain, How, Rule, Segment


class Writer(Protocol):
    """A generation of rules of iptables."""

    def chains(self, tool: str) -> Sequence[Chain]:
        """The chains that the daemon makes when it starts."""
        ...

    def skeleton(self, how: How, tool: str) -> Sequence[Rule]:
        """What leads packets into the chains, made once at the start."""
        ...

    def network(self, segment: Segment, how: How) -> Sequence[Rule]:
        """The rules of a network."""
        ...

    def container(self, segment: Segment, address: str) -> Sequence[Rule]:
        """The rules of a container's address on a network, whether it publishes a port or not."""
        ...

    def link(self, asker: str, server: str, asked: str, segment: Segment) -> Sequence[Rule]:
        """The rules of `--link` to a port of another container, "tcp 80", on a network that keeps them apart."""
        ...

    def order(self, published: Binding) -> tuple[int, bool, int]:
        """What a container's published ports are sorted by."""
        ...

    def port(self, published: Binding, address: str, segment: Segment, how: How) -> Sequence[Rule]:
        """The rules of a published port of the container that has an address on a network."""
        ...
