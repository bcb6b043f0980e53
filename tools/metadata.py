"""What the repository itself knows of the distribution: its address, and a README that holds elsewhere as well.

hatchling asks for it while it builds. A package index shows the README far from the files that it refers to, so that
links to them lead to the repository. Where the repository has no address, nothing is made up: there are no URLs, links
are plain words, and in the place of each picture stands what it shows.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hatchling.metadata.plugin.interface import MetadataHookInterface

_SHORT = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+):(?P<path>(?!//).+)")
"""git's short form of an ssh address: git@HOST:OWNER/REPO.git."""

_LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]+)\]\((?P<target>(?!\w+:|#)[^()\s]+)\)")
_IMAGE = re.compile(r'<img src="(?P<source>(?!\w+:)[^"]+)" alt="(?P<words>[^"]+)"[^>]*>')
_RAW = {"github.com": "{address}/raw/HEAD/{path}", "gitlab.com": "{address}/-/raw/HEAD/{path}"}
"""Where a file itself is, by the repository's host; elsewhere nobody knows."""


class CustomMetadataHook(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what is dynamic to what pyproject.toml says."""
        address = address_of(_remote(Path(self.root)))
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": portable(text, address)}
        metadata["urls"] = urls(address)


def _remote(folder: Path) -> str:
    """Where git has the repository from, empty if it does not know, or if this is no repository."""
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "config", "--get", "remote.origin.url"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def address_of(remote: str) -> str:
    """The page of a repository, without anybody's name and password; empty for a folder, or a host of no public name.

    Args:
        remote: as git has it.
    """
    if short := _SHORT.fullmatch(remote):
        host, path = short["host"], short["path"]
    else:
        parts = urlsplit(remote)
        if parts.scheme not in ("http", "https", "ssh", "git") or not parts.hostname:
            return ""
        host, path = parts.hostname, parts.path
    if not re.search(r"\.[a-z]{2,}$", host):
        return ""
    return f"https://{host}/{path.strip('/').removesuffix('.git')}"


def urls(address: str) -> dict[str, str]:
    """What an index lists beside the description; nothing where there is no address."""
    if not address:
        return {}
    return {"Source": address, "Changelog": f"{address}/blob/HEAD/CHANGELOG.md"}


def portable(text: str, address: str) -> str:
    """A README whose links and pictures hold wherever it is shown.

    Args:
        text: Markdown.
        address: of the repository's page, or empty.
    """
    raw = _RAW.get(urlsplit(address).hostname or "", "")

    def picture(found: re.Match[str]) -> str:
        if not raw:
            return f"(Picture: {found['words']})"
        return found[0].replace(found["source"], raw.format(address=address, path=found["source"]), 1)

    def link(found: re.Match[str]) -> str:
        return f"[{found['words']}]({address}/blob/HEAD/{found['target']})" if address else found["words"]

    return _LINK.sub(link, _IMAGE.sub(picture, text))
