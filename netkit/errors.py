"""Every error that netkit raises, in one tree: InvalidValue, NotFound, Conflict, KernelRefused, NotInSandbox, more.

    NetkitError
    ├── InvalidValue          a value that the kernel would refuse or misread
    │   ├── InvalidName       of a namespace or an interface
    │   ├── InvalidAddress    an IP address, a prefix, a MAC address
    │   └── WrongCall         arguments that a function does not take, a sign that a handle does not know
    ├── NotFound              nothing of that name is there
    ├── UnknownName           netkit, or one of its handles, has no attribute of that name
    ├── ReadOnly              an attribute of netkit, of a handle or of a value cannot be set
    ├── AlreadyExists         the name, the address or the port is taken
    ├── Conflict              it goes against what is there: it runs, it is in use, it overlaps
    ├── KernelRefused         the kernel answered an act with an error
    ├── ProgramMissing        a program is not installed
    ├── CommandFailed         a program ended with an error, or did not end in time
    ├── CaptureFailed         a capture could not be opened, read or saved
    ├── Unexpected            a failure that a lesson announced did not come
    ├── NotSolved             a strict check, or a strict answer, was not right
    ├── EngineUnavailable     the real Docker Engine does not run here
    └── SandboxError
        ├── NotInSandbox      an act was asked for outside the sandbox
        └── SandboxUnavailable  no sandbox can be made on this machine

Each error says what is wrong (with the value), the rule that it breaks and the remedy.
"""

from netkit.visible import visible


class NetkitError(Exception):
    """Something went wrong, said in the learner's words.

    Args:
        problem: what is wrong, naming the value.
        rule: the rule that it breaks; empty when the problem says it all.
        remedy: what to do about it, ideally a line to type.

    Example:
        >>> str(NetkitError("'a b' has a space", "names are one word", "Try 'a-b'"))
        "'a b' has a space; names are one word. Try 'a-b'."
    """

    def __init__(self, problem: str, rule: str = "", remedy: str = "") -> None:
        super().__init__(problem, rule, remedy)
        self.problem, self.rule, self.remedy = problem, rule, remedy

    def __str__(self) -> str:
        first = "; ".join(part.rstrip(".") for part in (self.problem, self.rule) if part)
        return visible(" ".join(s if s.endswith("?") else f"{s.rstrip('.')}." for s in (first, self.remedy) if s))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook: the sentence, not the library's insides."""
        return [f"{type(self).__name__}: {self}"]


class InvalidValue(NetkitError, ValueError):
    """A value that the kernel would refuse or, worse, misread."""


class InvalidName(InvalidValue):
    """A name that a namespace or an interface cannot bear."""


class InvalidAddress(InvalidValue):
    """Text that is not the IP address, prefix or MAC address that is needed here."""


class WrongCall(InvalidValue, TypeError):
    """Arguments that a function does not take, or a sign, such as `+`, that means nothing for a handle."""


class NotFound(NetkitError, LookupError):
    """Nothing of that name is there."""


class UnknownName(NetkitError, AttributeError):
    """An attribute that netkit, or one of its handles, does not have."""


class ReadOnly(NetkitError, AttributeError):
    """An attribute that cannot be set, since it says what is there."""


class AlreadyExists(NetkitError):
    """The name, the address or the port is taken."""


class Conflict(NetkitError):
    """It goes against what is there: a container runs or does not, a network is in use, two networks overlap."""


class KernelRefused(NetkitError):
    """The kernel answered an act with an error.

    Attributes:
        errno (int): the kernel's error number, 0 if there is none (errno(3)).
    """

    def __init__(self, problem: str, rule: str = "", remedy: str = "", errno: int = 0) -> None:
        super().__init__(problem, rule, remedy)
        self.errno = errno


class ProgramMissing(NetkitError):
    """A program that is needed is not installed."""


class CommandFailed(NetkitError):
    """A program ended with an error, or did not end in time."""


class CaptureFailed(NetkitError):
    """A capture could not be opened, read or saved."""


class EngineUnavailable(NetkitError):
    """The real Docker Engine does not run here: it is not installed, this sandbox cannot carry it, or it ended."""


class Unexpected(NetkitError):
    """A failure that a lesson announced did not come."""


class NotSolved(NetkitError):
    """What a strict check asks for is not all there, or a strict answer is not right."""


class SandboxError(NetkitError):
    """The root of what concerns the sandbox."""


class NotInSandbox(SandboxError):
    """An act was asked for outside the sandbox, where it would touch the machine."""


class SandboxUnavailable(SandboxError):
    """No sandbox can be made on this machine."""
