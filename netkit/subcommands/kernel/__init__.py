"""`netkit kernel` (--install, --list, --remove): tells Jupyter programs of other environments about its kernel."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "register the kernel with the Jupyter programs of other environments"

DESCRIPTION = """\
JupyterLab, and every other Jupyter program of the environment that netkit is installed in, knows the kernel
already. --install registers it for those of all other environments, with this environment's Python; --remove takes
that back, and --list shows what is registered and whether it still works.

With --user it is for yourself, else for everybody on this machine, which only root may do."""

EXAMPLES = """\
examples:
  netkit kernel --install --user
  netkit kernel --list
  netkit kernel --remove --user"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--install", action="store_true", help="register it; an earlier registration gives way")
    way.add_argument("--list", action="store_true", help="show where it is registered, and its Python")
    way.add_argument("--remove", action="store_true", help="take the registration back")
    parser.add_argument("--user", action="store_true", help="for yourself, not for everybody on this machine")


def main(options: argparse.Namespace) -> int:
    """Register, list, or take back; 0 if that could be done."""
    from netkit.subcommands.kernel import registration

    if options.list:
        lines = registration.listed()
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return 0 if lines else 1
    change = registration.install if options.install else registration.remove
    sys.stdout.write(f"{change(user=options.user)}: {'registered' if options.install else 'taken back'}\n")
    return 0
