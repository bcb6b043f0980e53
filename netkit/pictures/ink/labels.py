"""Knows how a text of a scene is drawn: a matplotlib text whose width the layout has measured already."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from netkit.pictures.ink import palette
from netkit.pictures.network.measure import text_width

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netkit.pictures.network.scene import Text

FONT = "DejaVu Sans"
"""The font whose letters the layout measured; matplotlib brings it along."""


@cache
def _label_class() -> type:
    """The class, made on first use because it needs matplotlib."""
    from matplotlib.text import Text as MatplotlibText

    class Label(MatplotlibText):
        """A line of text that is drawn where it was put: measuring and clipping it would take most of the time."""

        def set_clip_path(self, *_: Any) -> None:
            """Nothing is cut off."""

        def draw(self, renderer: Any) -> None:
            if not self.get_visible() or not self.get_text():
                return
            x, y = self.get_transform().transform(self.get_unitless_position())
            size = renderer.points_to_pixels(self.get_fontsize())
            width = text_width(self.get_text(), size, bold=self.get_fontweight() == "bold")
            x -= {"left": 0.0, "center": width / 2, "right": width}[self.get_horizontalalignment()]
            if renderer.flipy():
                y = renderer.get_canvas_width_height()[1] - y
            gc = renderer.new_gc()
            gc.set_foreground(self.get_color())
            renderer.draw_text(gc, x, y, self.get_text(), self.get_fontproperties(), 0, mtext=self)
            gc.restore()
            self.stale = False

    return Label


def add_label(ax: Axes, text: Text, scale: float, z: int) -> Artist:
    """Add a text of a scene to the axes.

    Args:
        ax: where to draw.
        text: what it says, and where.
        scale: points of the figure for a pixel of the scene.
        z: how far in front it stands.
    """
    label = _label_class()(
        text.x,
        text.y,
        text.text,
        fontfamily=FONT,
        fontsize=text.size * scale,
        fontweight="bold" if text.bold else "normal",
        color=palette.TEXTS[text.role],
        ha={"start": "left", "middle": "center", "end": "right"}[text.anchor],
        va="baseline",
        parse_math=False,
        zorder=z,
    )
    label.set_transform(ax.transData)
    return ax.add_artist(label)
