"""Which generation of rules a docker has without `like=`: the installed Engine's; one there with others is refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from netkit.docker.generations.releases import GENERATIONS, NEWEST, of_release
from netkit.errors import Conflict
from netkit.sandbox.doctor.engines import chosen

if TYPE_CHECKING:
    from ipaddress import IPv6Network

    from netkit.docker.generations.releases import Generation
    from netkit.docker.rulebook import Rulebook
    from netkit.sandbox.doctor.engines import Engine


def generation() -> Generation:
    """The generation of the Engine that `nk.engine()` would start; the newest where there is none, or a newer one."""
    return _generation(chosen())


@cache
def _generation(engine: Engine) -> Generation:
    version = engine.version() if engine.dockerd else None
    return (of_release(version) if version is not None else None) or NEWEST


def insist(rulebook: Rulebook, like: Generation | None, *, icc: bool | None = None, proxy: bool | None = None) -> None:
    """Refuse what a docker that is there is not.

    Args:
        rulebook: its own.
        like: the generation that is asked for, if any.
        icc: whether its containers are to reach one another, if anything is said about it.
        proxy: whether docker-proxy is to serve its published ports, if anything is said about it.

    Raises:
        Conflict: it is another.
    """
    own = rulebook.generation
    same = like is None or (own.name == like.name and like.version in (own.version, GENERATIONS[like.name].version))
    how = rulebook.how
    if not same or icc not in (None, how.icc) or proxy not in (None, how.proxy):
        setting = f"has icc={how.icc}" if icc not in (None, how.icc) else f"has userland_proxy={how.proxy}"
        said = setting if same else f"writes the rules of {own.name}"
        raise Conflict(
            f"this docker {said} already", "a machine has one docker, which began so", "Close it first: docker.close()"
        )


def insist_on_six(own: IPv6Network | None, *, ipv6: bool | None, subnet: IPv6Network | None) -> None:
    """Refuse IPv6 on the default network of a docker that is there and has another, or none.

    Args:
        own: the subnet of IPv6 of its default network.
        ipv6: whether that is to have one, if anything is said about it.
        subnet: the one that is asked for, if any.

    Raises:
        Conflict: it is another.
    """
    if ipv6 not in (None, own is not None) or subnet not in (None, own):
        raise Conflict(
            f"the default network of this docker has {f'the IPv6 subnet {own}' if own else 'no IPv6'} already",
            "a machine has one docker, which began so",
            "Close it first: docker.close()",
        )
