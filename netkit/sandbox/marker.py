"""Whether this process is in a sandbox ("netkit acts in a sandbox only"): the kernel says so, no variable does."""

from netkit.errors import NotInSandbox
from netkit.sandbox import filesystem, programs, worlds


class Inside:
    """The sandbox that this process is in.

    Args:
        world: name of its world.
    """

    def __init__(self, world: str) -> None:
        self.world = world

    def __repr__(self) -> str:
        said = "sandbox: host name netkit, you are root inside"  # the same in every world: notebooks show it
        notes = filter(None, (worlds.load(self.world).LACKS, self.missing))
        return "\n".join((said, *(f"note: {note}" for note in notes)))

    @property
    def missing(self) -> str:
        """Which programs of the distribution are missing that lessons type, in a sentence; empty if none is."""
        return programs.note()


def inside() -> bool:
    """Whether this process is in a netkit sandbox.

    Two things have to agree: the sandbox's mark among the mounts, and its world's own evidence, for the
    user world that the network belongs to another user namespace than the machine's.

    Example:
        >>> isinstance(inside(), bool)
        True
    """
    world = filesystem.world()
    return world in worlds.WORLDS and worlds.load(world).inside()


def require_sandbox() -> Inside:
    """Make sure that this notebook runs in a sandbox, where nothing can happen to the machine.

    Returns:
        A value that says which sandbox it is.

    Raises:
        NotInSandbox: it does not.
    """
    if not inside():
        raise NotInSandbox(
            "This process is not in a sandbox: what it does would happen to your machine",
            "netkit acts in a sandbox only",
            "In JupyterLab choose Kernel > Change Kernel… > netkit; in a terminal begin with 'netkit run -- '",
        )
    return Inside(filesystem.world())
