"""Writes docs/modules.md, every module of netkit in a line: `python tools/modules.py`.

The line is the first sentence of the module's docstring, or of a script's first comment.
"""

from __future__ import annotations

import ast
import re
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "modules.md"
_HEAD = """# Every module in a line

Which file knows what: search this page for the word that you have. It is made from the modules' own first sentences by
`python tools/modules.py`.
"""
_COMMENT = re.compile(r"\s*/\*\s*(?:\* )?(?P<first>.+?)\s*(?:\*/|\n\s*\n|\n \*\n)", re.DOTALL)


def page() -> str:
    """The page's text, folder by folder."""
    found = [path for path in sorted((ROOT / "netkit").rglob("*")) if path.suffix in (".py", ".js", ".css", ".c")]
    parts = [_HEAD]
    for folder, paths in groupby(sorted(found, key=lambda path: (path.parent, path)), key=lambda path: path.parent):
        inner = {path.name: _sentence(path) for path in paths}
        about = inner.pop("__init__.py", "")
        rows = [f"| `{name}` | {sentence} |" for name, sentence in inner.items()]
        head = [f"## {folder.relative_to(ROOT)}/", "", about, "", "| file | |", "|---|---|"]
        parts.append("\n".join([*head, *rows, ""]))
    return "\n".join(parts)


def _sentence(path: Path) -> str:
    """What a file says of itself first, on one line of a table."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
    else:
        comment = _COMMENT.match(text)
        text = comment["first"] if comment else ""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
