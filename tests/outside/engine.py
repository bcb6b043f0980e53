"""A Docker Engine of the tests' own, as root: its namespaces end with it, and its files lie in one folder.

Its containers are as any Engine makes them, with Docker's default seccomp profile and control groups; only a network
they have none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.outside.sessions import eventually

if TYPE_CHECKING:
    from tests.outside.dockerfile import Image

PROGRAMS = ("dockerd", "docker", "containerd", "runc")
CONTROL_GROUPS = Path("/sys/fs/cgroup")
SECONDS_TO_START = 60.0

_SCRIPT = """
mount -n --make-rprivate /
mount -n -t tmpfs tmpfs /run
[ ! -d /etc/docker ] || mount -n -t tmpfs tmpfs /etc/docker
ip link set lo up
exec dockerd --data-root "$0/data" --exec-root /run/docker --pidfile /run/docker.pid --host "unix://$0/socket" \
    --bridge none --iptables=false --ip6tables=false --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$1"
"""


def is_possible() -> bool:
    """Whether the Engine is installed, and this is root."""
    return os.geteuid() == 0 and all(map(shutil.which, PROGRAMS))


class Engine:
    """A Docker Engine; it is ready, and ends with the block.

    Args:
        folder: for all its files; it is gone afterwards.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.group = f"netkit-{uuid.uuid4().hex[:8]}"
        # Debian's client has no BuildKit.
        self._environment = {**os.environ, "DOCKER_HOST": f"unix://{folder}/socket", "DOCKER_BUILDKIT": "0"}
        folder.mkdir()
        kinds = ("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")
        with (folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                ["unshare", *kinds, "sh", "-ec", _SCRIPT, str(folder), f"/{self.group}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        if not eventually(lambda: self._answers() or self._process.poll() is not None, SECONDS_TO_START):
            self.__exit__()
        assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        # The last process of a control group may take a moment to go.
        assert eventually(self._remove_groups), f"control groups of {self.group} are left"
        shutil.rmtree(self.folder)

    def docker(self, *words: str, check: bool = True, timeout: float = 600) -> str:
        """What a docker command says; with check=False also what it complains of."""
        answer = subprocess.run(
            ["docker", *words], env=self._environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert not check or answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout if check else answer.stdout + answer.stderr

    def take(self, image: Image, name: str) -> None:
        """`docker import` an image that was made without Docker."""
        changes = [word for change in image.changes for word in ("--change", change)]
        with subprocess.Popen(["tar", "-C", image.tree, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(
                ["docker", "import", *changes, "-", name],
                env=self._environment,
                stdin=tar.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        assert tar.returncode == 0

    def memory(self, container: str) -> Path:
        """The control group that counts a container's memory."""
        number = self.docker("inspect", "--format", "{{.Id}}", container).strip()
        version1 = CONTROL_GROUPS / "memory" / self.group / number
        return version1 if version1.exists() else CONTROL_GROUPS / self.group / number

    def _answers(self) -> bool:
        asked = subprocess.run(["docker", "version"], env=self._environment, capture_output=True, check=False)
        return asked.returncode == 0

    def _remove_groups(self) -> bool:
        mine = [path for path in CONTROL_GROUPS.glob(f"**/{self.group}") if path.is_dir()]
        for top in mine:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:  # busy: a process of it has not ended yet
                    return False
        return True
