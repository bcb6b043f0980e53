"""Knows how a text of a scene is drawn: a matplotlib text in DejaVu Sans whose width the layout has measured."""

from __future__ import annotations

from functools import cache, lru_cache
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.pictures.ink import palette
from netkit.pictures.network.measure import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties
    from numpy import ndarray

    from netkit.pictures.network.scene import Text

FONT = "DejaVu Sans"
"""The font whose letters the layout measured; matplotlib brings it along."""
_ABOVE, _BELOW, _BESIDE = 1.5, 0.6, 1.0
"""How far a letter may reach out of its line of text, in ems."""


@cache
def _label_class() -> type:
    """The class, made on first use because it needs matplotlib."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.text import Text as MatplotlibText

    class Label(MatplotlibText):
        """A line of text that is drawn where it was put: measuring and clipping it would take most of the time."""

        def set_clip_path(self, *_: Any) -> None:
            """Nothing is cut off."""

        def draw(self, renderer: Any) -> None:
            if not self.get_visible() or not self.get_text():
                return
            x, y = self.get_transform().transform(self.get_position())
            ink = Ink(self.get_text(), self.get_fontsize(), self.get_fontweight() == "bold", self.get_color())
            width = text_width(ink.text, renderer.points_to_pixels(ink.size), bold=ink.bold)
            x -= {"left": 0.0, "center": width / 2, "right": width}[self.get_horizontalalignment()]
            gc = renderer.new_gc()
            if isinstance(renderer, RendererAgg) and ink.text.isascii():  # others may be wider than was measured
                pixels, left, below = _pixels(ink, renderer.dpi, (x % 1, y % 1))
                renderer.draw_image(gc, floor(x) - left, floor(y) - below, pixels)
            else:
                y = renderer.get_canvas_width_height()[1] - y if renderer.flipy() else y
                gc.set_foreground(ink.colour)
                renderer.draw_text(gc, x, y, ink.text, self.get_fontproperties(), 0, mtext=self)
            gc.restore()
            self.stale = False

    return Label


class Ink(NamedTuple):
    """What a label's pixels follow from: its text, the size of its letters in points, their weight and colour."""

    text: str
    size: float
    bold: bool
    colour: str


@lru_cache(2048)
def _pixels(ink: Ink, dpi: float, place: tuple[float, float]) -> tuple[ndarray, int, int]:
    """The pixels of a label: the same are drawn again and again, and letters take most of a picture's time.

    Args:
        ink: what is drawn.
        dpi: pixels for 72 points.
        place: how far right of a pixel's left edge, and above its lower one, the text begins.

    Returns:
        The pixels, the lowest row first, and how many there are to the left of its beginning and below its base line.
    """
    from matplotlib.backends.backend_agg import RendererAgg
    from numpy import asarray

    em = ink.size * dpi / 72
    left, above, below = (ceil(em * part) for part in (_BESIDE, _ABOVE, _BELOW))
    page = RendererAgg(ceil(text_width(ink.text, em, bold=ink.bold)) + 2 * left, above + below, dpi)
    gc = page.new_gc()
    gc.set_foreground(ink.colour)
    page.draw_text(gc, left + place[0], above - place[1], ink.text, _font(ink.size, bold=ink.bold), 0)
    return asarray(page.buffer_rgba())[::-1].copy(), left, below


def add_labels(ax: Axes, texts: Iterable[Text], scale: float, z: int) -> list[Artist]:
    """Add texts of a scene to the axes.

    Args:
        ax: where to draw.
        texts: what they say, and where.
        scale: points of the figure for a pixel of the scene.
        z: how far in front they stand.
    """
    place = ax.transLimits + ax.transAxes  # transData, which may be no affine one, is worked out anew at each point
    return [
        ax.add_artist(
            _label_class()(
                text.x,
                text.y,
                text.text,
                color=palette.TEXTS[text.role],
                horizontalalignment={"start": "left", "middle": "center", "end": "right"}[text.anchor],
                fontproperties=_font(text.size * scale, bold=text.bold),
                parse_math=False,
                zorder=z,
                transform=place,
            )
        )
        for text in texts
    ]


@lru_cache(64)
def _font(size: float, *, bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
