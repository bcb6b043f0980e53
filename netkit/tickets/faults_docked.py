"""Faults of networks as Docker makes them: MASQUERADE, DNAT, DOCKER chains, published ports, networks apart."""

from __future__ import annotations

from netkit.tickets.building import END
from netkit.tickets.fault import Fault

_PAGE = "{open}, the container {a} gets no page from http://{b_ip}:{port}."
CALLED = "{open}, {b} gets no page from http://{out_ip}:{outer}, the published port of {a}."
DNAT = "-p tcp -m tcp --dport {outer} -j DNAT --to-destination {a_ip}:{port}"
OPENED = "-d {a_ip}/32 ! -i {br} -o {br} -p tcp -m tcp --dport {port} -j ACCEPT"
ANSWERS = "DOCKER-CT -o {br} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
_MASQUERADE = "-s {net} ! -o {br} -j MASQUERADE"

WAY_OUT = (
    Fault(
        "nobody translates the sender's address",
        "no masquerade",
        "way out",
        "page",
        _PAGE,
        f"iptables -t nat -D POSTROUTING {_MASQUERADE}",
        f"iptables -t nat -A POSTROUTING {_MASQUERADE}",
        {"a route at the server": "ip -n {b} route add {net} via {out_ip}"},
        (r"^[-+~] .*POSTROUTING -s {net} (! -o {br}|-o {out_if}) -j MASQUERADE",),
    ),
    Fault(
        "the translation is for another network",
        "no masquerade",
        "way out",
        "page",
        _PAGE,
        f"iptables -t nat -D POSTROUTING {_MASQUERADE}; "
        "iptables -t nat -A POSTROUTING -s {wide} ! -o {br} -j MASQUERADE",
        "iptables -t nat -D POSTROUTING -s {wide} ! -o {br} -j MASQUERADE; "
        f"iptables -t nat -A POSTROUTING {_MASQUERADE}",
        equal=(r"^[-+~] .*POSTROUTING -s \S+ (! -o {br}|-o {out_if}) -j MASQUERADE",),
    ),
    Fault(
        "the host does not forward",
        "not forwarding",
        "way out",
        "page",
        "{open}, {a} reaches the host, but nobody outside.",
        "sysctl -qw net.ipv4.ip_forward=0",
        "sysctl -qw net.ipv4.ip_forward=1",
    ),
    Fault(
        "a rule of somebody's own",
        "filter rule",
        "way out",
        "page",
        _PAGE,
        "iptables -I DOCKER-USER -s {a_ip} ! -d {net} -j DROP",
        "iptables -D DOCKER-USER -s {a_ip} ! -d {net} -j DROP",
        {"the other one": "iptables -I DOCKER-USER -s {c_ip} -j ACCEPT"},
    ),
    Fault(
        "nothing may leave the bridge",
        "policy",
        "way out",
        "page",
        "{open}, no container gets out of the bridge {br}.",
        "iptables -D DOCKER-FORWARD -i {br} -j ACCEPT",
        "iptables -A DOCKER-FORWARD -i {br} -j ACCEPT",
        {"for one only": "iptables -I FORWARD -s {c_ip} -j ACCEPT"},
        (
            r"^[-+~] .*FORWARD -i {br} ((! -o {br}|-o {out_if}) )?-j ACCEPT",
            r"^\+ .*FORWARD .*-o {br} .*ESTABLISHED.* -j ACCEPT",
        ),
    ),
    Fault(
        "the answers are not let in",
        "filter rule",
        "way out",
        "page",
        _PAGE,
        f"iptables -D {ANSWERS}",
        f"iptables -A {ANSWERS}",
        {"new ones": "iptables -A DOCKER-CT -o {br} -m conntrack --ctstate NEW -j ACCEPT"},
        (r"^[-+~] .*(FORWARD|DOCKER-CT) .*-o {br} .*ESTABLISHED.* -j ACCEPT",),
    ),
    Fault(
        "no default route in the container",
        "no route",
        "way out",
        "page",
        "{open}, {a} reaches nobody outside; {c} beside it still does.",
        "ip -n {a} route del default",
        "ip -n {a} route add default via {gw}",
        {"by the container beside": "ip -n {a} route add default via {c_ip}"},
    ),
    Fault(
        "the bridge has lost its address",
        "no address",
        "way out",
        "page",
        "{open}, no container gets out of the bridge {br}, nor reaches the host.",
        "ip addr del {gw}/24 dev {br}",
        "ip addr add {gw}/24 dev {br}",
        {"another one": "ip addr add {nobody}/24 dev {br}"},
    ),
)


def _led_astray(name: str, right: str, wrong: str, instead: str, how: str = "-R DOCKER 1") -> Fault:
    """The rule of a published port has something else in the place of what is right.

    Args:
        name: of the fault.
        right: words of the rule.
        wrong: what it has in their place.
        instead: what somebody may call the repair that leads to the neighbour.
        how: how that one's rule is written.
    """
    neighbour = DNAT.replace("{a_ip}", "{c_ip}")
    return Fault(
        name,
        "translation",
        "published",
        "page",
        CALLED,
        f"iptables -t nat -R DOCKER 1 {DNAT.replace(right, wrong)}",
        f"iptables -t nat -R DOCKER 1 {DNAT}",
        {instead: f"iptables -t nat {how} {neighbour}"},
    )


PUBLISHED = (
    _led_astray("the published port leads to a wrong port", ":{port}", ":{wrong_port}", "another server"),
    _led_astray("the published port leads to a container that is gone", "{a_ip}", "{nobody}", "the neighbour"),
    _led_astray("the published port is another one", "{outer}", "{wrong_outer}", "one more", "-A DOCKER"),
    Fault(
        "the rule of the published port is gone",
        "translation",
        "published",
        "page",
        CALLED,
        f"iptables -t nat -D DOCKER {DNAT}",
        f"iptables -t nat -A DOCKER {DNAT}",
        equal=(r"^[-+~] .*-A (PREROUTING|OUTPUT|DOCKER) .*--dport {outer} .*-j DNAT --to-destination {a_ip}:{port}",),
    ),
    Fault(
        "the published port is not let through",
        "policy",
        "published",
        "page",
        CALLED,
        f"iptables -D DOCKER {OPENED}",
        f"iptables -I DOCKER {OPENED}",
        {"the neighbour's": "iptables -I DOCKER -d {c_ip}/32 -o {br} -j ACCEPT"},
        (r"^[-+~] .*-A (FORWARD|DOCKER[-\w]*) -d {a_ip}/32 .*-p tcp .*--dport {port} .*-j ACCEPT",),
    ),
    Fault(
        "visitors are turned away",
        "filter rule",
        "published",
        "page",
        CALLED,
        "iptables -I DOCKER-USER -i {out_if} -p tcp --dport {port} -j DROP",
        "iptables -D DOCKER-USER -i {out_if} -p tcp --dport {port} -j DROP",
        {"the port that visitors see": "iptables -I DOCKER-USER -i {out_if} -p tcp --dport {outer} -j ACCEPT"},
    ),
    Fault(
        "the container's server listens for itself only",
        "address of a server",
        "published",
        "page",
        CALLED,
        END.replace("{b}", "{a}") + "; ip netns exec {a} busybox httpd -p 127.0.0.1:{port} -h /run/netkit-pages/{a}",
        END.replace("{b}", "{a}") + "; ip netns exec {a} busybox httpd -p {port} -h /run/netkit-pages/{a}",
    ),
    Fault(
        "the container does not know a way back",
        "no way back",
        "published",
        "page",
        CALLED,
        "ip -n {a} route del default",
        "ip -n {a} route add default via {gw}",
        {"every sender translated": "iptables -t nat -A POSTROUTING -o {br} -j MASQUERADE"},
    ),
)

NETWORKS = (
    Fault(
        "the server's cable is in the other network",
        "unplugged",
        "networks",
        "page",
        "{open}, {a} gets no page from http://{b_ip}:{port}.",
        "ip link set {b_port} master {br2}",
        "ip link set {b_port} master {br}",
        {"the other one too": "ip link set {a_port} master {br2}"},
    ),
    Fault(
        "containers of one network may not speak with one another",
        "filter rule",
        "networks",
        "page",
        "{open}, {a} gets no page from http://{b_ip}:{port}, though the host does.",
        "ip netns exec {b} iptables -A INPUT -s {a_ip} -j DROP",
        "ip netns exec {b} iptables -D INPUT -s {a_ip} -j DROP",
    ),
    Fault(
        "one network has lost its address",
        "no address",
        "networks",
        "host",
        "{open}, the host gets no page from http://{b_ip}:{port} any more.",
        "ip addr del {gw}/24 dev {br}",
        "ip addr add {gw}/24 dev {br}",
        {"the other one's": "ip addr add {nobody}/24 dev {br}"},
    ),
    Fault(
        "two containers with one MAC address",
        "duplicate MAC",
        "networks",
        "page",
        "{open}, {a} gets no page from http://{b_ip}:{port}.",
        "ip -n {a} link set {a_if} down; ip -n {a} link set {a_if} address {b_mac}; ip -n {a} link set {a_if} up; "
        "ip -n {a} route replace default via {gw}",
        "ip -n {a} link set {a_if} down; ip -n {a} link set {a_if} address {a_mac}; ip -n {a} link set {a_if} up; "
        "ip -n {a} route replace default via {gw}",
    ),
)
