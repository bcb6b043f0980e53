"""Process 1 inside User-Mode Linux: it lays out the file system, starts the program, and switches the machine off."""

import contextlib
import json
import os
import select
import socket
import sys
import termios
import tty
from collections.abc import Callable

from netkit.sandbox import filesystem, init, sealing, system
from netkit.sandbox.job import Job
from netkit.sandbox.line import Line, fork
from netkit.sandbox.uml import descriptors, root, stdio
from netkit.sandbox.uml.mux import Carrier
from netkit.sandbox.uml.serial import HELLO, JOB, TELL, Frame, Serial

_CHANNELS = 5


def main() -> None:
    """Live as long as the machine does."""
    file = os.open("/dev/ttyS0", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(file)
    serial = Serial(file)
    os.setsid()
    serial.send(HELLO)
    _step(serial, "file system", lambda: root.lay_out(os.environ["MODULES"]))
    job, dimensions, early = _job(serial)
    for stage, act in (
        ("hidden directories", lambda: root.cover(job)),
        ("packet filter", root.choose_legacy_iptables),
        ("modules", lambda: root.load(os.environ["MODULES"])),
        ("neighbour timers", root.slow_down_neighbours),
        *([("read-only files", lambda: sealing.seal(job, ("/proc", "/sys")))] if job.sealed else []),
        # As in the user world, so that lessons run alike: the clock is the machine's concern.
        ("clock", lambda: system.give_up(system.CAP_SYS_TIME)),
        *init.STEPS,
    ):
        _step(serial, stage, act)
    streams = stdio.Inside(job, dimensions)
    near, far = Line.pair()
    carrier = fork(lambda: _carry(serial, far, near, streams, early))
    far.close()
    os.close(file)
    streams.take()
    init.live(job, near, acts={descriptors.RELIEVE: descriptors.relieve, descriptors.SAY: descriptors.say})
    with contextlib.suppress(ChildProcessError):  # it has ended before, and was buried with the others
        os.waitpid(carrier, 0)  # it still carries the news of the program's end


def _step(serial: Serial, stage: str, act: Callable[[], None]) -> None:
    """Do one step; if the kernel refuses, tell the keeper and wait for the end."""
    try:
        act()
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        told = f"failed {stage}\n{error.errno or 0}\n{error.strerror or error}{place}"
        serial.send(TELL, 0, told.encode())
        _flush(serial)
        select.select([serial.file], [], [])
        raise
    serial.send(TELL, 0, f"passed {stage}".encode())


def _flush(serial: Serial) -> None:
    while serial.waiting and not serial.ended:
        select.select([], [serial.file], [])
        serial.write()


def _job(serial: Serial) -> tuple[Job, list[int], tuple[Frame, ...]]:
    """The program, the size of its terminal, and what else was sent."""
    while not serial.ended:
        select.select([serial.file], [serial.file] if serial.waiting else [], [])
        serial.write()
        for number, frame in enumerate(frames := serial.read()):
            if frame.kind == JOB:
                told = json.loads(frame.payload)
                dimensions = told.pop("size")
                told.update({name: tuple(told[name]) for name in ("argv", "hidden", "shown", "sealed")})
                return Job(**told), dimensions, tuple(frames[number + 1 :])
    raise SystemExit("the keeper is gone")


def _carry(serial: Serial, line: Line, other_end: Line, streams: stdio.Inside, early: tuple[Frame, ...]) -> int:
    """What the carrier does."""
    other_end.close()
    for file in set(streams.program):
        os.close(file)
    carrier = Carrier(serial, line, _Sockets().connect)
    for number, ends in streams.ends.items():
        carrier.add(number, *ends)
    carrier.carry(early)
    _flush(serial)
    termios.tcdrain(serial.file)
    return 0


class _Sockets:
    """The kernel's five sockets; once all are there, their directory is covered, and is reached all the same."""

    def __init__(self) -> None:
        self._place = os.open(filesystem.SOCKETS, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._sealed = False

    def connect(self, channel: int) -> socket.socket | None:
        """A stream to a channel; None as long as nobody listens there."""
        if not self._sealed:
            if len(os.listdir(filesystem.SOCKETS)) < _CHANNELS:
                return None
            filesystem.seal_sockets()
            self._sealed = True
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(f"/proc/self/fd/{self._place}/k-{channel}")
        except OSError:
            stream.close()
            return None
        return stream


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # noqa: BLE001 - whatever it was, the console tells it, and the machine ends
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        system.power_off()
