"""How a scene becomes a file, SVG (dark on a dark page), PNG or PDF, byte for byte the same for the same scene."""

from __future__ import annotations

import io
import re
import threading
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from netkit.pictures.ink import palette, shapes
from netkit.pictures.network.scene import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS_PER_INCH = 72
"""One pixel of the scene is one point of the figure."""
PAGE = 1300
"""The pixels that a PNG should have from left to right, if it is a wide one."""
_SETTINGS = {
    "svg.hashsalt": "netkit",
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "pdf.fonttype": 42,
    "text.hinting": "none",
    "path.sketch": None,
    "path.effects": [],
    "path.simplify": False,
    "text.usetex": False,
}
_drawing = threading.RLock()
_NO_DATES = {"Date": None, "Creator": None, "Format": None, "Type": None}


def svg(page: Figure) -> str:
    """The figure as SVG text.

    Args:
        page: made by `figure`, while its block is open.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = io.StringIO()
    page.set(dpi=PIXELS_PER_INCH, facecolor="none")
    FigureCanvasSVG(page).print_svg(text, metadata=_NO_DATES)
    return _shortened(text.getvalue())


_DARK = "@media (prefers-color-scheme:dark){svg{filter:invert(.9) hue-rotate(180deg)}}"
"""On a dark page the picture is dark as well, and its colours keep their hues: an image has its page's color-scheme."""

_NEEDLESS = re.compile(
    r' transform="rotate\(-?0 [-0-9.]+ [-0-9.]+\)"'  # texts that are not turned
    r"|<!--.*?-->"  # what a text says, once more
    r"|font-family: 'DejaVu Sans'; ?|text-anchor: start; "
    r'| id="(?:figure|axes|patch|text|PathCollection)_[0-9]+"'
)


def _shortened(page: str) -> str:
    """The SVG without what says nothing: half the size, and notebooks hold many pictures."""
    fonts = "text{font-family:'DejaVu Sans','Verdana',sans-serif}"  # Verdana is as wide
    page = _NEEDLESS.sub("", page).replace("</style>", f"{fonts}{_DARK}</style>", 1)
    return re.sub(r"\n *", "\n", page)


def png(page: Figure, scale: float = 0.0, colours: int = 96) -> bytes:
    """The figure as a PNG with few colours, hence small.

    Args:
        page: made by `figure`, while its block is open.
        scale: pixels of the image for a pixel of the scene; 0 for what a page needs, at most 1.5.
        colours: how many colours it may have, at most 256.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    scale = scale or min(1.5, max(1.0, PAGE / (page.get_figwidth() * PIXELS_PER_INCH)))
    page.set(dpi=PIXELS_PER_INCH * scale, facecolor=palette.CARD)
    canvas = FigureCanvasAgg(page)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    image.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def pdf(page: Figure) -> bytes:
    """The figure as a PDF page.

    Args:
        page: made by `figure`, while its block is open.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    file = io.BytesIO()
    page.set(dpi=PIXELS_PER_INCH, facecolor="none")
    FigureCanvasPdf(page).print_pdf(file, metadata={"CreationDate": None})
    return file.getvalue()


@contextmanager
def figure(width: float, height: float, draw: Callable[[Axes], object]) -> Iterator[Figure]:
    """A figure with a drawing on a card, whatever the learner's own matplotlib settings are.

    Args:
        width: of the drawing, in pixels.
        height: of the drawing, in pixels.
        draw: draws it; it sets the limits of the axes to those of the drawing, y downward.
    """
    import matplotlib as mpl
    from matplotlib.collections import PathCollection

    with _drawing, mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a browser has other fonts for them
        page, ax = _page()
        page.set(dpi=PIXELS_PER_INCH, facecolor="none")
        page.set_size_inches(max(width, 1) / PIXELS_PER_INCH, max(height, 1) / PIXELS_PER_INCH)
        card = shapes.rounded(Box(0.75, 0.75, width - 1.5, height - 1.5), 10)
        ax.add_collection(
            PathCollection([card], facecolors=[palette.CARD], edgecolors=[palette.CARD_EDGE], linewidths=[1], zorder=0),
            autolim=False,
        )
        try:
            draw(ax)
            yield page
        finally:
            for artist in [*ax.collections, *ax.texts]:
                artist.remove()


@cache
def _page() -> tuple[Figure, Axes]:
    """An empty figure and its axes, for one drawing after the other: making them takes longer than a small drawing."""
    from matplotlib.figure import Figure

    page = Figure()
    return page, page.add_axes((0, 0, 1, 1))
