"""What `nk.why` says, as a value that a terminal and a notebook show: layer, explanation, evidence, repair."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from netkit.diagnosis.findings import LAYERS
from netkit.markup import broken, row
from netkit.visible import in_html, visible


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """Why packets from a namespace do not get an answer, or that they do.

    Attributes:
        source: the namespace that asks.
        destination: whom it asks, with port and protocol where they matter.
        ok: whether the destination answers.
        layer: the first layer that fails: "link", "carrier", "address", "route", "neighbour", "bridge", "tunnel",
            "sysctl", "filter", "nat", "conntrack", "qdisc", "tc", "mtu", "return path", "service", "name"; "" when all
            is well.
        explanation: what is wrong, in words.
        evidence: what shows it: each a command as one types it on the host and, on the lines below, what it says.
        repair: shell lines that mend it when they are run on the host; empty when all is well, or nobody can know.
        where: the namespace that the fault is in; "" when all is well.
        walked: by layer, what was found in order on the way there and back.

    Example:
        >>> Diagnosis("ns1", "172.17.1.2", ok=True, walked={"link": ("eth1 in ns1",)})
        ✓ ns1 reaches 172.17.1.2
          ✓ link: eth1 in ns1
    """

    source: str
    destination: str
    ok: bool
    layer: str = ""
    explanation: str = ""
    evidence: list[str] = field(default_factory=list)
    repair: list[str] = field(default_factory=list)
    where: str = ""
    walked: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.ok

    def _head(self) -> str:
        return f"{self.source} {'reaches' if self.ok else 'does not reach'} {self.destination}"

    def _layers(self) -> list[tuple[str, str, str]]:
        """(sign, layer, words), in the order of the layers."""
        lines = []
        for layer in LAYERS:
            if layer == self.layer:
                lines.append(("✗", layer, self.explanation))
            elif layer in self.walked:
                lines.append(("✓", layer, ", ".join(self.walked[layer])))
        return lines

    def __repr__(self) -> str:
        lines = [f"{'✓' if self.ok else '✗'} {self._head()}"]
        lines += [f"  {sign} {layer}: {words}" for sign, layer, words in self._layers()]
        for title, texts in (("what shows it", self.evidence), ("repair, on the host", self.repair)):
            if texts:
                lines += [f"  {title}:", *(textwrap.indent(text, " " * 4) for text in texts)]
        return visible("\n".join(lines))

    def _repr_html_(self) -> str:
        rows = "".join(
            row((f"{sign} {layer}", words), scope="row", failed=layer == self.layer)
            for sign, layer, words in self._layers()
        )
        parts = [f"<p><strong>{'✓' if self.ok else '✗'} {in_html(self._head())}</strong></p><table>{rows}</table>"]
        for title, texts in (("What shows it", self.evidence), ("Repair, on the host", self.repair)):
            if texts:
                parts.append(f"<p>{title}:</p><pre>{broken(chr(10).join(texts))}</pre>")
        return "".join(parts)
