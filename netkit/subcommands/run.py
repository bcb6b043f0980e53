"""`netkit run`: any command in a fresh sandbox."""

import argparse

HELP = "run a command in a fresh sandbox"

DESCRIPTION = """\
Run a command in a fresh sandbox: it is root there, has a network of its own, and cannot touch this
machine's. Files in your directories are the same inside and outside, but /tmp is empty there except for what
the command is told of: its folder, and paths in its arguments and variables. When the command ends, everything
that it started and made in the sandbox is gone.

The exit status is the command's own; 128 + n if signal n ended it; 127 if there is no such program,
126 if it cannot be started, 125 if no sandbox can be made."""

EXAMPLES = """\
examples:
  netkit run -- ip link
  netkit run -- sh -c 'ip netns add ns1; ip netns list'
  netkit run -- python -m pytest tests/inside"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.usage = "netkit run -- COMMAND [ARGUMENT ...]"
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its arguments")


def main(options: argparse.Namespace) -> int:
    """Run the command; its exit status."""
    from netkit.errors import InvalidValue
    from netkit.sandbox.command import run

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command or not command[0]:
        problem = "The command is an empty text" if command else "No command is given"
        raise InvalidValue(problem, "'netkit run' needs the name of a program", "Try 'netkit run -- ip link'")
    return run(tuple(command))
