"""Networks of one's own, kept: `nk.save` writes one as JSON and as a script, `nk.load` makes it anew and compares."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from netkit import clearing, validation
from netkit.comparison import compare
from netkit.errors import AlreadyExists, Conflict, InvalidValue, KernelRefused, NotFound
from netkit.face import face
from netkit.files import kept, replacing
from netkit.kinds import Flag
from netkit.lab import journal
from netkit.lab.looks import snapshot
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import run
from netkit.model import HOST, Snapshot
from netkit.rebuilding import rebuilding
from netkit.spelling import proposal, shown
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from pathlib import Path

    from netkit.comparison.result import Comparison

_GIVEN = ("loopback", "ethernet")
_LONGEST = 60
_SECONDS = 120.0


def _title(value: Any) -> str:
    """What a network is kept as: a word that is a file's name, too."""
    text = validation.text(value, "a name for a network", InvalidValue)
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum()) or text.startswith((".", "-")) or len(text) > _LONGEST:
        rule = f"it has letters, digits, - _ . and at most {_LONGEST} characters, and begins with neither . nor -"
        raise InvalidValue(f"{shown(value)} is no name for a network", rule, "Try 'mine'")
    return text


Title = Annotated[str, _title]


@dataclass(frozen=True, repr=False)
class Kept:
    """A network that was saved or loaded.

    Attributes:
        name: what it is kept as.
        script: the file with shell lines that make it anew.
        snapshot: the file with the network as JSON.
        missing: what the lines cannot make, a sentence each.
        comparison: after loading, what the network is against the one that was saved; None after saving.
    """

    name: str
    script: Path
    snapshot: Path
    missing: tuple[str, ...]
    comparison: Comparison | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing and (self.comparison is None or self.comparison.equal)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        what = "saved" if self.comparison is None else "loaded"
        lines = [f"{'✓' if self.ok else '✗'} {self.name} is {what}: {self.script.name} and {self.snapshot.name}"]
        lines += [f"  missing: {sentence}" for sentence in self.missing]
        told = () if self.comparison is None else self.comparison.differences
        return visible("\n".join([*lines, *(f"  differs: {sentence}" for sentence in told)]))

    def _repr_html_(self) -> str:
        return f"<pre>{in_html(repr(self))}</pre>"


@face
def save(name: Title, *, replace: Flag = False) -> Kept:
    """Keep the network that is there, whoever made it: as JSON and as a shell script, in a folder of your own.

    The script is made from what the kernel shows, so lines like `!ip …` are in it as well.

    Args:
        name: to find it again: "mine".
        replace: whether one of that name may be overwritten.

    Returns:
        A Kept: `.script` and `.snapshot` are files; `.missing` says what no script can make, such as programs.

    Raises:
        InvalidValue: it is no name, or the files cannot be written.
        AlreadyExists: there is one of that name.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> nk.save("mine")  # doctest: +SKIP
        ✓ mine is saved: mine.sh and mine.json
    """
    journal.in_sandbox()
    found = _kept(name)
    if not replace and (found.script.exists() or found.snapshot.exists()):
        remedy = f'Take another name, or nk.save("{name}", replace=True)'
        raise AlreadyExists(f"there is a network called '{name}'", "nothing is overwritten in silence", remedy)
    state = snapshot()
    told = rebuilding(state)
    try:
        found.script.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Set XDG_DATA_HOME to a folder that you may write to"
        raise InvalidValue(f"'{found.script.parent}' cannot be made", str(error.strerror), remedy) from None
    with replacing(found.snapshot, "the network", InvalidValue) as file:
        file.write(state.to_json(indent=1).encode())
    with replacing(found.script, "the script", InvalidValue) as file:
        file.write(str(told).encode())
    return Kept(name, found.script, found.snapshot, told.missing)


@face
def load(name: Title) -> Kept:
    """Make a network anew that `nk.save` kept, all of it or nothing, and compare it with the one that was saved.

    Args:
        name: what it was saved as.

    Returns:
        A Kept: `.comparison` is what `nk.compare` says; `.missing` what could not be made.

    Raises:
        NotFound: there is none of that name; the error lists those that are there.
        Conflict: there is a network already.
        InvalidValue: the file is no network.
        KernelRefused: a line of it fails here; nothing of it is left then.
        NotInSandbox: this process is not in the sandbox.
    """
    journal.in_sandbox()
    found = _kept(name)
    saved = _read(found)
    if not _is_empty(snapshot()):
        remedy = f'Take it away: nk.reset(), then nk.load("{name}")'
        raise Conflict("there is a network already", "a network is loaded where none is", remedy)
    told = rebuilding(saved)
    journal.show(f"sh {shlex.quote(str(found.script))}")
    _carry_out(name, told.lines)
    for line in told.lines:
        journal.note(line)
    within = Snapshot({space.name: space for space in saved if space.name == HOST or space.named})
    return Kept(
        name, found.script, found.snapshot, told.missing, compare(within, snapshot(), a_name="saved", b_name="loaded")
    )


def _kept(name: str) -> Kept:
    """Where a network of that name is kept."""
    folder = kept("networks")
    return Kept(name, folder / f"{name}.sh", folder / f"{name}.json", ())


def _read(found: Kept) -> Snapshot:
    """The network as it was saved."""
    try:
        text = found.snapshot.read_text(encoding="utf-8")
    except OSError as error:
        names = sorted(path.stem for path in found.snapshot.parent.glob("*.json"))
        remedy = proposal(found.name, names, otherwise=f'Save one: nk.save("{found.name}")')
        known = f"there are: {', '.join(names)}" if names else str(error.strerror)
        raise NotFound(f"no network called '{found.name}' is kept", known, remedy) from None
    except UnicodeDecodeError:
        raise InvalidValue(f"'{found.snapshot}' is no network", "it is text", "Save it anew") from None
    return Snapshot.from_json(text)


def _is_empty(state: Snapshot) -> bool:
    """Whether nobody has made anything yet."""
    host = state[HOST]
    made = [link for link in host.interfaces.values() if link.kind not in _GIVEN]
    return len(state) == 1 and not made and not any(rule.kind == "rule" for rule in host.rules)


def _carry_out(name: str, lines: tuple[str, ...]) -> None:
    """Make a network, or leave none."""
    done = run(HOST_PATH, ["sh", "-ec", "\n".join(lines)], timeout=_SECONDS) if lines else None
    if done is None or not done.returncode:
        return
    clearing.quietly()
    complaint = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    rule = f"a line of its script fails here: {complaint}"
    raise KernelRefused(f"'{name}' was not loaded", rule, "Nothing of it is left; its script shows its lines")
