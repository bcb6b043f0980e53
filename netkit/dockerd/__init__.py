"""`nk.engine()`, the real Docker Engine of the distribution in the sandbox: how it starts, what it is asked, its end.

It never meets a Docker Engine of the machine, whose socket and files are out of reach in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from netkit.dockerd import daemon
from netkit.errors import Conflict
from netkit.face import face
from netkit.kinds import Flag, choice
from netkit.lab import journal
from netkit.sandbox import inside
from netkit.sandbox.doctor import containers
from netkit.sandbox.doctor.engines import chosen

if TYPE_CHECKING:
    from netkit.dockerd.handle import Engine

Backend = Annotated[str, choice("way to write rules", "iptables", "nftables")]

_engines: list[Engine] = []


@face
def engine(
    *, userland_proxy: Flag | None = None, firewall_backend: Backend | None = None, icc: Flag | None = None
) -> Engine:
    """The Docker Engine of the sandbox, which is started first if need be: `dockerd … &`, and its images.

    Afterwards the docker command works in every cell: `!docker run -d -p 8080:80 nginx`.  No registry is
    asked: "busybox:latest" is made from the distribution's busybox, and "nginx:latest" from its nginx, where
    that is installed.  Docker's page dockerd explains the options with which it is started.

    Args:
        userland_proxy: whether docker-proxy serves published ports beside the rules; unless it is said, it does not.
        firewall_backend: "iptables" or "nftables"; the Engine's own choice unless it is said.
        icc: whether containers of the default network reach one another; they do unless it is said.

    Returns:
        Its handle; a second call gives the same one as long as it runs.

    Raises:
        EngineUnavailable: it is not installed, or the sandbox cannot carry it; it says why.
        Conflict: it runs already, and was started in another way.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> engine = nk.engine()  # doctest: +SKIP
        >>> engine.docker("run -d --name web -p 8080:80 nginx")  # doctest: +SKIP
    """
    from netkit.dockerd.handle import start
    from netkit.dockerd.launch import settings

    journal.in_sandbox()
    if found := containers.obstacle():
        raise daemon.unavailable(found.reason, found.remedy)
    if (there := _running(userland_proxy=userland_proxy, firewall_backend=firewall_backend, icc=icc)) is not None:
        return there
    for ended in _engines:
        ended.stop()
    place, backend = chosen(), firewall_backend or ""
    how = settings(place, userland_proxy=bool(userland_proxy), firewall_backend=backend, icc=icc is not False)
    _engines[:] = [start(place, how)]
    return _engines[-1]


def _running(**asked: Any) -> Engine | None:
    """The Engine that runs, None if there is none; one with other settings than are asked for is refused."""
    if not (_engines and _engines[-1].running):
        return None
    if not _engines[-1].runs_with(**asked):
        raise Conflict(
            f"the Docker Engine {_engines[-1].version} runs already, with other settings",
            "there is one Engine in a sandbox",
            "Stop it first: engine.stop()",
        )
    return _engines[-1]


def engines() -> list[Engine]:
    """The Engine that `engine` started, also one that somebody has ended meanwhile; none before."""
    return list(_engines)


@face
def available() -> str | None:
    """Why the Docker Engine cannot run here, without starting it.

    Returns:
        A sentence, or None if it can; finding out takes about 0.1 seconds and tries what a container needs.

    Example:
        >>> available() is None or isinstance(available(), str)
        True
    """
    if not inside():
        return "This process is not in a sandbox"
    found = containers.obstacle()
    return found.reason[0].upper() + found.reason[1:] if found else None


engine.available = available  # type: ignore[attr-defined]  (so that a notebook can ask: nk.engine.available())
