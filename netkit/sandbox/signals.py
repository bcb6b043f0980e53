"""Signals that somebody sends to the process outside, passed on to the program inside."""

import signal
from types import FrameType

from netkit.sandbox.init import PASSED_ON
from netkit.sandbox.worlds import Sandbox


class Signals:
    """From now on, passes signals on; those that come before there is a sandbox wait for it."""

    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None
        self._early: list[int] = []
        for number in PASSED_ON:
            signal.signal(number, self._pass)

    def pass_to(self, sandbox: Sandbox) -> None:
        """Name the sandbox whose program gets them."""
        self._sandbox = sandbox
        for number in self._early:
            sandbox.send("signal", number)

    def _pass(self, number: int, _frame: FrameType | None) -> None:
        if self._sandbox is None:
            self._early.append(number)
        else:
            self._sandbox.send("signal", int(number))
