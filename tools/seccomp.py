"""Makes netkit's seccomp profile of Docker's default one.

    python tools/seccomp.py DEFAULT.JSON >deploy/seccomp/netkit.json

DEFAULT.JSON is profiles/seccomp/default.json of the source of Docker's Engine, which Debian's package
golang-github-docker-docker-dev contains.  One rule is added; nothing of Docker's is taken away or changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ADDED = {
    "names": ["mount", "sethostname", "setns", "umount2", "unshare"],
    "action": "SCMP_ACT_ALLOW",
    "args": [],
    "comment": "netkit: namespaces and mounts without CAP_SYS_ADMIN; the kernel allows them in a user namespace only",
    "includes": {},
    "excludes": {"caps": ["CAP_SYS_ADMIN"]},
}


def main(path: str) -> None:
    """Print the profile."""
    profile = json.loads(Path(path).read_text(encoding="utf-8"))
    profile["syscalls"].append(ADDED)
    sys.stdout.write(json.dumps(profile, indent="\t") + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
