"""How a notebook shows something drawn: an image with alternative text, how much magnified; `.save` to a file."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netkit.errors import InvalidValue
from netkit.face import face
from netkit.files import replacing
from netkit.handles import guarded, keep
from netkit.kinds import File
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MAGNIFIED, PAGE = 1.25, 940
"""How much an image is magnified in a notebook, as long as it is no wider than a page, in pixels."""


@guarded({"show": "the last line of a cell", "write": ".save(…)"})
class Image(ABC):
    """Something drawn, when it is looked at.

    Attributes:
        text (str): what it shows, in words; also the alternative text.
        svg (str): the image as SVG, byte for byte the same for the same thing.
        png (bytes): the image as PNG.
    """

    @property
    @abstractmethod
    def text(self) -> str:
        """What it shows, in words."""

    @property
    @abstractmethod
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""

    @abstractmethod
    def draw(self, ax: Axes) -> list[Artist]:
        """Draw it on axes, whose limits become those of the image, in pixels, y downward.

        Args:
            ax: where to draw.

        Returns:
            The artists, from the back to the front.
        """

    @cached_property
    def svg(self) -> str:
        """The image as SVG text."""
        from netkit.pictures.ink import render

        with render.figure(*self.size, self.draw) as page:
            return render.svg(page)

    @cached_property
    def png(self) -> bytes:
        """The image as a PNG file."""
        from netkit.pictures.ink import render

        with render.figure(*self.size, self.draw) as page:
            return render.png(page)

    @property
    def html(self) -> str:
        """The image as an HTML image that holds the SVG, with its text as the alternative text."""
        return _image_tag(self.svg, self.text, self.size[0])

    @face
    def save(self, path: File) -> None:
        """Write the image to a file.

        Args:
            path: ends with .svg, .png or .pdf, which decides the format.

        Raises:
            InvalidValue: another ending, a folder that is not there, or a file that cannot be written.
        """
        from netkit.pictures.ink import render

        if path.suffix not in {".svg", ".png", ".pdf"}:
            raise InvalidValue(
                f"{str(path)!r} does not end with .svg, .png or .pdf", "the ending decides the format", "Try 'net.svg'"
            )
        if not path.parent.is_dir():
            problem, rule = f"the folder {str(path.parent)!r} is not there", "pictures are saved in a folder that is"
            raise InvalidValue(problem, rule, "Try 'net.svg', beside the notebook")
        with render.figure(*self.size, self.draw) as page, replacing(path, "the picture", InvalidValue) as file:
            if path.suffix == ".svg":
                file.write(render.svg(page).encode())
            elif path.suffix == ".png":
                file.write(render.png(page, scale=2, colours=256))
            else:
                file.write(render.pdf(page))

    def _draw_both(self) -> None:
        """One figure serves both, which takes less time than two."""
        from netkit.pictures.ink import render

        with render.figure(*self.size, self.draw) as page:
            keep(self, svg=render.svg(page), png=render.png(page))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        if not vars(self).keys() & {"svg", "png"}:
            self._draw_both()
        png = base64.b64encode(self.png).decode()
        return {"text/html": self.html, "image/png": png, "text/plain": self.text}

    def __repr__(self) -> str:
        return visible(self.text)


def _image_tag(svg: str, text: str, width: float) -> str:
    """An HTML image that holds an SVG of some width in pixels, with its alternative text."""
    shown = min(width * MAGNIFIED, max(width, PAGE))
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{in_html(text)}" width="{shown:.0f}" '
        f'style="max-width: 100%; height: auto" src="data:image/svg+xml;base64,{data}">'
    )
