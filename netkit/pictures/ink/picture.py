"""The value of `nk.draw` that a notebook shows: drawn when it is looked at, with rings around its `highlight`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from netkit.errors import InvalidValue, NotFound
from netkit.handles import keep
from netkit.kinds import title as checked
from netkit.pictures.ink.image import Image
from netkit.pictures.ink.words import describe
from netkit.pictures.network import lay_out
from netkit.spelling import shown
from netkit.visible import in_html

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from netkit.model import End, Snapshot
    from netkit.pictures.network.scene import Scene


class Picture(Image):
    """A picture of a network, drawn when it is looked at.

    Args:
        snapshot: the network.
        title: a line above the picture.
        highlight: namespaces, and (namespace, interface) pairs, to draw a ring around.
        mac: whether to tell MAC addresses (never random ones).

    Attributes:
        text (str): the network in words, one fact a line; also the picture's alternative text. Rules that only lead to
            others are counted in it; `html` has them folded.
        svg (str): the picture as SVG, byte for byte the same for the same network.
        png (bytes): the picture as PNG.
        scene (Scene): what stands where.
    """

    def __init__(
        self, snapshot: Snapshot, *, title: str = "", highlight: Collection[str | End] = (), mac: bool = False
    ) -> None:
        keep(self, snapshot=snapshot, title=checked(title, "title"), mac=mac, highlight=_marks(snapshot, highlight))

    @cached_property
    def text(self) -> str:
        """The network in words."""
        return describe(self.snapshot, mac=self.mac)

    @property
    def html(self) -> str:
        """The picture with its alternative text, and below it, folded, the rules that were only counted."""
        counted = any(space.rules for space in self.snapshot)
        whole = describe(self.snapshot, mac=self.mac, whole=True) if counted else self.text
        if whole == self.text:
            return super().html
        return f"{super().html}<details><summary>in words, rule by rule</summary><pre>{in_html(whole)}</pre></details>"

    @cached_property
    def scene(self) -> Scene:
        """What stands where."""
        return lay_out(self.snapshot, title=self.title, mac=self.mac)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""
        return self.scene.width, self.scene.height

    def draw(self, ax: Axes) -> list[Artist]:
        """Draw it on axes; see `draw_on`."""
        from netkit.pictures.ink.artists import draw_scene

        return draw_scene(ax, self.scene, self.highlight)


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
    from netkit.pictures.ink.artists import draw_scene

    return draw_scene(ax, lay_out(snapshot, title=title, mac=mac), _marks(snapshot, highlight))


def _marks(snapshot: Snapshot, highlight: Collection[str | End]) -> tuple[str | End, ...]:
    """What to draw a ring around; each of it must be in the snapshot."""
    rule = "a highlight is a namespace's name or a pair of namespace and interface"
    wanted = (highlight,) if isinstance(highlight, str) else highlight
    if not isinstance(wanted, list | tuple | set | frozenset):
        raise InvalidValue(f"{shown(highlight)} cannot be highlighted", rule, "Try highlight=['ns1', ('ns1', 'eth0')]")
    for one in wanted:
        names = (one,) if isinstance(one, str) else one
        if not isinstance(names, tuple) or len(names) not in {1, 2} or not all(isinstance(name, str) for name in names):
            raise InvalidValue(f"{shown(one)} cannot be highlighted", rule, "Try highlight=['ns1', ('ns1', 'eth0')]")
        space = snapshot.namespaces.get(names[0])
        if space is None or (len(names) > 1 and names[1] not in space.interfaces):
            raise NotFound(f"{shown(one)} is not in this snapshot", rule, f"It has {', '.join(snapshot.namespaces)}")
    return tuple(wanted)
