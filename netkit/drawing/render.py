"""Knows how a scene becomes a file: SVG, PNG or PDF, byte for byte the same for the same scene."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netkit.drawing import palette, shapes
from netkit.drawing.artists import draw_scene
from netkit.layout.scene import Box

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from matplotlib.figure import Figure

    from netkit.layout.scene import End, Scene

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
    "font.sans-serif": ["DejaVu Sans", "Verdana"],  # the font that the layout measured; one as wide in browsers
}
_NO_DATES = {"Date": None, "Creator": None, "Format": None, "Type": None}


def svg(scene: Scene, highlight: Collection[str | End] = ()) -> str:
    """The scene as SVG text.

    Args:
        scene: what to draw.
        highlight: see `draw_scene`.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with _figure(scene, highlight) as figure:
        page = io.StringIO()
        FigureCanvasSVG(figure).print_svg(page, metadata=_NO_DATES)
    return _shortened(page.getvalue())


_NEEDLESS = re.compile(
    r' transform="rotate\(-0 [-0-9.]+ [-0-9.]+\)"'  # texts that are not turned
    r"|<!--.*?-->"  # what a text says, once more
    r"|font-family: 'DejaVu Sans', 'Verdana', sans-serif; |text-anchor: start; "
    r'| id="(?:figure|axes|patch|text|PathCollection)_[0-9]+"'
)


def _shortened(page: str) -> str:
    """The SVG without what says nothing: half the size, and notebooks hold many pictures."""
    fonts = "text{font-family:'DejaVu Sans','Verdana',sans-serif}"
    page = _NEEDLESS.sub("", page).replace("</style>", f"{fonts}</style>", 1)
    return re.sub(r"\n *", "\n", page)


def png(scene: Scene, highlight: Collection[str | End] = (), scale: float = 0.0, colours: int = 96) -> bytes:
    """The scene as a PNG with few colours, hence small.

    Args:
        scene: what to draw.
        highlight: see `draw_scene`.
        scale: pixels of the image for a pixel of the scene; 0 for what a page needs, at most 1.5.
        colours: how many colours it may have, at most 256.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    scale = scale or min(1.5, max(1.0, PAGE / scene.width))
    with _figure(scene, highlight) as figure:
        figure.set(dpi=PIXELS_PER_INCH * scale, facecolor=palette.CARD)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    image.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def pdf(scene: Scene, highlight: Collection[str | End] = ()) -> bytes:
    """The scene as a PDF page.

    Args:
        scene: what to draw.
        highlight: see `draw_scene`.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    with _figure(scene, highlight) as figure:
        file = io.BytesIO()
        FigureCanvasPdf(figure).print_pdf(file, metadata={"CreationDate": None})
    return file.getvalue()


@contextmanager
def _figure(scene: Scene, highlight: Collection[str | End]) -> Iterator[Figure]:
    """A figure with the scene on a card, whatever the learner's own matplotlib settings are."""
    import matplotlib as mpl
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a browser has other fonts for them
        size = (scene.width / PIXELS_PER_INCH, scene.height / PIXELS_PER_INCH)
        figure = Figure(figsize=size, dpi=PIXELS_PER_INCH, facecolor="none")
        ax = figure.add_axes((0, 0, 1, 1))
        card = shapes.rounded(Box(0.75, 0.75, scene.width - 1.5, scene.height - 1.5), 10)
        ax.add_collection(
            PathCollection([card], facecolors=[palette.CARD], edgecolors=[palette.CARD_EDGE], linewidths=[1], zorder=0),
            autolim=False,
        )
        draw_scene(ax, scene, highlight)
        yield figure
