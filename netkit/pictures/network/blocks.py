"""Knows what a block is: a namespace's room and everything below it, in columns.

The room is as wide as all that stands below it.  A column may hold several simple rooms, one below the other; the
cables of the lower ones run down lanes at the column's left side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.pictures.network.room import BETWEEN, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.model import End
    from netkit.pictures.network.grid import Grid
    from netkit.pictures.network.parts import Slot
    from netkit.pictures.network.scene import Lanes, Scene

BELOW = 48.0
"""Pixels between a room and what stands below it."""
ROW_GAP, ROW_GAP_COMPACT = 42.0, 30.0
"""Pixels between two rows of simple rooms."""
CHANNEL = 14.0
"""Pixels between two cables that run beneath a row."""
LANE = 7.5
"""Pixels between two cables that run down beside a column."""


@dataclass(eq=False)
class Column:
    """Rooms below one another that hang on the same room above.

    Attributes:
        blocks: the rooms, from above.
        gap: the space to the left of the column.
        ports: the slots on the wall above with their x from the left of the column.
        lanes: the x of its lane, from the left of the column, for each cable that needs one, by its lower end.
        lane: the width of all lanes.
        x: of the column, from the left of the room above.
    """

    blocks: Sequence[Block | Grid]
    gap: float = 0.0
    ports: list[tuple[Slot, float]] = field(default_factory=list)
    lanes: dict[End, float] = field(default_factory=dict)
    lane: float = 0.0
    x: float = 0.0

    @property
    def width(self) -> float:
        """The width of its lanes and its rooms."""
        return self.lane + max(block.plan.width for block in self.blocks)


@dataclass(eq=False)
class Block:
    """A room and everything below it.

    Attributes:
        plan: the room.
        columns: what stands below.
        free: the slots on its lower wall from which no cable leads down to a room below.
        under: how many cables run beneath the row of rooms that it is in.
        under_below: how many run beneath the row below it.
    """

    plan: Plan
    columns: list[Column] = field(default_factory=list)
    free: list[Slot] = field(default_factory=list)
    under: int = 0
    under_below: int = 0

    def settle(self, width: float = 0.0) -> None:
        """Take at least this width, and put the columns and the slots on the lower wall to their places."""
        below = sum(column.gap + column.width for column in self.columns)
        lower = below + sum(s.left + s.right + BETWEEN for s in self.free)
        width = max(width, self.plan.need(lower))
        x = self.plan.inner_left()
        x += max(0.0, (width - x - self.plan.inner_right() - lower) / 2)
        for column in self.columns:
            column.x = x + column.gap
            for port, offset in column.ports:
                port.x = column.x + offset
            x = column.x + column.width
        for one in self.free:
            one.x = x + BETWEEN / 2 + one.left
            x = one.x + one.right + BETWEEN / 2
        for row in range(self._rows()):
            level([c.blocks[row] for c in self.columns if row < len(c.blocks)], everything=self.under_below > 0)
        self.plan.settle(width)

    def _rows(self) -> int:
        return max((len(column.blocks) for column in self.columns), default=0)

    @property
    def height(self) -> float:
        """The height of the room and all below it."""
        ends = [y + h for column in self.columns for y, h in self._places(column)[-1:]]
        channel = CHANNEL * (self.under_below + 1) if self.under_below else 0.0
        return max([self.plan.height, *(end + channel for end in ends)])

    def _places(self, column: Column) -> list[tuple[float, float]]:
        """The y (from the top of the room) and the height of each room of a column.

        The rows of all columns that hold several rooms are in line with one another.
        """
        gap = ROW_GAP if self._rows() < 3 else ROW_GAP_COMPACT
        y, places = self.plan.height + BELOW + CHANNEL * self.under, []
        for row in range(len(column.blocks)):
            beside = [c.blocks[row] for c in self.columns if row < len(c.blocks) and not c.blocks[row].columns]
            height = column.blocks[row].height
            places.append((y, height))
            y += (
                max([height, *(block.height for block in beside)] if not column.blocks[row].columns else [height]) + gap
            )
        return places

    def write(self, scene: Scene, x: float, y: float, lanes: Lanes) -> None:
        """Put the block into the scene: upper left corner at (x, y)."""
        self.plan.write(scene, x, y)
        for column in self.columns:
            before: dict[str, int] = {}
            for number, (end, offset) in enumerate(column.lanes.items()):
                before[end[0]] = before.get(end[0], -1) + 1
                lanes.places[end] = (x + column.x + offset, number, before[end[0]])
            for (row_y, _), block in zip(self._places(column), column.blocks, strict=True):
                block.write(scene, x + column.x + column.lane, y + row_y, lanes)


def align_sides(blocks: Sequence[Block | Grid]) -> None:
    """Let the chips on the side walls of the rooms of a row begin at the same height."""
    plans = [block.plan for block in blocks if isinstance(block, Block)]
    beside = [plan for plan in plans if plan.left or plan.right]
    top = max((plan.sides_top() for plan in beside), default=0.0)
    for plan in beside:
        plan.sides_from = top
        plan.settle(plan.width)


def level(blocks: Sequence[Block | Grid], *, everything: bool) -> None:
    """Make the rooms of a row equally high: those with nothing below them, or all."""
    chosen = [b for b in blocks if everything or not b.columns]
    height = max((b.plan.height for b in chosen), default=0.0)
    for block in chosen:
        block.plan.height = height
