"""Faults of networks of IPv6 as Docker makes them: forwarding, ICMPv6, default route, ip6tables, published port."""

from __future__ import annotations

from netkit.tickets.fault import Fault

_BASE = "families"
_CALLED = "{open}, {b} gets no page from http://[{out_ip}]:{outer}, the published port of {a}."
_OUT = "{open}, the container {a} gets no answer from {b_ip}."
_DNAT = "! -s fe80::/10 -p tcp -m tcp --dport {outer} -j DNAT --to-destination [{a_ip}]:{port}"
_OPENED = "-d {a_ip}/128 ! -i {br} -o {br} -p tcp -m tcp --dport {port} -j ACCEPT"
_MASQUERADE = "-s {net} ! -o {br} -j MASQUERADE"
_MUTE = "INPUT -i {out_if} -p ipv6-icmp -j DROP"
_ASK_ANEW = "; ip -6 neigh flush dev {out_if}; ip -n {b} -6 neigh flush dev eth0"

SIX = (
    Fault(
        "the host does not forward IPv6",
        "not forwarding",
        _BASE,
        "page",
        _CALLED,
        "sysctl -qw net.ipv6.conf.all.forwarding=0",
        "sysctl -qw net.ipv6.conf.all.forwarding=1",
        {"that of IPv4": "sysctl -qw net.ipv4.ip_forward=1"},
    ),
    Fault(
        "all of ICMPv6 is forbidden",
        "ICMPv6",
        _BASE,
        "page",
        _CALLED,
        f"ip6tables -A {_MUTE}{_ASK_ANEW}",
        f"ip6tables -D {_MUTE}{_ASK_ANEW}",
        {"the published port is let in": "ip6tables -I INPUT -p tcp --dport {outer} -j ACCEPT"},
    ),
    Fault(
        "the container has lost its way out of IPv6",
        "no way back",
        _BASE,
        "page",
        _CALLED,
        "ip -n {a} -6 route del default",
        "ip -n {a} -6 route add default via {gw}",
        {"by the container beside": "ip -n {a} -6 route add default via {c_ip}"},
        (r"^[-+~] route default via {gw} dev eth0",),
    ),
    Fault(
        "a container has been taken for the router",
        "wrong router",
        _BASE,
        "out",
        _OUT,
        "ip -n {a} -6 route add default via {c_ip} dev eth0 proto ra metric 100",
        "ip -n {a} -6 route del default via {c_ip} dev eth0 proto ra metric 100",
        {"another one, behind it": "ip -n {a} -6 route add default via {gw} dev eth0 metric 2048"},
        (r"^\+ route default via {gw} dev eth0",),
    ),
    Fault(
        "nobody hides addresses of IPv6",
        "no masquerade",
        _BASE,
        "out",
        _OUT,
        f"ip -n {{b}} -6 route del {{net}}; ip6tables -t nat -D POSTROUTING {_MASQUERADE}",
        f"ip -n {{b}} -6 route add {{net}} via {{out_ip}}; ip6tables -t nat -I POSTROUTING 2 {_MASQUERADE}",
        {"that of IPv4": "iptables -t nat -A POSTROUTING -o {out_if} -j MASQUERADE"},
        (
            r"^[-+~] .*POSTROUTING -s \S+ (! -o {br}|-o {out_if}) -j MASQUERADE",
            r"^~ .*POSTROUTING -s {a_ip}/128 -d {a_ip}/128 .*-j MASQUERADE: rule \d → rule \d$",
            r"^[-+~] route {net} ",
        ),
    ),
    Fault(
        "the published port of IPv6 leads to a wrong port",
        "translation",
        _BASE,
        "page",
        _CALLED,
        f"ip6tables -t nat -R DOCKER 1 {_DNAT.replace(':{port}', ':{wrong_port}')}",
        f"ip6tables -t nat -R DOCKER 1 {_DNAT}",
        {"another server": f"ip6tables -t nat -R DOCKER 1 {_DNAT.replace('{a_ip}', '{c_ip}')}"},
    ),
    Fault(
        "the published port of IPv6 is not let through",
        "policy",
        _BASE,
        "page",
        _CALLED,
        f"ip6tables -D DOCKER {_OPENED}",
        f"ip6tables -I DOCKER {_OPENED}",
        {"the neighbour's": "ip6tables -I DOCKER -d {c_ip}/128 -o {br} -j ACCEPT"},
        (r"^[-+~] .*-A (FORWARD|DOCKER) -d {a_ip}/128 .*-p tcp .*--dport {port} .*-j ACCEPT",),
    ),
)
