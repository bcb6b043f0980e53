"""Images without a registry, busybox and nginx: root file systems of programs that the distribution has installed.

`python -m netkit.dockerd.images NAME` writes one as a tar file, which `docker import` takes.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from netkit.linux.entering import HOST_PATH
from netkit.linux.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnginx:x:101:\nnogroup:x:65534:\n",
}
_SERVER = """\
user nginx;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr;
events {}
http {
    default_type text/html;
    access_log /dev/stdout;
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
}
"""


@dataclass(frozen=True)
class Image:
    """What an image is made of.

    Attributes:
        program: the program that it is named after, and cannot be without.
        place: where the program lies in the image.
        command: what a container runs unless told otherwise.
        texts: further files.
        directories: further directories.
        port: that it serves, None if it serves none.
    """

    program: str
    place: str
    command: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    directories: tuple[str, ...] = ()
    port: int | None = None

    @property
    def name(self) -> str:
        """As docker calls it: "busybox:latest"."""
        return f"{self.program}:latest"

    @property
    def possible(self) -> bool:
        """Whether its program is installed: an image never bears the name of a program that it does not hold."""
        return shutil.which(self.program) is not None

    @property
    def changes(self) -> tuple[str, ...]:
        """What `docker import --change` writes into its description, in the words of a Dockerfile."""
        exposed = (f"EXPOSE {self.port}",) if self.port else ()
        return (*exposed, f"CMD {json.dumps(self.command)}")


BUSYBOX = Image(
    "busybox", "bin/busybox", ("sh",), {"www/index.html": "It works: busybox httpd\n"}, ("var/log", "var/run")
)
NGINX = Image(
    "nginx",
    "usr/sbin/nginx",
    ("nginx", "-g", "daemon off;"),
    {"etc/nginx/nginx.conf": _SERVER, "usr/share/nginx/html/index.html": "<h1>Welcome to nginx!</h1>\n"},
    ("run", "var/log/nginx", "var/lib/nginx"),
    80,
)
IMAGES = {image.program: image for image in (BUSYBOX, NGINX)}
"""All images, by the names of their programs."""


def write(image: Image, file: IO[bytes]) -> None:
    """Write an image's root file system as a tar file; everything in it belongs to root.

    Args:
        image: one that is possible.
        file: to write to.
    """
    # Also in the nginx image: a shell, and the commands with which one looks at a network.
    files = {**_with_libraries("busybox", BUSYBOX.place), **_with_libraries(image.program, image.place)}
    with tarfile.open(fileobj=file, mode="w|") as archive:
        for directory in _above(
            *files, *_ACCOUNTS, *image.texts, *(f"{place}/file" for place in ("root", *image.directories))
        ):
            _add_directory(archive, directory, 0o755)
        _add_directory(archive, "tmp", 0o1777)
        for place, source in files.items():
            _add(archive, place, Path(source).read_bytes(), 0o755)
        for place, text in {**_ACCOUNTS, **image.texts}.items():
            _add(archive, place, text.encode(), 0o644)
        for applet in run(HOST_PATH, ["busybox", "--list"]).stdout.split():
            if applet != "busybox":
                _add_link(archive, f"bin/{applet}", "busybox")


def _with_libraries(program: str, place: str) -> dict[str, str]:
    """A program and the shared libraries that it loads: place in the image -> file here (ldd(1))."""
    source = shutil.which(program) or program
    listed = run(HOST_PATH, ["ldd", source]).stdout  # nothing for a program that is linked statically
    return {place: source, **{path.lstrip("/"): path for path in re.findall(r"(/\S+) \(0x", listed)}}


def _above(*places: str) -> list[str]:
    """All directories that lead to these places, from the top down."""
    return sorted({str(folder) for place in places for folder in PurePosixPath(place).parents} - {"."})


def _add_directory(archive: tarfile.TarFile, place: str, mode: int) -> None:
    entry = tarfile.TarInfo(place)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _add(archive: tarfile.TarFile, place: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(place)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _add_link(archive: tarfile.TarFile, place: str, target: str) -> None:
    entry = tarfile.TarInfo(place)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


if __name__ == "__main__":
    write(IMAGES[sys.argv[1]], sys.stdout.buffer)
