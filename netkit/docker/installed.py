"""Which generation of rules a docker has where none is named: that of the Engine that is installed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from netkit.docker.generations.releases import GENERATIONS, NEWEST, of_release
from netkit.errors import Conflict
from netkit.sandbox.doctor.engines import chosen

if TYPE_CHECKING:
    from netkit.docker.generations.releases import Generation
    from netkit.sandbox.doctor.engines import Engine


def generation() -> Generation:
    """The generation of the Engine that `nk.engine()` would start; the newest where there is none, or a newer one."""
    return _generation(chosen())


@cache
def _generation(engine: Engine) -> Generation:
    version = engine.version() if engine.dockerd else None
    return (of_release(version) if version is not None else None) or NEWEST


def insist(own: Generation, like: Generation | None) -> None:
    """Refuse another generation than a docker's own.

    Raises:
        Conflict: it is another.
    """
    if like is None or (own.name == like.name and like.version in (own.version, GENERATIONS[like.name].version)):
        return
    raise Conflict(
        f"this docker writes the rules of {own.name} already",
        "a machine has one docker, of one generation",
        "Close it first: docker.close()",
    )
