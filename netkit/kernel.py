"""The command of the Jupyter kernel `netkit`: `python -m netkit.kernel -f CONNECTION_FILE`."""

import os
import sys

if __name__ == "__main__":
    # Asked at once: a client that is killed from now on will be missed.
    parent = os.getppid()
    # A notebook's folder must not replace what is imported out here.  PYTHONSAFEPATH, which kernel.json sets, keeps it
    # away before any line runs; a client that hands no variables on leaves it here, and some modules are loaded by now.
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # it was removed
        folder = ""
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", folder):
        del sys.path[0]

    from netkit.sandbox import launcher

    launcher.let_neighbours_be_imported(parent)
    sys.exit(launcher.main(sys.argv[1:], parent))
