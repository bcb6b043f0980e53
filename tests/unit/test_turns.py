"""`netkit notebooks`: of two at once, one starts its kernel after the other, so that none takes the other's ports."""

from __future__ import annotations

import asyncio
import fcntl
from typing import TYPE_CHECKING, Any

import nbclient
import pytest

from netkit.subcommands import notebooks

if TYPE_CHECKING:
    from pathlib import Path


def is_free(lock: Path) -> bool:
    with lock.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("fails", [False, True])
def test_a_start_is_over_once_the_kernel_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    seen = []

    async def begins(*_: Any, **__: Any) -> None:
        seen.append(is_free(tmp_path / "runtime" / "netkit-starts.lock"))
        if fails and len(seen) == 2:
            raise RuntimeError

    for name in ("async_start_new_kernel", "async_start_new_kernel_client"):
        monkeypatch.setattr(nbclient.NotebookClient, name, begins)

    async def start() -> None:
        client = notebooks._client()(None)
        await client.async_start_new_kernel()
        await client.async_start_new_kernel_client()

    if fails:
        with pytest.raises(RuntimeError):
            asyncio.run(start())
    else:
        asyncio.run(start())
    assert seen == [False, False]
    assert is_free(tmp_path / "runtime" / "netkit-starts.lock")
