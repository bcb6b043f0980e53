"""`netkit lab`: JupyterLab, with the sandboxed kernel as the default."""

import argparse
import importlib.util
import os
import sys

HELP = "open JupyterLab, with the sandboxed kernel as default"

DESCRIPTION = """\
Open JupyterLab on a notebook or a folder. New notebooks get the kernel "netkit", which lives in a sandbox.
JupyterLab itself runs outside, as always. Further arguments are JupyterLab's own."""

EXAMPLES = """\
examples:
  netkit lab
  netkit lab notebooks/00-start-here.ipynb
  netkit lab notebooks --no-browser --port=9999"""

KERNEL = "netkit"


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.usage = "netkit lab [NOTEBOOK] [ARGUMENT ...]"
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="NOTEBOOK", help="what to open, and arguments of JupyterLab"
    )


def command(arguments: list[str]) -> list[str]:
    """The command that starts JupyterLab.

    Args:
        arguments: the notebook or folder, and arguments of JupyterLab.
    """
    # JupyterLab refuses to run as root, since cells could do anything then; here they are in the sandbox.
    root = ["--allow-root"] if os.geteuid() == 0 else []
    default = f"--MultiKernelManager.default_kernel_name={KERNEL}"
    return [sys.executable, "-m", "jupyterlab", default, *root, *arguments]


def main(options: argparse.Namespace) -> int:
    """Become JupyterLab."""
    from netkit.errors import NotFound, ProgramMissing

    if importlib.util.find_spec("jupyterlab") is None:
        raise ProgramMissing("JupyterLab is not installed", remedy="'pip install jupyterlab' in the same environment")
    place = options.arguments[0] if options.arguments else ""
    if place and not place.startswith("-") and not os.path.exists(place):
        raise NotFound(f"There is no notebook '{place}'", remedy="Give the path of a notebook or a folder, or nothing")
    words = command(options.arguments)
    os.execv(words[0], words)  # noqa: S606 - a shell would only be in the way
