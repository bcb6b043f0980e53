"""What else a hostile learner may hand in, beside what `papers` has: harmless even where it succeeds."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = {
    "links": "ln -s /etc/passwd /run/a; ip netns add x; ln -s / /run/netns/y; ln -s /proc/1/ns/net /run/netns/z; true",
    "pipes": "ip netns add x; mkfifo /run/netns/pipe; true",
    "mounted pipe": "ip netns add x; mkfifo /run/p; touch /run/netns/y; mount --bind /run/p /run/netns/y; true",
    "waits": "read x; cat; read x </dev/tty; cat /dev/tty; true",
    "many small files": "i=0; while [ $i -lt 20000 ]; do : > /dev/shm/f$i || break; i=$((i+1)); done; true",
    "memory of others": "for p in /proc/[0-9]*; do cat $p/environ; echo x > $p/mem; done >/run/told 2>&1; true",
    "user namespace": "unshare -Urmpf sh -c 'mount -t tmpfs x /usr; mount -o remount,rw /; mount -t proc p /proc'; :",
    "mounts": "i=0; while [ $i -lt 3000 ]; do mount -t tmpfs x /run || break; i=$((i+1)); done; true",
    "namespaces": "i=0; while [ $i -lt 3000 ]; do ip netns add n$i || break; i=$((i+1)); done; true",
    "sockets": "for i in 1 2 3 4; do busybox nc -l -p 808$i & done; busybox httpd -p 9999; true",
    "daemons": "for i in 1 2 3 4 5; do setsid -f sh -c 'trap : TERM HUP INT; while :; do sleep 1; done'; done; true",
    "flip": "setsid -f sh -c 'while :; do ip netns add a; ip netns del a; done'; true",
    "stopper": "for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = $$ ] || kill -STOP $p; done; true",
    "late killer": "setsid -f sh -c 'sleep 0.5; kill -9 -1'; true",
    "devices": "for d in /dev/*; do echo x > $d; done; mknod /run/sda b 8 0; echo x > /run/sda; true",
    "groups": "for p in /sys/fs/cgroup /sys/fs/cgroup/*; do echo 0 > $p/cgroup.procs; done; true",
    "shared memory": "ipcmk -M 1000000000; ipcmk -Q; ipcmk -S 100; true",
    "names": "ip netns add $(printf '\\303\\251\\342\\200\\256x'); ip netns add $(printf '\\377'); true",
    "limits": "ulimit -u unlimited; prlimit --pid $PPID --cpu=1:1; prlimit --pid 1 --as=1; true",
    "other file systems": "mount -t debugfs d /run; mount -t cgroup2 c /run; mount -t proc p /proc; true",
    "enters": "nsenter -t 1 -a true; for p in /proc/[0-9]*; do nsenter -t ${p#/proc/} -m true; done; true",
    "the old root": "cd /proc/1/cwd && ls; cd /proc/1/root; cat etc/shadow; chroot . touch /etc/x; true",
    "longer while it runs": "echo 'sleep 100' >> /run/handed-in.sh; true",
    "null": "echo \0x; true",
    "deep": "sh -c " * 3000 + "true",
    "long line": "echo " + "a" * 900_000,
}
"""By the learners' names."""

_HEAD = '{"netkit_submission": 1, "made": 1, "tickets": {}'
FILES = {
    "deep objects": '{"a":' * 200_000,
    "balanced": "[" * 400_000 + "]" * 400_000,
    "deep events": f'{_HEAD}, "tasks": {{}}, "events": {"[" * 50_000}{"]" * 50_000}}}',
    "no number": '{"netkit_submission": 1, "made": NaN, "tasks": {}, "tickets": {}, "events": []}',
    "twice": f'{_HEAD}, "tasks": {{"03.1": {{"script": "true"}}, "03.1": {{"script": "false"}}}}, "events": []}}',
    "no letters": json.dumps(
        {
            **json.loads(f"{_HEAD}}}"),
            "learner": "\ud800",
            "tasks": {"03.1": {"script": "echo \ud800; true"}},
            "events": [[1, "\ud800", "03.1", True, "\udfff"]],
        }
    ),
    "another time": f'{_HEAD}, "tasks": {{"03.1": {{"script": ""}}}}, "events": [[9e11, "check", "03.1", true, ""]]}}',
}
"""By the learners' names."""


def things(folder: Path) -> list[str]:
    """Put things into an exchange folder that are no ordinary files; their learners' names."""
    (folder / "link to a folder").symlink_to("/etc")
    (folder / "loop").mkdir()
    (folder / "loop" / "x").symlink_to("..")
    (folder / "é\u202ex").mkdir()
    (folder / os.fsdecode(b"\xff\xfe")).mkdir()
    os.mkfifo(folder / "pipe.json")
    os.mkfifo(folder / "loop" / "pipe.json")
    return ["loop", "é\u202ex", os.fsdecode(b"\xff\xfe"), "pipe"]
