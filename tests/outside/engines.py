"""Other Engines than the machine's: trees of other releases, made by mmdebstrap(1) without root.

mmdebstrap knows where a release's packages come from.  A release whose keys are not installed here is not verified by
them: of such a tree nothing counts unless its dockerd is, byte for byte, the one that was looked at.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("NETKIT_TEST_ENGINES") or Path.home() / ".cache/netkit-engines")
"""Where trees are kept from one run to the next."""

PROGRAMS = "docker.io,iptables,nftables,iproute2"
_UNVERIFIED = ('APT::Get::AllowUnauthenticated "true"', 'Acquire::AllowInsecureRepositories "true"')
_OLD_LISTS = 'Acquire::Check-Valid-Until "false"'
_SECONDS = 900


@dataclass(frozen=True)
class Release:
    """A distribution's release with an Engine of its own.

    Attributes:
        suite: as apt calls it.
        version: of its Engine, the part that matters.
        keyring: the file with its keys.
        further: packages beside those of all: the docker command where that is one of its own, Podman's netavark.
        components: of the archive, with commas.
        checksum: of dockerd (SHA-256), where there are no keys.
    """

    suite: str
    version: str
    keyring: str
    further: str = ""
    components: str = "main"
    checksum: str = ""


_DEBIAN, _UBUNTU = "/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
RELEASES = (
    Release("trixie", "26.1", _DEBIAN, "docker-cli"),
    Release("sid", "28.5", _DEBIAN, "docker-cli,netavark"),
    Release(
        "noble",
        "29.1",
        _UBUNTU,
        components="main,universe",
        checksum="237b0603cc24496c74433aeb32d70a16931ae7e015f183b8f3c7c7db83c72a5f",
    ),
)


class Unavailable(Exception):
    """A tree cannot be had here; the reason is its text."""


def tree(release: Release) -> Path:
    """The tree of a release, made if it is not there yet.

    Raises:
        Unavailable: it cannot be downloaded here, or is not what it was.
    """
    place = FOLDER / release.suite
    if not place.exists():
        _make(release, place)
    dockerd = next((path for below in ("usr/sbin", "usr/bin") if (path := place / below / "dockerd").exists()), None)
    if dockerd is None:
        raise Unavailable(f"{place} holds no dockerd")
    if not Path(release.keyring).exists() and hashlib.sha256(dockerd.read_bytes()).hexdigest() != release.checksum:
        raise Unavailable(f"the dockerd of {release.suite} is another than the one that was looked at")
    return place


def _make(release: Release, place: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("there is no mmdebstrap")
    place.parent.mkdir(parents=True, exist_ok=True)
    verified = Path(release.keyring).exists()
    options = [f"--aptopt={line}" for line in (_OLD_LISTS, *(() if verified else _UNVERIFIED))]
    options.append(f"--components={release.components}")
    included = f"--include={','.join(filter(None, (PROGRAMS, release.further)))}"
    unfinished = place.with_suffix(".part.tar")
    # A tar file, since the folder's own ids would be those of a user namespace; all of it is unpacked as one's own.
    command = ["mmdebstrap", "--quiet", "--variant=essential", included, *options, release.suite, str(unfinished)]
    unpack = [
        "tar",
        "--extract",
        "--no-same-owner",
        "--exclude=./dev/*",
        f"--file={unfinished}",
        f"--directory={place}",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
        place.mkdir()
        subprocess.run(unpack, check=True, capture_output=True, text=True, timeout=_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(place, ignore_errors=True)
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        raise Unavailable(f"no tree of {release.suite}: {last}") from None
    finally:
        unfinished.unlink(missing_ok=True)
