"""What a filter of tc led to an ifb device: it shows packets there that go on, or came, by another interface."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, Frames, paired

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from netkit.journey.joining.wiring import Place


def connect(frames: Frames) -> None:
    """Let frames at ifb devices hang on those that they are: a side branch, since all else goes its way without them.

    Args:
        frames: the recorded ones.
    """
    for place, sources in frames.wiring.beside.items():
        for identity in (frames.wires.__getitem__, frames.alike):
            own = _by(identity, [n for n in frames.sent if _at(frames, n, {place}) and frames.follows[n] == NONE])
            came = _by(identity, [n for n in frames.received if _at(frames, n, sources)])
            went = _by(identity, [n for n in frames.sent if _at(frames, n, sources)])
            for key, same in own.items():
                pairs = paired(came.get(key, []), same)
                pairs += [
                    (shown, n) for n, shown in paired([n for n in same if n not in dict(pairs)], went.get(key, []))
                ]
                for shown, followed in pairs:
                    frames.follows[shown] = followed


def _at(frames: Frames, number: int, places: set[Place]) -> bool:
    return frames.roles[number].place in places


def _by(identity: Callable[[int], Hashable], numbers: Iterable[int]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for number in numbers:
        found[identity(number)].append(number)
    return found
