"""A frame as a page: layers and fields beside the bytes (512 at most); pointing at either lights the other.

The browser does the lighting by CSS alone: a field and its bytes bear the same class.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netkit.packets.layers import layers
from netkit.packets.reader import STANDARD
from netkit.visible import in_html
from netkit.widgets.page import on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netkit.model import Frame
    from netkit.packets.layers import Field, Layer

MOST_BYTES = 512
"""So many of a frame's bytes are shown."""
_ROW = 16

Values = dict[tuple[str, int, str], str]
"""What each field says, by layer, which layer of that name, and field."""


def page(frame: Frame, before: Frame | None = None, tunnels: frozenset[int] = STANDARD) -> str:
    """The layers and the bytes of a frame, as HTML.

    Args:
        frame: as recorded.
        before: the same packet where it was seen before; fields that differ tell what they were.
        tunnels: the UDP ports of VXLAN.
    """
    found = layers(frame.data, frame.link, tunnels)
    was = values(layers(before.data, before.link, tunnels)) if before else {}
    now = values(found)
    keys = iter(now)
    sections, number = [], 0
    for place, layer in enumerate(found):
        rows = []
        for field in layer.fields:
            key = next(keys)
            rows.append(_row(number, field, was.get(key) if before else None))
            number += 1
        sections.append(_section(place, layer, rows))
    return (
        f"{_lights(number, len(found))}"
        f'<div class="netkit-fields" role="group" aria-label="Layers and fields" {on("keydown", "quiet")}>'
        f"{''.join(sections)}</div>"
        f'<div class="netkit-hex" role="group" aria-label="Bytes in hexadecimal">{_dump(frame, found)}</div>'
    )


def values(found: Iterable[Layer]) -> Values:
    """What each field says.

    Args:
        found: the layers of a frame.
    """
    said: Values = {}
    names: Counter[str] = Counter()
    for layer in found:
        fields: Counter[str] = Counter()
        for field in layer.fields:
            fields[field.name] += 1
            again = f" {fields[field.name]}" if fields[field.name] > 1 else ""
            said[layer.name, names[layer.name], field.name + again] = field.value
        names[layer.name] += 1
    return said


def _lights(fields: int, sections: int) -> str:
    """The rules that light a field together with its bytes, and the bytes of a layer."""
    classes = [f"f{number}" for number in range(fields)]
    pairs = [f".netkit-frame:has(.{name}:is(:hover,:focus)) .{name}" for name in classes]
    pairs += [f".netkit-frame:has(.h{n}:is(:hover,:focus)) .l{n}" for n in range(sections)]
    lit = "background:var(--nk-mark);color:var(--nk-mark-ink);outline:1px solid var(--nk-mark-ink);font-weight:700"
    return f"<style>{','.join(pairs)}{{{lit}}}</style>"


def _section(place: int, layer: Layer, rows: Sequence[str]) -> str:
    size = f"{layer.stop - layer.start} bytes, from {layer.start} on"
    return (
        f'<details open><summary class="h{place}"><b>{in_html(layer.name)}</b> '
        f"<small>{size}</small></summary>"
        f"<table><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _row(number: int, field: Field, was: str | None) -> str:
    changed = was is not None and was != field.value
    note = f' <em class="netkit-was">was {in_html(was or "")}</em>' if changed else ""
    last = field.stop - 1
    span = str(field.start) if field.start == last else f"{field.start}-{last}"
    return (
        f'<tr class="f{number}{" netkit-differs" if changed else ""}" tabindex="0">'
        f'<th scope="row">{in_html(field.name)}</th><td>{in_html(field.value)}{note}</td>'
        f"<td><small>{_bits(field)}{span}</small></td></tr>"
    )


def _bits(field: Field) -> str:
    if field.bits % 8 == 0:
        return ""
    return f"{field.bits} bit{'s' * (field.bits > 1)}, "


def _dump(frame: Frame, found: Sequence[Layer]) -> str:
    marks = _marks(found)
    shown = frame.data[:MOST_BYTES]
    lines = [_line(start, shown[start : start + _ROW], marks) for start in range(0, len(shown), _ROW)]
    notes = []
    if more := len(frame.data) - len(shown):
        notes.append(f"{more} more bytes.")
    if frame.length > len(frame.data):
        notes.append(f"On the wire it had {frame.length} bytes; {len(frame.data)} were recorded.")
    return "".join(lines) + "".join(f"<div>{note}</div>" for note in notes)


def _marks(found: Sequence[Layer]) -> Mapping[int, str]:
    """The classes of each byte: those of its fields, and of its layer."""
    marks: dict[int, str] = {}
    number = 0
    for place, layer in enumerate(found):
        for byte in range(layer.start, min(layer.stop, MOST_BYTES)):
            marks[byte] = f"l{place}"
        for field in layer.fields:
            for byte in range(field.start, min(field.stop, MOST_BYTES)):
                marks[byte] += f" f{number}"
            number += 1
    return marks


def _line(start: int, data: bytes, marks: Mapping[int, str]) -> str:
    """One line of the dump: where it begins, the bytes, the letters."""
    cells = "".join(f'<span class="{marks[start + i]}">{byte:02x}</span>' for i, byte in enumerate(data))
    letters = "".join(
        f'<span class="{marks[start + i]}">{in_html(chr(byte)) if 32 <= byte < 127 else "·"}</span>'
        for i, byte in enumerate(data)
    )
    return f"<div><i>{start:04x}</i><code>{cells}</code><samp>{letters}</samp></div>"
