"""Knows the value that a notebook shows for a picture of a network."""

from __future__ import annotations

import base64
import html
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netkit.drawing.words import describe
from netkit.errors import InvalidValue
from netkit.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netkit.layout.scene import End, Scene
    from netkit.model import Snapshot


class Picture:
    """A picture of a network, drawn when it is looked at.

    Args:
        snapshot: the network.
        title: a line above the picture.
        highlight: namespaces, and (namespace, interface) pairs, to draw a ring around.
        mac: whether to tell MAC addresses (never random ones).

    Attributes:
        text (str): the network in words, one fact a line; also the picture's alternative text.
        svg (str): the picture as SVG, byte for byte the same for the same network.
        png (bytes): the picture as PNG.
        scene (Scene): what stands where.
    """

    def __init__(
        self, snapshot: Snapshot, *, title: str = "", highlight: Collection[str | End] = (), mac: bool = False
    ) -> None:
        self.snapshot, self.title, self.highlight, self.mac = snapshot, title, tuple(highlight), mac

    @cached_property
    def text(self) -> str:
        """The network in words."""
        return describe(self.snapshot, mac=self.mac)

    @cached_property
    def scene(self) -> Scene:
        """What stands where."""
        return lay_out(self.snapshot, title=self.title, mac=self.mac)

    @cached_property
    def _drawn(self) -> tuple[str, bytes]:
        """SVG and PNG; one figure serves both."""
        from netkit.drawing import render

        with render.figure_of(self.scene, self.highlight) as figure:
            return render.svg(figure), render.png(figure)

    @property
    def svg(self) -> str:
        """The picture as SVG text."""
        return self._drawn[0]

    @property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._drawn[1]

    @property
    def html(self) -> str:
        """The picture as an HTML image that holds the SVG, with its text as the alternative text."""
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<img alt="{html.escape(self.text)}" width="{self.scene.width:.0f}" '
            f'style="max-width: 100%; height: auto" src="data:image/svg+xml;base64,{data}">'
        )

    def save(self, path: str | Path) -> None:
        """Write the picture to a file.

        Args:
            path: ends with .svg, .png or .pdf, which decides the format.

        Raises:
            InvalidValue: another ending, or a folder that is not there.
        """
        from netkit.drawing import render

        path = Path(path)
        if path.suffix not in {".svg", ".png", ".pdf"}:
            raise InvalidValue(
                f"{str(path)!r} does not end with .svg, .png or .pdf", "the ending decides the format", "Try 'net.svg'"
            )
        if not path.parent.is_dir():
            raise InvalidValue(
                f"the folder {str(path.parent)!r} is not there", "pictures are saved in a folder that is"
            )
        with render.figure_of(self.scene, self.highlight) as figure:
            if path.suffix == ".svg":
                path.write_bytes(render.svg(figure).encode())
            elif path.suffix == ".png":
                path.write_bytes(render.png(figure, scale=2, colours=256))
            else:
                path.write_bytes(render.pdf(figure))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        png = base64.b64encode(self.png).decode()
        return {"text/html": self.html, "image/png": png, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def draw_on(
    ax: Axes, snapshot: Snapshot, *, title: str = "", highlight: Collection[str | End] = (), mac: bool = False
) -> list[Artist]:
    """Draw a network on the axes of a figure of one's own.

    Args:
        ax: where to draw; its limits become those of the picture, in pixels, y downward.
        snapshot: the network.
        title: a line above the picture.
        highlight: namespaces, and (namespace, interface) pairs, to draw a ring around.
        mac: whether to tell MAC addresses (never random ones).

    Returns:
        The artists, from the back to the front.
    """
    from netkit.drawing.artists import draw_scene

    return draw_scene(ax, lay_out(snapshot, title=title, mac=mac), highlight)
