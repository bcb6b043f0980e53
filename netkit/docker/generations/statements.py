"""Rules of nftables as values: tables, maps and chains, elements of maps, and rules that have a rank in their chain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A table, or a map or chain in one, that Docker makes.

    Attributes:
        kind: "table", "map" or "chain".
        table: its family and name: "ip docker-bridges".
        name: of the map or chain.
        words: what it is, as behind its name.
    """

    kind: str
    table: str
    name: str = ""
    words: str = ""

    @property
    def add(self) -> str:
        """What makes it, behind `nft`."""
        return " ".join(filter(None, ("add", self.kind, self.table, self.name, self.words)))

    @property
    def delete(self) -> str:
        """What removes it, behind `nft`."""
        return " ".join(filter(None, ("delete", self.kind, self.table, self.name)))


@dataclass(frozen=True)
class Element:
    """An element of a map: what happens to packets of an interface.

    Attributes:
        table: "ip docker-bridges".
        map: its name.
        key: the interface.
        verdict: "jump filter-forward-in__docker0".
    """

    table: str
    map: str
    key: str
    verdict: str

    @property
    def add(self) -> str:
        """What makes it, behind `nft`."""
        return f'add element {self.table} {self.map} {{ "{self.key}" : {self.verdict} }}'

    @property
    def delete(self) -> str:
        """What removes it, behind `nft`."""
        return f'delete element {self.table} {self.map} {{ "{self.key}" }}'


@dataclass(frozen=True)
class Statement:
    """A rule of nftables.

    Attributes:
        table: "ip docker-bridges".
        chain: its name.
        words: what it matches, and what it does, as `nft list` writes it, without the numbers of counters.
        rank: in its chain: it stands behind those of a lower rank and before those of a higher one.
        first: whether it stands before those of its own rank that are there, and not behind them.
    """

    table: str
    chain: str
    words: str
    rank: int = 0
    first: bool = False

    def place(self, ranks: list[int]) -> int:
        """Where it goes among rules of these ranks."""
        return sum(rank < self.rank or (rank == self.rank and not self.first) for rank in ranks)

    @property
    def add(self) -> str:
        """What adds it at the end of its chain, behind `nft`."""
        return f"add rule {self.table} {self.chain} {self.words}"


Value = Part | Element | Statement


class Chains:
    """What stands in the chains of one docker, in order; a chain in which anything else changes is written anew."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], list[Statement]] = {}

    def adding(self, values: list[Value]) -> list[str]:
        """What is typed behind `nft` to add values; from now on they are there."""
        before = {place: list(own) for place, own in self._held.items()}
        lines = [each.add for each in values if not isinstance(each, Statement)]
        new = [each for each in values if isinstance(each, Statement)]
        for one in new:
            own = self._held.setdefault((one.table, one.chain), [])
            own.insert(one.place([other.rank for other in own]), one)
        for place in dict.fromkeys((one.table, one.chain) for one in new):
            old, own = before.get(place, []), self._held[place]
            anew = own[: len(old)] != old
            lines += _written(place, own) if anew else [one.add for one in own[len(old) :]]
        return lines

    def removing(self, values: list[Value]) -> list[str]:
        """What is typed behind `nft` to remove values, those that were added last first; they are gone from now on."""
        gone = [each for each in reversed(values) if isinstance(each, Part)]
        chains = {(each.table, each.name) for each in gone if each.kind == "chain"}
        touched = dict.fromkeys((one.table, one.chain) for one in values if isinstance(one, Statement))
        lines = []
        for place in touched:
            own = self._held[place] = [one for one in self._held.get(place, []) if one not in values]
            lines += _written(place, [] if place in chains else own)
        lines += [each.delete for each in reversed(values) if isinstance(each, Element)]
        return lines + [each.delete for each in gone]


def _written(place: tuple[str, str], own: list[Statement]) -> list[str]:
    return [f"flush chain {' '.join(place)}", *(one.add for one in own)]
