"""The style sheets (CSS) and the scripts (JavaScript) of the widgets, each in a file of its own.

The output of a cell runs no scripts, so a script here is the body of a handler such as `onclick`, where `this` and
`event` are what HTML gives it.
"""

from __future__ import annotations

import html
import re
from functools import cache
from importlib.resources import files

_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


@cache
def style(name: str) -> str:
    """A style sheet as an HTML element, without its line ends: it may stand in a notebook's outputs.

    Args:
        name: "player" for player.css.
    """
    return f"<style>{''.join(map(str.strip, _text(f'{name}.css').splitlines()))}</style>"


@cache
def on(event: str, *scripts: str) -> str:
    """An HTML attribute that runs scripts at an event.

    Args:
        event: "click", "keydown" or "change".
        scripts: "keys" for keys.js; they run one after the other.
    """
    return f'on{event}="{html.escape("".join(_text(f"{script}.js") for script in scripts))}"'


def _text(name: str) -> str:
    """What a file says, without its comments."""
    return _COMMENT.sub("", (files(__package__) / name).read_text(encoding="utf-8"))
