"""Docker networking built by hand, on a real Linux kernel, in a sandbox of its own.

Importing netkit does nothing but name what it offers; the libraries that it rests on are loaded on use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netkit.changes import diff
    from netkit.classroom.submitting import submit
    from netkit.clearing import reset
    from netkit.comparison import compare
    from netkit.docker.daemon import Docker
    from netkit.docker.overlay import overlay
    from netkit.dockerd import engine
    from netkit.errors import AlreadyExists, Conflict, InvalidValue, KernelRefused, NetkitError, NotFound
    from netkit.lab.bridges import Bridge, veth
    from netkit.lab.interfaces import Interface
    from netkit.lab.journal import commands, echo
    from netkit.lab.looks import capture, draw, snapshot
    from netkit.lab.namespaces import Namespace, host, sh
    from netkit.lab.tunnels import vxlan
    from netkit.lab.why import why
    from netkit.lessons.course import lesson
    from netkit.lessons.desk import answer, check, hint, solution
    from netkit.lessons.expecting import expected
    from netkit.lessons.mine import mine
    from netkit.lessons.overview import progress
    from netkit.lessons.sharing import share
    from netkit.model import Snapshot
    from netkit.sandbox import require_sandbox
    from netkit.saving import load, save
    from netkit.tickets.blackbox import blackbox
    from netkit.tickets.ticket import fault
    from netkit.validation import mac_of
    from netkit.widgets.live import live
    from netkit.xrays import xray

__version__ = "0.1.0"

_HOMES = {
    "AlreadyExists": "netkit.errors",
    "Bridge": "netkit.lab.bridges",
    "Conflict": "netkit.errors",
    "Docker": "netkit.docker.daemon",
    "Interface": "netkit.lab.interfaces",
    "InvalidValue": "netkit.errors",
    "KernelRefused": "netkit.errors",
    "Namespace": "netkit.lab.namespaces",
    "NetkitError": "netkit.errors",
    "NotFound": "netkit.errors",
    "Snapshot": "netkit.model",
    "answer": "netkit.lessons.desk",
    "blackbox": "netkit.tickets.blackbox",
    "capture": "netkit.lab.looks",
    "check": "netkit.lessons.desk",
    "commands": "netkit.lab.journal",
    "compare": "netkit.comparison",
    "diff": "netkit.changes",
    "draw": "netkit.lab.looks",
    "echo": "netkit.lab.journal",
    "engine": "netkit.dockerd",
    "expected": "netkit.lessons.expecting",
    "fault": "netkit.tickets.ticket",
    "hint": "netkit.lessons.desk",
    "host": "netkit.lab.namespaces",
    "lesson": "netkit.lessons.course",
    "live": "netkit.widgets.live",
    "load": "netkit.saving",
    "mac_of": "netkit.validation",
    "mine": "netkit.lessons.mine",
    "overlay": "netkit.docker.overlay",
    "progress": "netkit.lessons.overview",
    "require_sandbox": "netkit.lab.journal",
    "reset": "netkit.clearing",
    "save": "netkit.saving",
    "sh": "netkit.lab.namespaces",
    "share": "netkit.lessons.sharing",
    "snapshot": "netkit.lab.looks",
    "solution": "netkit.lessons.desk",
    "submit": "netkit.classroom.submitting",
    "veth": "netkit.lab.bridges",
    "vxlan": "netkit.lab.tunnels",
    "why": "netkit.lab.why",
    "xray": "netkit.xrays",
}

_FOR_IPYTHON = {"load_ipython_extension": "netkit.magics"}
"""What IPython looks for when it is told `%load_ext netkit`; a netkit kernel begins with it."""

__all__ = [
    "AlreadyExists",
    "Bridge",
    "Conflict",
    "Docker",
    "Interface",
    "InvalidValue",
    "KernelRefused",
    "Namespace",
    "NetkitError",
    "NotFound",
    "Snapshot",
    "answer",
    "blackbox",
    "capture",
    "check",
    "commands",
    "compare",
    "diff",
    "draw",
    "echo",
    "engine",
    "expected",
    "fault",
    "hint",
    "host",
    "lesson",
    "live",
    "load",
    "mac_of",
    "mine",
    "overlay",
    "progress",
    "require_sandbox",
    "reset",
    "save",
    "sh",
    "share",
    "snapshot",
    "solution",
    "submit",
    "veth",
    "vxlan",
    "why",
    "xray",
]


def __getattr__(name: str) -> Any:
    if name in _FOR_IPYTHON:
        return getattr(import_module(_FOR_IPYTHON[name]), name)
    if name not in _HOMES:
        if find_spec(f"{__name__}.{name}") is not None:
            raise AttributeError(name)  # `from netkit import validation` asks here first, then loads the module
        from netkit.spelling import unknown

        raise unknown("netkit", name, __all__)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)


class _Face(ModuleType):
    """A module whose public names stay what they are: who sets `nk.host` would lose the host."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in __all__:
            from netkit.handles import read_only

            raise read_only(self, name, value)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
