"""Takes the README's picture out of notebook 04, which drew it: docs/bridge.svg."""

import base64
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK, PICTURE = ROOT / "notebooks" / "04-build-docker-bridge.ipynb", ROOT / "docs" / "bridge.svg"
SOURCE = re.compile(r'src="data:image/svg\+xml;base64,([^"]+)"')


def pictures() -> list[bytes]:
    """The pictures in the notebook's outputs, as SVG, in their order."""
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    pages = [
        str(output.data["text/html"])
        for cell in cells
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    return [base64.b64decode(source) for page in pages for source in SOURCE.findall(page)]


def whole_network() -> bytes:
    """The picture of two containers, the bridge and its address: the one before the trap."""
    return pictures()[-2]


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(whole_network())
