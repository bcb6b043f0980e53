"""What `nk.engine()` gives, a running Docker Engine: .docker("ps"), a container's namespace, .log, .stop."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Annotated, Any, Self

from netkit import validation
from netkit.dockerd import daemon, images, traces
from netkit.dockerd.launch import launch
from netkit.errors import InvalidValue, NotFound
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Timeout
from netkit.lab import journal
from netkit.lab.namespaces import Namespace, host
from netkit.linux import namespaces
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import checked, run
from netkit.shell import joined
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.dockerd.daemon import Settings
    from netkit.dockerd.launch import Launched
    from netkit.outcomes import Outcome
    from netkit.sandbox.doctor import engines


def _there(value: Any) -> str:
    """A container's name or id."""
    if not isinstance(value, str) or not value.strip() or value.startswith("-"):
        rule = "a name is a text, with a letter or a digit in front"
        raise InvalidValue(f"{shown(value)} is no container's name", rule, "See them: engine.docker('ps')")
    return validation.text(value, "a container's name", InvalidValue)


ContainerThere = Annotated[str, _there]


@guarded({"ps": ".docker('ps')", "run": ".docker('run …')", "start": "nk.engine()"})
class Engine:
    """The real Docker Engine, running in the sandbox; `nk.engine()` starts it.

    Args:
        started: as `launch` gave it, ready.
        earlier: how the host was before it started.

    Attributes:
        version: as it says itself, "20.10.24".
        image: the name of its busybox image, "busybox:latest".
        images: the names of all images that netkit made.
    """

    def __init__(self, started: Launched, earlier: traces.Before) -> None:
        self._started: Launched | None = started
        self._earlier, self._log = earlier, ""
        possible = tuple(image.name for image in images.IMAGES.values() if image.possible)
        version = ".".join(map(str, started.settings.version))
        keep(self, version=version, image=images.BUSYBOX.name, images=possible)

    @face
    def docker(self, *words: Any, timeout: Timeout = 60.0) -> Outcome:
        """Run the docker command: `docker WORDS`.

        Args:
            words: one text as one types it ("run -d -p 8080:80 nginx"), or word by word ("inspect", "web").
            timeout: seconds (float) after which it is ended; what it began in the Engine may go on.

        Returns:
            What it said: `.stdout`, `.stderr`, `.returncode`; a notebook shows the output.

        Raises:
            EngineUnavailable: the Engine was stopped.
            InvalidValue: these are no words.
            CommandFailed: it did not end in time.

        Example:
            >>> engine.docker("ps", "--format", "{{.Names}}")  # doctest: +SKIP
            $ docker ps --format '{{.Names}}'
        """
        typed = _typed(words)
        self._insist()
        return host.run(f"docker {typed}", timeout=timeout)

    @face
    def namespace(self, container: ContainerThere) -> Namespace:
        """The network namespace of a running container, for `.run`, `.ping` and the like.

        `docker inspect` knows the container's first process, and /proc/PID/ns/net opens the namespace
        (namespaces(7)).

        Args:
            container: its name or id.

        Returns:
            A handle by the name that `nk.snapshot()` has for it; nk.host for a container in host mode.

        Raises:
            NotFound: there is no such container, or it does not run.
            EngineUnavailable: the Engine was stopped.
        """
        self._insist()
        path = f"/proc/{self._first_process(container)}/ns/net"
        inode = os.stat(path).st_ino
        place = next(place for place in namespaces.find() if place.inode == inode)
        return Namespace._at(place.name, place.path)

    @face
    def stop(self) -> None:
        """End it with its containers and networks, and leave the host as it was before; a second time does nothing."""
        if self._started is None:
            return
        try:
            if not self.running:  # somebody killed dockerd, and only dockerd knows all that it had made
                daemon.end(self._started.dockerd)
                self._started.clear()
                self._started = launch(self._started.place, self._started.settings)
            self.docker("ps -aq | xargs -r docker rm -f -v")
            self.docker("network prune -f")
        finally:
            started, self._started = self._started, None
            started.end()
            self._log = started.dockerd.output
            traces.remove(self._earlier)

    @property
    def running(self) -> bool:
        """Whether it runs: it ends by `stop`, or when somebody ends dockerd."""
        return self._started is not None and self._started.dockerd.running

    @property
    def log(self) -> str:
        """What it has written to its diary, as text."""
        return self._started.dockerd.output if self._started else self._log

    def runs_with(self, **wanted: bool | str | None) -> bool:
        """Whether it was started in that way; None stands for any."""
        if self._started is None:
            return False
        return all(value in (None, getattr(self._started.settings, name)) for name, value in wanted.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<Docker Engine {self.version}: {state}, images {', '.join(self.images)}>"

    def _insist(self) -> None:
        if not self.running:
            how = "was stopped" if self._started is None else "has ended by itself"
            raise daemon.unavailable(f"this Docker Engine {how}", "Start another: engine = nk.engine()")

    def _first_process(self, container: str) -> int:
        """The process id of a container's first process."""
        form = ["--type", "container", "--format", "{{.State.Pid}}"]
        outcome = run(HOST_PATH, ["docker", "inspect", *form, container])
        if outcome.returncode:
            there = checked(HOST_PATH, ["docker", "ps", "--all", "--format", "{{.Names}}"]).split()
            listed = f"there are: {', '.join(sorted(there))}" if there else "there is none at all"
            raise NotFound(f"there is no container {container!r}", listed, "See them: engine.docker('ps -a')")
        if not (pid := int(outcome.stdout)):
            raise NotFound(
                f"the container {container!r} does not run",
                "a container has a network only while it runs",
                f"Start it: engine.docker('start {container}')",
            )
        return pid


def start(place: engines.Engine, settings: Settings) -> Engine:
    """Start an Engine and make its images.

    Args:
        place: where its programs are.
        settings: how it is started.

    Raises:
        EngineUnavailable: it did not come up; nothing of it is left then.
    """
    earlier = traces.before()
    try:
        engine = Engine(launch(place, settings), earlier)
    except BaseException:
        traces.remove(earlier)
        raise
    try:
        for image in images.IMAGES.values():
            if image.possible:
                _import(image)
    except BaseException:
        engine.stop()
        raise
    return engine


def _import(image: images.Image) -> None:
    """`docker import` an image; the line that is shown does in a shell what is done here by way of a file."""
    options = [word for change in image.changes for word in ("--change", change)]
    file = f"{daemon.DATA}/{image.program}.tar"

    def act() -> str:
        with open(file, "xb") as tar:
            images.write(image, tar)
        try:
            return checked(HOST_PATH, ["docker", "import", *options, file, image.name])
        finally:
            os.unlink(file)

    made = f"python -m netkit.dockerd.images {image.program}"
    journal.perform(f"{made} | {joined(['docker', 'import', *options, '-', image.name])}", act)


def _typed(words: tuple[Any, ...]) -> str:
    """What stands behind `docker` on the command line."""
    good = all(isinstance(word, str | int) and not isinstance(word, bool) for word in words)
    if not words or not good or not str(words[0]).strip():
        shown = ", ".join(map(repr, words)) or "nothing"
        raise InvalidValue(
            f"{shown} is no command for docker", "it is one text, or its words one by one", 'Try engine.docker("ps -a")'
        )
    return words[0] if len(words) == 1 and isinstance(words[0], str) else shlex.join(map(str, words))
