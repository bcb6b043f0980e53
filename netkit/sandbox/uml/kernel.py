"""The IPython kernel in User-Mode Linux: its debugger, half a second to load there, comes when a client asks for it.

ipykernel loads debugpy whenever it starts.  Here a stand-in takes the place of `ipykernel.debugger` until somebody
wants more of that than to know that it is there.
"""

import asyncio
import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "ipykernel.debugger"


class Debugger:
    """Becomes ipykernel's own one with the first request; all that is asked of it then goes there.

    Args:
        arguments: those of ipykernel's own one.
    """

    def __init__(self, *arguments: Any) -> None:
        self._arguments, self._own, self._loaded = arguments, None, asyncio.Event()

    async def handle_stopped_event(self) -> None:
        """Wait for a breakpoint to be reached, as ipykernel does from its start."""
        await self._loaded.wait()
        await self._own.handle_stopped_event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loaded_one(), name)

    def _loaded_one(self) -> Any:
        if self._own is None:
            self._own = _load().Debugger(*self._arguments)
            self._loaded.set()
        return self._own


class _StandIn(ModuleType):
    """Looks like `ipykernel.debugger`; any name that is not used at the start is looked up in that."""

    Debugger = Debugger
    _is_debugpy_available = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for __path__
            raise AttributeError(name)
        return getattr(_load(), name)


def _load() -> ModuleType:
    """The module itself, from now on in its own place."""
    if isinstance(sys.modules[_NAME], _StandIn):
        del sys.modules[_NAME]
    return importlib.import_module(_NAME)


def main() -> None:
    """Run the kernel; the arguments are those of `python -m ipykernel_launcher`."""
    del sys.path[0]  # this file's folder; IPython itself brings the working directory
    if find_spec("debugpy"):
        sys.modules[_NAME] = _StandIn(_NAME)
    # Its file system knows no locks: a history that another kernel writes as well would be torn.
    sys.argv.append("--HistoryManager.hist_file=:memory:")
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
