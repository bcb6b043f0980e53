"""Where a line may end in a text that has commands and rules in it: not between an option and its value."""

from __future__ import annotations

import re

from netkit.model.reading import NFT_FIELDS

_VALUE = r'(?:"[^"]*"|\{[^}]*\}|\S+)'
_FIELDS = "|".join(sorted((re.escape(field).replace(r"\ ", " ") for field in NFT_FIELDS), key=len, reverse=True))
_TOGETHER = re.compile(
    r"(?<![^\s\"'`“(])(?:"
    rf"(?:! )?--(?:match-set|tcp-flags) {_VALUE} \S+"  # options of iptables with two values
    rf"|(?:! )?--?[A-Za-z][\w-]*(?: (?!-|! ){_VALUE})?"
    rf"|(?:{_FIELDS})(?: !=)? {_VALUE})"
)

_GAP = re.compile(r"\s+")


def pieces(text: str) -> list[str]:
    """A text in pieces between which a line may end: words, and options with their values.

    Args:
        text: a rule of iptables or nft, a command, or a sentence that quotes one.

    Example:
        >>> pieces("sent on by -A FORWARD ! -i br0 -m tcp --dport 80 -j DROP")
        ['sent', 'on', 'by', '-A FORWARD', '! -i br0', '-m tcp', '--dport 80', '-j DROP']
    """
    kept, found, begin = together(text), [], 0
    for gap in _GAP.finditer(text):
        if not any(start < gap.start() < stop for start, stop in kept):
            found.append(text[begin : gap.start()])
            begin = gap.end()
    return [" ".join(piece.split()) for piece in (*found, text[begin:]) if piece]


def together(text: str) -> list[tuple[int, int]]:
    """Where the parts of a text begin and end that belong in one line though they have spaces."""
    return [match.span() for match in _TOGETHER.finditer(text) if " " in match[0]]
