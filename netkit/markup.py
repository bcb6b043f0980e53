"""Rows of tables, as aligned text and as HTML: headings say what they head, what failed stands on orange ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.model.pieces import together
from netkit.visible import in_html, in_line

if TYPE_CHECKING:
    from collections.abc import Sequence

LEFT = "text-align:left"
FAILED = "background:rgba(213,94,0,.2)"
"""Orange that lets the page's ground through: it shows on light and on dark pages.  It never stands without a sign."""
_NAME = "font-weight:normal"


def row(cells: Sequence[str], *, scope: str = "", failed: bool = False, styles: Sequence[str] = ()) -> str:
    """A row of a table; the spaces that a cell begins with stay.

    Args:
        cells: what they say.
        scope: "col" where all of them are headings of columns, "row" where the first one names the row.
        failed: whether it says that something is not as it should be; one of its cells has a sign for that, too.
        styles: of each cell; all stand to the left without any.

    Example:
        >>> row(["hop", "where"], scope="col")
        '<tr><th scope="col" style="text-align:left">hop</th><th scope="col" style="text-align:left">where</th></tr>'
    """
    inner = []
    for place, (cell, style) in enumerate(zip(cells, styles or [LEFT] * len(cells), strict=True)):
        heading = scope == "col" or (scope == "row" and place == 0)
        tag, said = ("th", f' scope="{scope}"') if heading else ("td", "")
        parts = [style, *([_NAME] if heading and scope == "row" else []), *([FAILED] if failed else [])]
        inner.append(f'<{tag}{said} style="{"; ".join(parts)}">{_kept(cell)}</{tag}>')
    return f"<tr>{''.join(inner)}</tr>"


def table(headings: Sequence[str], rows: Sequence[str], styles: Sequence[str] = ()) -> str:
    """A table with headings; nothing where it has no rows.

    Args:
        headings: of its columns.
        rows: as `row` made them.
        styles: of each heading.
    """
    head = row(headings, scope="col", styles=styles)
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""


def aligned(rows: Sequence[Sequence[str]], *, right: int = 0, gap: str = "  ") -> list[str]:
    """Rows of a table as lines of text.

    Args:
        rows: of equal length.
        right: how many columns, from the left, are set to the right.
        gap: what stands between two columns.

    Example:
        >>> aligned([["no", "where"], ["1", "ns1"]], right=1)
        ['no  where', ' 1  ns1']
    """
    rows = [list(map(in_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    forms = [f"{'>' if place < right else '<'}{width}" for place, width in enumerate(widths)]
    return [gap.join(map(format, row, forms)).rstrip() for row in rows]


def broken(text: str) -> str:
    """A text for a page; a line of it does not end between an option and its value.

    Args:
        text: with rules and commands in it, perhaps.

    Example:
        >>> broken("-p tcp")
        '<span style="white-space:pre">-p tcp</span>'
    """
    parts, end = [], 0
    for start, stop in together(text):
        parts += [in_html(text[end:start]), f'<span style="white-space:pre">{in_html(text[start:stop])}</span>']
        end = stop
    return "".join(parts) + in_html(text[end:])


def _kept(cell: str) -> str:
    inner = cell.lstrip(" ")
    return "&nbsp;" * (len(cell) - len(inner)) + broken(inner)
