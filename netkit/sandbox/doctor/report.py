"""What the doctor found, and how it looks: as text of 80 columns, and as HTML for a notebook."""

from __future__ import annotations

import html as markup
import json
import textwrap
from itertools import groupby
from typing import NamedTuple

WIDTH = 80
_INDENT = 9 * " "
HERE, LESSONS = "this machine", "what lessons do"
"""Names of sections; those of worlds are "user world" and so on."""


class Finding(NamedTuple):
    """One thing that was examined.

    Attributes:
        section: HERE, LESSONS, or the world that it belongs to.
        name: what it is.
        works: whether it does.
        needed: whether most lessons need it.
        cause: why it does not work.
        remedy: what to do about that, and what it costs.
        line: a line to copy into a shell, empty where there is none.
    """

    section: str
    name: str
    works: bool
    needed: bool = False
    cause: str = ""
    remedy: str = ""
    line: str = ""


class Report(NamedTuple):
    """What the doctor found.

    Attributes:
        world: the world that will be used, None if none works.
        reason: why that one.
        findings: all that was examined.
        log: where the launcher's diary is.
    """

    world: str | None
    reason: str
    findings: tuple[Finding, ...]
    log: str

    @property
    def healthy(self) -> bool:
        """Whether a sandbox can be made and all that most lessons need is there."""
        return self.world is not None and all(finding.works for finding in self.findings if finding.needed)

    def to_json(self) -> str:
        """The report as JSON."""
        findings = [finding._asdict() for finding in self.findings]
        return json.dumps({**self._asdict(), "findings": findings, "healthy": self.healthy}, indent=2)

    def __str__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)


def text(report: Report) -> str:
    """The report as lines of at most 80 columns; only a line to copy may be longer.

    Args:
        report: what the doctor found.
    """
    parts = [_section(name, tuple(group)) for name, group in groupby(report.findings, lambda one: one.section)]
    end = "\n".join([*_wrapped(verdict(report), ""), f"Log: {report.log}"])
    return "\n\n".join([*parts, end])


def verdict(report: Report) -> str:
    """Which world will be used and why, in a sentence.

    Args:
        report: what the doctor found.
    """
    if report.world is None:
        return f"No sandbox can be made here ({report.reason}): notebooks answer with the reason and run nothing."
    rest = "" if report.healthy else " What is marked MISSING is needed by most lessons."
    return f"Notebooks will use the {report.world} world: {report.reason}.{rest}"


def html(report: Report) -> str:
    """The report as a table for a notebook.

    Args:
        report: what the doctor found.
    """
    rows = "".join(
        f'<tr><th colspan="2" scope="colgroup" style="text-align:left">{markup.escape(_title(name))}</th></tr>'
        + "".join(_html_row(*row) for row in _rows(tuple(group)))
        for name, group in groupby(report.findings, lambda one: one.section)
    )
    words = f"<p>{markup.escape(verdict(report))}</p><p>Log: <code>{markup.escape(report.log)}</code></p>"
    return f'<table style="text-align:left">{rows}</table>{words}'


def _title(section: str) -> str:
    return section[0].upper() + section[1:]


def _rows(findings: tuple[Finding, ...]) -> list[tuple[str, str, Finding | None]]:
    """Mark, name, and the finding where there is more to say; a world's stages that work are one row."""
    if not findings[0].section.endswith(" world"):
        return [(_mark(one), one.name, None if one.works else one) for one in findings]
    passed = ", ".join(one.name for one in findings if one.works)
    rows: list[tuple[str, str, Finding | None]] = [("works", passed, None)] if passed else []
    return rows + [(_mark(one), one.name, one) for one in findings if not one.works]


def _mark(finding: Finding) -> str:
    return "works" if finding.works else "MISSING" if finding.needed else "missing"


def _section(name: str, findings: tuple[Finding, ...]) -> str:
    lines = [_title(name)]
    for mark, what, finding in _rows(findings):
        lines += _wrapped(what, f"{mark:<{len(_INDENT)}}")
        if finding:
            lines += _wrapped(finding.cause, f"{_INDENT}because ")
            lines += _wrapped(finding.remedy, f"{_INDENT}remedy  ") if finding.remedy else []
            lines += [f"{_INDENT}$ {finding.line}"] if finding.line else []
    return "\n".join(lines)


def _wrapped(words: str, first: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=first, subsequent_indent=len(first) * " ", break_long_words=False)


def _html_row(mark: str, what: str, finding: Finding | None) -> str:
    lines = [markup.escape(what)]
    if finding:
        told = (("Because", finding.cause), ("Remedy:", finding.remedy))
        lines += [f"<i>{word}</i> {markup.escape(words)}" for word, words in told if words]
        lines += [f"<code>{markup.escape(finding.line)}</code>"] if finding.line else []
    colour = "" if mark == "works" else ' style="color:#d32f2f"'
    left = 'style="text-align:left;vertical-align:top'
    return f'<tr><td {left}"><b{colour}>{mark}</b></td><td {left};max-width:50em">{"<br>".join(lines)}</td></tr>'
