"""Knows ways out of the sandbox by keys and by what processes share in memory, each harmless even if it worked."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from tests.outside.kernel_calls import Outside, found, program, system_call

_THREAD, _PROCESS, _SESSION, _USER, _USER_SESSION = -1, -2, -3, -4, -5
_JOIN, _DESCRIBE, _LINK, _SEARCH, _READ, _GET_PERSISTENT = 1, 6, 8, 10, 11, 22


def _payload(key: int) -> bytes:
    room = ctypes.create_string_buffer(200)
    return room.raw[: system_call("keyctl", _READ, key, room, 200)]


def _search(ring: int, outside: Outside) -> bytes:
    return _payload(system_call("keyctl", _SEARCH, ring, b"user", outside.name.encode(), 0))


def read_key_of_session(outside: Outside) -> object:
    return _search(_SESSION, outside)


def read_key_of_user(outside: Outside) -> object:
    return _search(_USER, outside)


def read_key_of_user_session(outside: Outside) -> object:
    return _search(_USER_SESSION, outside)


def read_key_by_its_number(outside: Outside) -> object:
    return _payload(outside.key)


def describe_key_by_its_number(outside: Outside) -> object:
    room = ctypes.create_string_buffer(200)
    system_call("keyctl", _DESCRIBE, outside.key, room, 200)
    return found(room.value.decode(), outside)


def link_key_by_its_number(outside: Outside) -> object:
    return system_call("keyctl", _LINK, outside.key, _PROCESS)


def add_key_to_session(outside: Outside) -> object:
    return system_call("add_key", b"user", b"netkit-from-inside", b"x", 1, _SESSION)


def join_session_of_that_name(outside: Outside) -> object:
    system_call("keyctl", _JOIN, f"{outside.name}-session".encode())
    return _search(_SESSION, outside)


def take_keys_that_stay(outside: Outside) -> object:
    return system_call("keyctl", _GET_PERSISTENT, os.getuid(), _PROCESS)


def list_keys(outside: Outside) -> object:
    return found(Path("/proc/keys").read_text(encoding="utf-8", errors="replace"), outside)


def take_shared_memory(outside: Outside) -> object:
    return system_call("shmget", outside.ipc, 4096, 0)


def take_message_queue(outside: Outside) -> object:
    return system_call("msgget", outside.ipc, 0)


def take_semaphore(outside: Outside) -> object:
    return system_call("semget", outside.ipc, 1, 0)


def list_shared_memory(outside: Outside) -> object:
    text = Path("/proc/sysvipc/shm").read_text(encoding="ascii")
    return found(text.replace(f"{outside.ipc:>10}", outside.name), outside)


def open_named_queue(outside: Outside) -> object:
    return system_call("mq_open", outside.name.encode(), 0, 0, 0)


def list_named_queues(outside: Outside) -> object:
    return found(program("sh", "-c", "mount -t mqueue mqueue /mnt && ls /mnt"), outside)


def read_named_memory(outside: Outside) -> object:
    return Path(f"/dev/shm/{outside.name}").read_text(encoding="utf-8")
