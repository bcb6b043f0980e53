"""A distribution's release as a tree of files, made by mmdebstrap(1), in which an ordinary user goes README's way.

The kernel is this machine's: what a release's own kernel or its AppArmor forbids is not seen here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.project import ROOT, files

FOLDER = Path(os.environ.get("NETKIT_TEST_TREES") or "/var/cache/netkit-trees")
"""Where trees are kept from one run to the next."""

USER = "ada"
HOME = f"/home/{USER}/netkit"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGES = (
    *("python3", "python3-venv", "make", "ca-certificates", "util-linux", "mount", "passwd"),
    *("bridge-utils", "conntrack", "iproute2", "iptables", "iputils-ping", "kmod", "net-tools", "nftables", "procps"),
    *("tcpdump", "tshark", "uidmap", "busybox-static", "docker.io", "nginx"),
)
"""What README asks for, what tools/packages.sh installs there, and what tests need."""

_UNVERIFIED = ('APT::Get::AllowUnauthenticated "true"', 'Acquire::AllowInsecureRepositories "true"')
_SECONDS_TO_MAKE = 1800

# A user namespace cannot be made below a chroot(2), so the tree becomes the root of a mount namespace (pivot_root(2)).
_ENTER = f"""
mount -n --make-rprivate /
mount -n --bind "$TREE" "$TREE"
cd "$TREE"
mount -n -t proc proc proc
mount -n --rbind /dev dev
mount -n --rbind /sys sys
mount -n -t tmpfs tmpfs run
mount -n -t tmpfs tmpfs tmp
chmod 1777 tmp
mount -n --bind /etc/resolv.conf etc/resolv.conf
touch mnt/certificates
mount -n --bind {CERTIFICATES} mnt/certificates
mkdir -p mnt/old
pivot_root . mnt/old
cd /
umount -n -l /mnt/old
for program in $WITHOUT; do mount -n --bind /dev/null "$(command -v "$program")"; done
cd {HOME}
exec setpriv --pdeathsig KILL --reuid "$WHO" --regid "$WHO" --init-groups env -i "$@"
"""


class Unavailable(Exception):
    """A tree cannot be had here; the reason is its text."""


@dataclass(frozen=True)
class Release:
    """A distribution's release.

    Attributes:
        name: as people call it.
        suite: as apt calls it.
        keyring: the file with its keys.
        components: of its archive, with commas.
        more: packages that only it has.
    """

    name: str
    suite: str
    keyring: str
    components: str = "main"
    more: tuple[str, ...] = ()

    @property
    def tree(self) -> Path:
        """Where its files are."""
        return FOLDER / self.suite

    def make(self) -> None:
        """Make the tree, unless it is there, and put a fresh copy of the project into the user's home.

        An environment that was made there stays: `make env` brings it up to date, as it does for a user.

        Raises:
            Unavailable: it cannot be made here.
        """
        if not self.tree.exists():
            self._bootstrap()
        if USER not in (self.tree / "etc/passwd").read_text(encoding="utf-8"):
            subprocess.run(["chroot", self.tree, "useradd", "--create-home", "--shell", "/bin/sh", USER], check=True)
        (self.tree / "home" / USER).chmod(0o755)  # so that root's sandbox can enter it as well
        copy = self.tree / HOME.lstrip("/")
        for old in copy.glob("*"):
            if old.name != ".venv":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        for path in files():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, copy / path)
        subprocess.run(["chroot", self.tree, "chown", "-R", f"{USER}:{USER}", HOME], check=True)

    def _bootstrap(self) -> None:
        if shutil.which("mmdebstrap") is None:
            raise Unavailable("there is no mmdebstrap")
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = self.tree.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        lines = ['Acquire::Check-Valid-Until "false"', *(() if Path(self.keyring).exists() else _UNVERIFIED)]
        # What it mounts meanwhile is seen by nobody else.
        command = ["unshare", "--mount", "mmdebstrap", "--quiet", "--mode=root", "--variant=apt"]
        command += [f"--components={self.components}", f"--include={','.join((*PACKAGES, *self.more))}"]
        command += [f"--aptopt={line}" for line in lines]
        done = subprocess.run(
            [*command, self.suite, str(unfinished)],
            capture_output=True,
            text=True,
            timeout=_SECONDS_TO_MAKE,
            check=False,
        )
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise Unavailable(f"no tree of {self.name}: {(done.stderr.strip() or 'no reason').splitlines()[-1]}")
        unfinished.rename(self.tree)

    def run(
        self, *words: str, seconds: float = 900, who: str = USER, without: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder there, by default as the ordinary user; it ends with all it started.

        Args:
            words: the command.
            seconds: after which it has failed.
            who: the user that runs it.
            without: a program that is not there meanwhile.
        """
        home = "/root" if who == "root" else f"/home/{who}"
        given = [f"PATH={PATH}", f"HOME={home}", f"USER={who}", "LANG=C.UTF-8", "PIP_CERT=/mnt/certificates"]
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ENTER, "sh"]
        return subprocess.run(
            [*enter, *given, *words],
            env={"PATH": PATH, "TREE": str(self.tree), "WHO": who, "WITHOUT": without},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


_DEBIAN, _UBUNTU = "/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
RELEASES = (
    Release("Debian 12", "bookworm", _DEBIAN),
    Release("Debian 13", "trixie", _DEBIAN, more=("docker-cli",)),
    Release("Ubuntu 24.04", "noble", _UBUNTU, components="main,universe"),
)
