"""The command of the Jupyter kernel `netkit`: `python -m netkit.kernel -f CONNECTION_FILE`."""

import os
import sys

if __name__ == "__main__":
    # Asked at once: a client that is killed from now on will be missed.
    parent = os.getppid()
    # A notebook's folder must not replace what is imported here; the kernel itself puts it back.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

    from netkit.sandbox.launcher import main

    sys.exit(main(sys.argv[1:], parent))
