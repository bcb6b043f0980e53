"""Pyroute2's message classes, without the rest of that library, which takes four times as long to load."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

_LIBRARY = "pyroute2"
_FAMILIES = ("ifinfmsg", "rtmsg")


@cache
def classes() -> dict[str, Any]:
    """The classes of links' and routes' messages, by name.

    The library's `__init__` loads all that it has, databases and asyncio among it: 0.3 s that a learner would
    wait for at the first act.  Its message classes do without; they are loaded below an empty package, which is
    taken away again, so that a later `import pyroute2` finds nothing half made.
    """
    spec = None if _LIBRARY in sys.modules else find_spec(_LIBRARY)
    if spec is not None:
        sys.modules[_LIBRARY] = module_from_spec(spec)  # not executed
    try:
        return {name: getattr(import_module(f"{_LIBRARY}.netlink.rtnl.{name}"), name) for name in _FAMILIES}
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _LIBRARY] if spec is not None else ():
            del sys.modules[name]
