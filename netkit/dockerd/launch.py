"""Start an Engine step by step, its programs, RootlessKit's answers, ip_forward, dockerd; and end it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.dockerd import daemon, programs
from netkit.lab import journal
from netkit.lab.namespaces import host
from netkit.sandbox.doctor import engines

if TYPE_CHECKING:
    from netkit.dockerd.daemon import Settings
    from netkit.linux.run import Process

_FORWARDING = "net.ipv4.ip_forward"


def settings(
    place: engines.Engine, *, userland_proxy: bool = False, firewall_backend: str = "", icc: bool = True
) -> Settings:
    """How an Engine is to be started.

    Args:
        place: where its programs are.
        userland_proxy: whether docker-proxy serves published ports beside the rules.
        firewall_backend: "iptables", "nftables", or "" for its own choice.
        icc: whether containers of its default network reach one another.

    Raises:
        EngineUnavailable: it does not tell its version, is too old, or knows no other backend.
    """
    version = place.version()
    if version is None:
        raise daemon.unavailable("dockerd does not tell its version", "Try `dockerd --version` in a terminal")
    said, oldest = ".".join(map(str, version)), ".".join(map(str, engines.OLDEST))
    if version[:2] < engines.OLDEST:
        remedy = "Install docker.io of your distribution"
        raise daemon.unavailable(f"the Docker Engine {said} is older than {oldest}", remedy)
    if firewall_backend == "nftables" and version[0] < daemon.FIRST_WITH_NFTABLES:
        raise daemon.unavailable(
            f"the Docker Engine {said} writes its rules by iptables only",
            "Leave firewall_backend out",
            f"nftables came with {daemon.FIRST_WITH_NFTABLES}.0",
        )
    return daemon.Settings(version, userland_proxy, firewall_backend, icc)


@dataclass(frozen=True)
class Launched:
    """An Engine that was started.

    Attributes:
        place: where its programs are.
        settings: how it was started.
        dockerd: its process.
        rootlesskit: what answers for RootlessKit, None for an Engine that does not ask.
    """

    place: engines.Engine
    settings: Settings
    dockerd: Process
    rootlesskit: Process | None

    def end(self) -> None:
        """End it, its containerd, and what stood beside it."""
        journal.perform('kill "$(cat /run/docker.pid)"', lambda: daemon.end(self.dockerd))
        self.clear()

    def clear(self) -> None:
        """Take away what stands beside a dockerd that has ended."""
        _clear(self.place, self.rootlesskit)


def launch(place: engines.Engine, how: Settings) -> Launched:
    """Start an Engine, and wait until it is ready; an interrupt, too, ends what was started.

    Args:
        place: where its programs are.
        how: as `settings` gave it.

    Raises:
        EngineUnavailable: it ended instead, or did not answer in time.
    """
    helper = None
    try:
        if programs.needed(place):
            journal.perform(programs.LINE, lambda: programs.prepare(place))
        if how.asks_rootlesskit:
            helper = journal.perform(f"{daemon.ROOTLESSKIT} &", daemon.start_rootlesskit)
        if how.firewall_backend == "nftables" and host.sysctl(_FORWARDING) != "1":
            host.sysctl(_FORWARDING, 1)  # with this backend dockerd does not do it itself, and ends
        process = journal.perform(f"{how.command} &", lambda: daemon.start(how.command))
    except BaseException:
        _clear(place, helper)
        raise
    started = Launched(place, how, process, helper)
    try:
        daemon.wait_until_ready(process)
    except BaseException:
        daemon.end(process)
        started.clear()
        raise
    journal.note(daemon.UNTIL_READY)
    return started


def _clear(place: engines.Engine, helper: Process | None) -> None:
    if helper is not None:
        helper.stop()
    if programs.needed(place):
        programs.take_away(place)
