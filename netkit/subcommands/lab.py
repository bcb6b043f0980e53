"""`netkit lab`: JupyterLab, with the sandboxed kernel as the default, on a folder of the learner's own (course/)."""

import argparse
import importlib.util
import os
import signal
import sys
import urllib.parse
from pathlib import Path

HELP = "open JupyterLab, with the sandboxed kernel as default"

DESCRIPTION = """\
Open JupyterLab on the lessons in a folder of your own: DIR, or else course/ here. A folder that is empty or not there
gets them, without outputs and solutions, as `netkit handout` puts them there; what you have changed is never
overwritten. A notebook, or a folder with other things in it, is opened as it is.

New notebooks get the kernel "netkit", which lives in a sandbox. JupyterLab itself runs outside, as always, and ends
with the shell or the make that started it; `nohup netkit lab` lets it go on. Further arguments are JupyterLab's own."""

EXAMPLES = """\
examples:
  netkit lab
  netkit lab ~/docker-networking
  netkit lab course/04-build-docker-bridge.ipynb
  netkit lab notebooks --no-browser --port=9999"""

KERNEL = "netkit"
COURSE = Path("course")
"""Where the lessons are put if nobody says where."""

_QUIET = (
    "--log-level=WARN",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)
"""What a reader need not see; and nothing here needs the internet, so nothing asks for it."""

_SETTINGS = Path(__file__).parent / "jupyter"
"""Beside Jupyter's own folders of settings: JupyterLab asks nobody whether he wants news."""

ANEW = "--KernelManager.cache_ports=False"
"""Lets Jupyter start a kernel again at other ports when another program has taken one that it had chosen."""

SOCKETS = "--MultiKernelManager.kernel_manager_class=netkit.server.SocketKernelManager"
"""Lets Jupyter reach the kernel without a port, which every user of the machine could connect to."""

_START = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyterlab.labapp import main; sys.exit(main())"
"""JupyterLab, without a package that takes half the time until it answers; jsonschema, which asks for it, would tell
by it whether a text is an IRI, and does without."""

_TOLD = "JupyterLab starts, and says below where it is. Control-C, twice, ends it with all its sandboxes.\n"


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.usage = "netkit lab [DIR | NOTEBOOK] [ARGUMENT ...]"
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
    # So that the address that is printed for another computer's browser opens the notebook as well.
    place = arguments[0] if arguments and arguments[0].endswith(".ipynb") else ""
    opened = (
        [f"--LabApp.default_url=/lab/tree/{urllib.parse.quote(os.path.basename(os.fsencode(place)))}"] if place else []
    )
    # -P, as the command `jupyter lab` has it: what lies in the folder replaces no module of JupyterLab's.
    return [sys.executable, "-P", "-c", _START, default, SOCKETS, ANEW, *_QUIET, *opened, *root, *arguments]


def _with_course(arguments: list[str]) -> list[str]:
    """The arguments, with the learner's folder in them where the lessons are meant; they are put there.

    Args:
        arguments: the notebook or folder, if one is given, and arguments of JupyterLab.
    """
    from netkit.lessons.handouts import BESIDE, NEW, hand_out, is_course

    given = bool(arguments) and not arguments[0].startswith("-")
    folder, rest = (Path(arguments[0]), arguments[1:]) if given else (COURSE, arguments)
    if not is_course(folder):
        return [str(folder), *rest]
    handed = hand_out(folder)
    sys.stderr.write(f"The lessons are in {folder.resolve()}, which is yours: what you change there is kept.\n")
    sys.stderr.writelines(f"{path}: {what}\n" for path, what in handed if what == BESIDE)
    first = handed[0]
    return [str(first.path if first.what == NEW else folder), *rest]


def _path(before: str) -> str:
    """PATH with the programs of this environment, so that a terminal in JupyterLab finds `netkit`."""
    own = os.path.dirname(sys.executable)
    places = before.split(os.pathsep)
    return before if own in places else os.pathsep.join([own, *places])


def _end_with_parent() -> None:
    """Let JupyterLab be terminated when a shell or a make that started this process ends, even if that is killed.

    Not under nohup; not where the parent is out of sight or process 1; and not for a parent with several threads,
    since the kernel's signal comes with the end of the one that started this process (PR_SET_PDEATHSIG of prctl(2)).
    """
    from netkit.sandbox import system

    parent = os.getppid()
    if parent > 1 and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and _has_one_thread(parent):
        system.die_with_parent(parent, signal.SIGTERM)


def _has_one_thread(process: int) -> bool:
    try:
        return len(os.listdir(f"/proc/{process}/task")) == 1
    except OSError:
        return False


def main(options: argparse.Namespace) -> int:
    """Become JupyterLab."""
    from netkit.errors import InvalidValue, NotFound, ProgramMissing
    from netkit.sandbox import inherited

    if importlib.util.find_spec("jupyterlab") is None:
        raise ProgramMissing("JupyterLab is not installed", remedy="'pip install jupyterlab' in the same environment")
    if not inherited.folder():
        raise NotFound("The folder in which this was started is not there any more", remedy="Go to another: 'cd ~'")
    place = options.arguments[0] if options.arguments else ""
    if options.arguments and not os.path.exists(place) and (not place or place.endswith(".ipynb")):
        raise NotFound(f"There is no notebook '{place}'", remedy="Give the path of a notebook or a folder, or nothing")
    if os.path.isfile(place) and not place.endswith(".ipynb"):
        raise InvalidValue(f"'{place}' is no notebook", "notebooks end in .ipynb", "Give a notebook or a folder")
    words = command(options.arguments if os.path.isfile(place) else _with_course(options.arguments))
    sys.stderr.write(_TOLD)
    sys.stderr.flush()
    _end_with_parent()
    settings = os.pathsep.join(filter(None, [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]))
    own = {"PATH": _path(os.environ.get("PATH", os.defpath)), "JUPYTER_CONFIG_PATH": settings}
    environment = {**os.environ, **own}
    os.execve(words[0], words, environment)  # noqa: S606 - a shell would only be in the way
