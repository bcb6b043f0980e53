"""Many byte streams, and a line's short messages, over one serial line: the same at both of its ends."""

import contextlib
import os
import select
import selectors
import socket
from collections.abc import Callable

from netkit.sandbox.line import Line
from netkit.sandbox.uml.serial import DATA, END, OPEN, TELL, Frame, Serial

_BLOCK = 1 << 16
_MUCH = 1 << 22
"""Bytes that may wait for a slow receiver before the sender is made to wait as well."""

_AGAIN = 0.2
"""Seconds between two attempts to reach a kernel that does not listen yet."""


class _Stream:
    """One stream's end here: a socket, or a descriptor to read from, or one to write to.

    Args:
        source: what is read here goes over the serial line; None for nothing.
        sink: what comes over the serial line is written here; None for nothing, or the source itself.
    """

    def __init__(self, source: int | None, sink: int | None) -> None:
        self.source, self.sink = source, sink
        self.waiting, self.finished = bytearray(), False
        self._shared = source if source == sink else None
        for file in {source, sink} - {None}:
            os.set_blocking(file, False)  # type: ignore[arg-type]

    def write(self) -> None:
        """Write what waits; when all is written and no more will come, end this direction."""
        while self.waiting and self.sink is not None:
            try:
                del self.waiting[: os.write(self.sink, self.waiting)]
            except BlockingIOError:
                return
            except OSError:  # nobody reads it any more
                self.waiting.clear()
                self.finished = True
        if self.finished:
            self._end_sink()

    def end_source(self) -> None:
        """Nothing more will be read."""
        source, self.source = self.source, None
        if source is not None and source != self._shared:
            os.close(source)

    def _end_sink(self) -> None:
        sink, self.sink = self.sink, None
        if sink is not None and sink == self._shared:
            with socket.socket(fileno=os.dup(sink)) as end, contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_WR)  # OSError: the other side is gone already
        elif sink is not None:
            os.close(sink)

    def close(self) -> None:
        """Let go of a socket."""
        if self._shared is not None:
            os.close(self._shared)


class Carrier:
    """Carries the streams, and the messages of a line, until either the line or the serial line ends.

    Args:
        serial: to the other side.
        line: whose messages are carried: to the starter outside, to process 1 inside.
        connect: opens a channel when the other side asks for it; None as long as nobody listens there.
    """

    def __init__(self, serial: Serial, line: Line, connect: Callable[[int], socket.socket | None]) -> None:
        self._serial, self._line, self._connect = serial, line, connect
        self._streams: dict[int, _Stream] = {}
        self._wanted: dict[int, int] = {}
        self._early: dict[int, list[Frame]] = {}
        self._watched: dict[int, Callable[[], None]] = {}
        self._next = 256

    def add(self, number: int, source: int | None, sink: int | None) -> None:
        """Carry a stream that both sides know by its number, from 1 to 255."""
        self._streams[number] = _Stream(source, sink)

    def watch(self, file: int, act: Callable[[], None]) -> None:
        """Do something whenever a descriptor can be read, which reads it."""
        self._watched[file] = act

    def tell(self, word: str, text: str = "") -> None:
        """Send the other side's line a message."""
        self._serial.send(TELL, 0, f"{word} {text}".encode())

    def carry(self, frames: tuple[Frame, ...] = ()) -> None:
        """Carry until one of the two ends, or the line has told of the program's end; that may wait to be written.

        Args:
            frames: what was read of the serial line before.
        """
        for frame in frames:
            self._take(frame)
        while not self._serial.ended:
            with selectors.PollSelector() as selector:
                self._await(selector)
                for key, mask in selector.select(_AGAIN if self._wanted else None):
                    if not self._serve(key.fd, mask):
                        return
            self._reach()

    def _await(self, selector: selectors.PollSelector) -> None:
        """Say what can be done next."""
        wanted: dict[int, int] = dict.fromkeys((self._line.fileno(), *self._watched), selectors.EVENT_READ)
        slow = any(len(stream.waiting) > _MUCH for stream in self._streams.values())
        events = self._serial.events
        wanted[self._serial.file] = events & ~selectors.EVENT_READ if slow else events
        for stream in self._streams.values():
            if stream.source is not None and self._serial.waiting < _MUCH:
                wanted[stream.source] = wanted.get(stream.source, 0) | selectors.EVENT_READ
            if stream.sink is not None and stream.waiting:
                wanted[stream.sink] = wanted.get(stream.sink, 0) | selectors.EVENT_WRITE
        for file, mask in wanted.items():
            if mask:
                selector.register(file, mask)

    def _serve(self, file: int, mask: int) -> bool:
        """Do what can be done at a descriptor; False when the line has no more to tell."""
        if file == self._line.fileno():
            return self._hear()
        if act := self._watched.get(file):
            act()
        elif file == self._serial.file:
            if mask & selectors.EVENT_WRITE:
                self._serial.write()
            for frame in self._serial.read() if mask & selectors.EVENT_READ else ():
                self._take(frame)
        for number, stream in list(self._streams.items()):
            if mask & selectors.EVENT_WRITE and file == stream.sink:
                stream.write()
            if mask & selectors.EVENT_READ and file == stream.source:
                self._read(number, stream)
            self._forget_if_done(number, stream)
        return True

    def _hear(self) -> bool:
        message = self._line.receive()
        if message.word == "gone":
            return False
        if message.word == "stream":
            self._next = self._next % 65535 + 1 if self._next > 255 else 256
            self._streams[self._next] = _Stream(message.files[0], message.files[0])
            self._serial.send(OPEN, self._next, message.text.encode())
            return True
        if message.word == "exit":
            self._last_words()
        self.tell(message.word, message.text)
        return message.word != "exit"

    def _last_words(self) -> None:
        """What the program wrote before it ended comes before the news of its end."""
        os.sync()
        for number, stream in list(self._streams.items()):
            while number < 256 and stream.source is not None and self._read(number, stream):
                continue

    def _read(self, number: int, stream: _Stream) -> bool:
        """Pass on what can be read from a stream; whether there was something."""
        try:
            data = os.read(stream.source, _BLOCK)  # type: ignore[arg-type]
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # a pseudo-terminal's end, or a connection that was broken off
        if data:
            self._serial.send(DATA, number, data)
            return True
        stream.end_source()
        self._serial.send(END, number)
        return False

    def _take(self, frame: Frame) -> None:
        """Do what a frame says."""
        if frame.kind == OPEN:
            self._wanted[frame.number] = int(frame.payload)
            self._early[frame.number] = []
        elif frame.kind == TELL:
            word, _, text = frame.payload.decode(errors="replace").partition(" ")
            self._tell(word, text)
        elif frame.number in self._early:
            self._early[frame.number].append(frame)
        elif stream := self._streams.get(frame.number):
            stream.waiting += frame.payload
            stream.finished = stream.finished or frame.kind == END
            stream.write()
            self._forget_if_done(frame.number, stream)

    def _tell(self, word: str, text: str) -> None:
        if word == "exit":
            for number, stream in self._streams.items():
                while number < 256 and stream.waiting and stream.sink is not None:
                    select.select([], [stream.sink], [])
                    stream.write()
        self._line.send(word, text)

    def _reach(self) -> None:
        """Connect the streams that wait for a kernel, as far as it listens by now."""
        for number, channel in list(self._wanted.items()):
            end = self._connect(channel)
            if end is None:  # then nobody listens at the others either
                return
            del self._wanted[number]
            file = end.detach()
            self._streams[number] = _Stream(file, file)
            for frame in self._early.pop(number):
                self._take(frame)

    def _forget_if_done(self, number: int, stream: _Stream) -> None:
        if stream.source is None and stream.sink is None:
            stream.close()
            del self._streams[number]
