"""Knows ways out of the sandbox by sockets of all kinds, each harmless even if it worked."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from pathlib import Path

from tests.outside.kernel_calls import Outside, Refused, found, paths_below, program, system_call

_SECONDS = 2.0
_NETLINK_AUDIT, _NETLINK_CONNECTOR, _NETLINK_KOBJECT_UEVENT = 9, 11, 15
_GET_INTERFACE_NAME = 0x8910


def _answer(path: str) -> bytes:
    if not path:
        raise Refused("none could be made there")
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(_SECONDS)
        stream.connect(path)
        return stream.recv(100)


def reach_address_of_machine(outside: Outside) -> object:
    if not outside.address:
        raise Refused("the machine has no address but loopback ones")
    with socket.create_connection((outside.address, outside.port), timeout=_SECONDS) as stream:
        return stream.recv(100)


def reach_loopback_of_ipv6(outside: Outside) -> object:
    with socket.create_connection(("::1", outside.port), timeout=_SECONDS) as stream:
        return stream.recv(100)


def reach_udp_service(outside: Outside) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(_SECONDS / 4)
        sender.sendto(b"netkit", ("127.0.0.1", outside.udp))
        return sender.recv(100)


def reach_udp_by_broadcast(outside: Outside) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.settimeout(_SECONDS / 4)
        sender.sendto(b"netkit", ("255.255.255.255", outside.udp))
        return sender.recv(100)


def reach_socket_in_tmp(outside: Outside) -> object:
    return _answer(outside.sockets.get("tmp", ""))


def reach_socket_in_run(outside: Outside) -> object:
    return _answer(outside.sockets.get("run", ""))


def reach_socket_in_home(outside: Outside) -> object:
    return _answer(outside.sockets.get("home", ""))


def reach_socket_in_folder(outside: Outside) -> object:
    return _answer(outside.sockets.get("folder", ""))


def reach_socket_in_tmp_by_root_of_process_1(outside: Outside) -> object:
    return _answer("/proc/1/root" + outside.sockets.get("tmp", ""))


def reach_socket_in_run_by_root_of_process_1(outside: Outside) -> object:
    return _answer("/proc/1/root" + outside.sockets.get("run", ""))


def find_socket_in_tmp(outside: Outside) -> object:
    if outside.sockets.get("tmp") not in paths_below("/tmp", "/var/tmp"):
        raise Refused("it is not there")
    return outside.name


def send_to_abstract_name(outside: Outside) -> object:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"netkit", f"\0{outside.name}-datagram")


def list_unix_sockets(outside: Outside) -> object:
    return found(Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace"), outside)


def list_tcp_sockets(outside: Outside) -> object:
    ports = {line.split()[1].rpartition(":")[2] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    if f"{outside.port:04X}" not in ports:
        raise Refused(f"the port of the service is not listed: {sorted(ports)}")
    return outside.name


def connect_to_host_of_virtual_machine(outside: Outside) -> object:
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.settimeout(_SECONDS)
        stream.connect((1, outside.vsock))
        return stream.recv(100)


def see_ports_of_virtual_machine(outside: Outside) -> object:
    """A port that is bound outside is taken in here as well."""
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        try:
            stream.bind((socket.VMADDR_CID_ANY, outside.vsock))
        except OSError as error:
            if outside.vsock and error.errno == errno.EADDRINUSE:
                return "taken"
            raise
    raise Refused("the port is free in here")


def make_rings(outside: Outside) -> object:
    """They could make a socket of any family, past every filter of system calls."""
    return system_call("io_uring_setup", 4, ctypes.create_string_buffer(120))


def name_link_of_machine(outside: Outside) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        own = {index for index, _ in socket.if_nameindex()}
        names = []
        for index in set(range(1, 40)) - own:
            try:
                names.append(fcntl.ioctl(asker, _GET_INTERFACE_NAME, struct.pack("16si20x", b"", index))[:16])
            except OSError:
                continue
    if not names:
        raise Refused("no index but the sandbox's own has a name")
    return names


def hear_devices_of_machine(outside: Outside) -> object:
    """The kernel tells this network namespace of a device that a process of the machine makes it tell of."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_KOBJECT_UEVENT) as ear:
        ear.bind((0, 0xFFFFFFFF))
        ear.settimeout(0.2)
        Path("/sys/devices/virtual/mem/null/uevent").write_text("change", encoding="ascii")
        return ear.recv(100)


def hear_processes_of_machine(outside: Outside) -> object:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR) as ear:
        ear.bind((0, 1))
        ear.settimeout(0.2)
        body = struct.pack("=IIIIHHI", 1, 1, 0, 0, 4, 0, 1)  # cn_msg: PROC_CN_MCAST_LISTEN
        ear.send(struct.pack("=IHHII", 16 + len(body), 3, 0, 0, os.getpid()) + body)
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        return ear.recv(100)


def ask_audit(outside: Outside) -> object:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_AUDIT) as asker:
        asker.settimeout(0.5)
        asker.bind((0, 0))
        asker.send(struct.pack("=IHHII", 16, 1000, 5, 1, 0))  # AUDIT_GET, NLM_F_REQUEST | NLM_F_ACK
        told = asker.recv(4096)
        kind, number = struct.unpack_from("=HxxIIi", told, 4)[0], struct.unpack_from("=i", told, 16)[0]
        if kind == 2 and number < 0:
            raise OSError(-number, os.strerror(-number))
        return kind


def give_link_to_process_of_machine(outside: Outside) -> object:
    return program("sh", "-c", f"ip link add nk-l type veth peer name nk-r && ip link set nk-r netns {outside.victim}")


def open_tunnel_of_machine(outside: Outside) -> object:
    """A tunnel device of the machine, by the device that all namespaces share."""
    with open("/dev/net/tun", "r+b", buffering=0) as device:
        fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"nk-tap", 0x0002))
        names = [name for _, name in socket.if_nameindex()]
    if "nk-tap" in names:
        raise Refused("it was made in the sandbox's own network")
    return names
