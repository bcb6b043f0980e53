"""The AppArmor profile that lets netkit's interpreter use user namespaces where Ubuntu forbids them.

AppArmor knows a program by the path of its file, links followed.  What asks for namespaces is Python: the
interpreter's file is what a profile has to name, and every program that this file runs is excepted then.  An
environment made with `python3 -m venv --copies` has an interpreter of its own; one with links has the machine's.
"""

import os
import shlex
import shutil
import sys

OWN_PLACE = "/opt/netkit/bin/python*"
"""Where the profile in deploy/ expects the interpreter: an environment of root's, made with copies."""

_PROFILE = """\
# netkit: user namespaces for its interpreter, where kernel.apparmor_restrict_unprivileged_userns is 1
# (Ubuntu 23.10 and later).  AppArmor goes by the path of the program's file, links followed: every
# program that {path} runs is excepted, whoever starts it.
# Load it:    apparmor_parser --replace THIS_FILE
# Remove it:  apparmor_parser --remove THIS_FILE, and delete the file from /etc/apparmor.d

abi <abi/4.0>,
include <tunables/global>

profile netkit {path} flags=(unconfined) {{
  userns,

  include if exists <local/netkit>
}}
"""


def interpreter() -> str:
    """The file that runs netkit, all links followed."""
    return os.path.realpath(sys.executable)


def profile(path: str | None = None) -> str:
    """The text of the profile (apparmor.d(5)).

    Args:
        path: the interpreter's file or a pattern; by default the one that runs this.
    """
    return _PROFILE.format(path=path or interpreter())


def cost() -> str:
    """What the exception of this interpreter means, in one sentence."""
    file = interpreter()
    if file.startswith(os.path.realpath(sys.prefix) + os.sep):
        return f"Then every program that {file} runs may make user namespaces, and no other."
    return (
        f"Then every Python program that {file} runs, of every user, may make user namespaces: an interpreter of "
        "netkit's own (python3 -m venv --copies) keeps the exception to netkit."
    )


def line() -> str:
    """The line that saves and loads the profile."""
    command = shutil.which("netkit") or os.path.join(sys.prefix, "bin", "netkit")
    word = "netkit" if shutil.which("netkit") else shlex.quote(command)
    return f"{word} doctor --apparmor | sudo tee /etc/apparmor.d/netkit | sudo apparmor_parser --replace"
