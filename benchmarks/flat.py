"""The floor of Python: the messages of netkit's handles and snapshots, sent in one go by the interpreter's own calls.

    netkit run -- python benchmarks/flat.py N

Nothing is checked, worded, written down or understood: a namespace is made in a thread of its own, messages are packed
by hand, answers are received.  It prints the seconds of building N hosts and of a snapshot as JSON.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import queue
import socket
import statistics
import struct
import sys
import threading
import time

from netkit.linux.netlink.protocol import attribute

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_GETADDR, RTM_GETNETCONF = 16, 17, 18, 20, 22, 82
NEW, ACK, DUMP = 0x600, 4, 0x300
CLONE_NEWNET, MS_BIND, MNT_DETACH, SIOCGIFINDEX = 0x40000000, 0x1000, 2, 0x8933
HEADER, LINK, VERDICT = struct.Struct("=IHHII"), struct.Struct("=BxHiII"), struct.Struct("=IHHIIi")
NAMED, U32 = struct.Struct("=16si20x"), struct.Struct("=I")
NO_STATISTICS, PLAIN, UP = struct.pack("=HHI", 8, 29, 8), LINK.pack(0, 0, 0, 0, 0), LINK.pack(0, 0, 0, 1, 1)
READS, READS_OF_ONE = 5, 100
DUMPS = ((18, bytes(16) + NO_STATISTICS), (22, bytes(8)), (26, bytes(12)), (30, bytes(12)), (30, bytes(10) + b"\x08\0"))
STEERING = ((34, bytes(12)), (106, bytes(8)), (38, bytes(20)))
SWITCHES = {
    "net/bridge": ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"),
    "net/ipv6/conf/all": ("disable_ipv6",),
    "net/ipv4/conf/all": ("arp_ignore", "arp_announce", "arp_filter", "accept_local", "route_localnet"),
    "net/ipv4": ("icmp_echo_ignore_all", "ip_default_ttl", "ip_nonlocal_bind"),
    "net/ipv6/conf/default": ("disable_ipv6",),
}
LIBC = ctypes.CDLL(None, use_errno=True)


def talk(family: int = 0) -> socket.socket:
    """A netlink socket, as netkit opens it."""
    its = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
    for option in (10, 11, 12):
        its.setsockopt(270, option, 1)
    return its


def request(its: socket.socket, kind: int, flags: int, body: bytes) -> None:
    its.send(HEADER.pack(16 + len(body), kind, flags | ACK | 1, 1, 0) + body)
    if error := VERDICT.unpack_from(its.recv(1 << 16))[5]:
        raise OSError(-error, os.strerror(-error))


def ask(its: socket.socket, kind: int, body: bytes) -> None:
    its.send(HEADER.pack(16 + len(body), kind, 1, 1, 0) + body)
    its.recv(1 << 16)


def dump(its: socket.socket, kind: int, body: bytes) -> None:
    """Receive up to the last message, which may stand behind others in one answer."""
    its.send(HEADER.pack(16 + len(body), kind, DUMP | 1, 1, 0) + body)
    while HEADER.unpack_from(data := its.recv(1 << 16), len(data) - 20)[1] not in (2, 3):
        pass


def index_of(its: socket.socket, name: bytes) -> int:
    return int(NAMED.unpack(fcntl.ioctl(its, SIOCGIFINDEX, NAMED.pack(name, 0)))[1])


def named(name: str) -> bytes:
    return attribute(3, name.encode() + b"\0")


class Births(threading.Thread):
    """Makes namespaces, and a socket in each, away from the thread that wants them."""

    def __init__(self, home: int) -> None:
        super().__init__(daemon=True)
        self.home, self.wanted, self.born = home, queue.SimpleQueue(), queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while path := self.wanted.get():
            LIBC.unshare(CLONE_NEWNET)
            LIBC.mount(b"/proc/thread-self/ns/net", path.encode(), None, MS_BIND, None)
            its = talk()
            LIBC.setns(self.home, CLONE_NEWNET)
            self.born.put(its)

    def namespace(self, path: str) -> socket.socket:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
        self.wanted.put(path)
        return self.born.get()


def host(number: int, mine: socket.socket, births: Births) -> socket.socket:
    """One host: the messages of the seven acts of `handles.build`, with their questions."""
    path, port = f"/run/netns/h{number}", f"v{number}"
    its = births.namespace(path)
    dump(its, RTM_GETNETCONF, bytes([socket.AF_INET]) + bytes(3))
    there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    peer = PLAIN + named("eth0") + attribute(28, U32.pack(there))
    cable = attribute(18, attribute(1, b"veth") + attribute(2, attribute(1, peer)))
    request(mine, RTM_NEWLINK, NEW, PLAIN + named(port) + cable)
    os.close(there)
    ask(mine, RTM_GETLINK, bytes(16) + named(port) + NO_STATISTICS)
    request(mine, RTM_NEWLINK, 0, PLAIN + named(port) + attribute(10, U32.pack(index_of(mine, b"sw0"))))
    dump(its, RTM_GETADDR, bytes([socket.AF_INET]) + bytes(7))
    address = socket.inet_aton(f"10.0.{number // 250}.{number % 250 + 1}")
    head = struct.pack("=BBBBi", socket.AF_INET, 16, 0, 0, index_of(its, b"eth0"))
    request(its, RTM_NEWADDR, NEW, head + attribute(2, address) + attribute(1, address))
    request(mine, RTM_NEWLINK, 0, UP + named(port))
    request(its, RTM_NEWLINK, 0, UP + named("eth0"))
    ask(its, RTM_GETLINK, bytes(16) + named("lo") + NO_STATISTICS)
    request(its, RTM_NEWLINK, 0, UP + named("lo"))
    return its


def build(count: int, mine: socket.socket, births: Births) -> list[socket.socket]:
    """Hosts on a bridge; their sockets."""
    request(mine, RTM_NEWLINK, NEW, PLAIN + named("sw0") + attribute(18, attribute(1, b"bridge")))
    hosts = [host(number, mine, births) for number in range(count)]
    request(mine, RTM_NEWLINK, 0, UP + named("sw0"))
    return hosts


def warm(mine: socket.socket, births: Births, home: int) -> None:
    """One host, built, read and dropped; that waits until the kernel has ended what was there before."""
    (its,) = build(1, mine, births)
    look(1, home)
    its.close()
    LIBC.umount2(b"/run/netns/h0", MNT_DETACH)
    os.unlink("/run/netns/h0")
    deadline = time.monotonic() + 10
    while "v0" in (name for _, name in socket.if_nameindex()) and time.monotonic() < deadline:
        time.sleep(0.001)
    request(mine, RTM_DELLINK, 0, PLAIN + named("sw0"))


def read(path: str, folder: int | None = None) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    os.read(file, 4096)
    os.close(file)


def read_here(*, bridges: bool) -> None:
    """What a snapshot asks in the namespace that this thread is in."""
    its = talk()
    for kind, body in (*DUMPS, *([(30, b"\x07" + bytes(11))] if bridges else []), *STEERING):
        dump(its, kind, body)
    for family, whose in ((2, -1), (2, -2), (10, -1)):
        ask(its, 82, struct.pack("=BxxxHHi", family, 8, 1, whose))
    for folder, names in SWITCHES.items():
        there = os.open(f"/proc/sys/{folder}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        for name in names:
            read(name, there)
        os.close(there)
    its.close()
    its = talk(12)
    dump(its, 10 << 8 | 1, bytes(4))
    ask(its, 1 << 8 | 5, bytes(4))
    its.close()


def look(count: int, home: int) -> None:
    """A snapshot's questions, namespace by namespace; who lives where is looked up first."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        os.stat(f"/proc/{pid}/ns/net")
        read(f"/proc/{pid}/stat")
    read_here(bridges=True)
    for number in range(count):
        there = os.open(f"/run/netns/h{number}", os.O_RDONLY | os.O_CLOEXEC)
        LIBC.setns(there, CLONE_NEWNET)
        read_here(bridges=False)
        LIBC.setns(home, CLONE_NEWNET)
        os.close(there)


def main(count: int) -> None:
    """Measure and print."""
    home, mine = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC), talk()
    births = Births(home)
    os.makedirs("/run/netns", exist_ok=True)
    warm(mine, births, home)
    begun = time.perf_counter()
    hosts = build(count, mine, births)
    figures, seen = {"build": time.perf_counter() - begun}, []
    for _ in range(READS + READS_OF_ONE // count):
        begun = time.perf_counter()
        look(count, home)
        seen.append(time.perf_counter() - begun)
    for its in hosts:
        its.close()
    print(json.dumps({**figures, "snapshot": statistics.median(seen)}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
