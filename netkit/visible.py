"""Text from outside as it may be shown: ESC, BEL, bidirectional controls and all that cannot be seen become escapes.

Programs, wires and files give text of any kind.  ESC begins what moves a terminal's cursor or sets its title (ECMA-48),
BEL rings, and the bidirectional controls of Unicode (UAX 9) let a line read otherwise than it is written.
"""

from __future__ import annotations

import re

_PERHAPS = re.compile(r"[^\n\t -~]")
_PERHAPS_IN_LINE = re.compile(r"[^ -~]")


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def visible(text: str) -> str:
    r"""A text of several lines: letters that cannot be seen are escapes, but for ends of lines and tabs.

    Args:
        text: any.

    Example:
        >>> visible("red: \x1b[31m\n")
        'red: \\x1b[31m\n'
    """
    return _PERHAPS.sub(_escaped, text)


def in_line(text: str) -> str:
    r"""A name, or whatever else has to stay in its line.

    Args:
        text: any.

    Example:
        >>> in_line("a\x07b")
        'a\\x07b'
    """
    return _PERHAPS_IN_LINE.sub(_escaped, text)


def in_html(text: str) -> str:
    """A text as part of a page, in an attribute too.

    Args:
        text: any.

    Example:
        >>> in_html("<b>")
        '&lt;b&gt;'
    """
    import html  # of no use to a kernel that starts

    return html.escape(visible(text))
