"""`netkit shell`: a shell in a new sandbox, or in that of a running kernel (--list names them)."""

import argparse
import os
import shutil
import sys

HELP = "open a shell in a new sandbox, or in a running kernel's"

DESCRIPTION = """\
Open a shell in a new sandbox, or beside a notebook: in the sandbox of a running kernel, where it sees and
changes the same network. A kernel can have several shells. Root enters another user's kernel as that user, by
su(1). The exit status is the shell's own."""

EXAMPLES = """\
examples:
  netkit shell            a new sandbox, gone when the shell ends
  netkit shell --list     the kernels that run now
  netkit shell 3f2a       in the sandbox of the kernel whose id begins with 3f2a"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "kernel", nargs="?", metavar="KERNEL", help="a kernel's id or its beginning, or its connection file"
    )
    parser.add_argument("-l", "--list", action="store_true", help="list the kernels that run now, and exit")


def main(options: argparse.Namespace) -> int:
    """Open the shell; its exit status."""
    from netkit.sandbox import kernels, visiting
    from netkit.sandbox.command import run

    if options.kernel is not None and (options.list or not options.kernel.strip()):
        from netkit.errors import InvalidValue

        rule = "--list takes no kernel" if options.list else "a kernel's id has a letter or a digit at least"
        raise InvalidValue(f"'{options.kernel}' is one word too many", rule, "Try 'netkit shell --list' alone")
    if options.list:
        running = kernels.running()
        if not running:
            sys.stderr.write("No kernel of netkit's runs now.\n")
        for kernel in running:
            whose = "" if kernel.owner == os.geteuid() else f"\t{visiting.name(kernel)}"
            sys.stdout.write(f"{kernel.name}\t{kernel.connection_file}{whose}\n")
        return 0
    kernel = kernels.find(options.kernel) if options.kernel else None
    if kernel and kernel.owner != os.geteuid():
        visiting.become_owner(kernel)
    shell = shutil.which("bash") or "sh"
    return run((shell,), kernel.first if kernel else None)
