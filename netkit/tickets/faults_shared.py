"""Faults of names (/etc/hosts), and of two programs that share a namespace (127.0.0.1, lo down, a rule for both)."""

from __future__ import annotations

from netkit.tickets.building import END, SERVE
from netkit.tickets.fault import Fault

NAMES = (
    Fault(
        "a name with an old address",
        "name",
        "names",
        "page",
        "{open}, {a} gets no page from http://{b}:{port}.",
        "sed 's/^{b_ip} /{nobody} /' /etc/hosts > /run/netkit-hosts.new; cat /run/netkit-hosts.new > /etc/hosts; "
        "rm /run/netkit-hosts.new",
        "sed 's/^{nobody} /{b_ip} /' /etc/hosts > /run/netkit-hosts.new; cat /run/netkit-hosts.new > /etc/hosts; "
        "rm /run/netkit-hosts.new",
        {"the address for another": "ip -n {c} addr add {nobody}/24 dev {c_if}"},
    ),
    Fault(
        "an older line comes first",
        "name",
        "names",
        "page",
        "{open}, http://{b}:{port} shows {a} the page of {c}.",
        "echo '{c_ip} {b}' > /run/netkit-hosts.new; cat /etc/hosts >> /run/netkit-hosts.new; "
        "cat /run/netkit-hosts.new > /etc/hosts; rm /run/netkit-hosts.new",
        "grep -vx '{c_ip} {b}' /etc/hosts > /run/netkit-hosts.new; cat /run/netkit-hosts.new > /etc/hosts; "
        "rm /run/netkit-hosts.new",
        {"one line more": "echo '{b_ip} {b}' >> /etc/hosts"},
    ),
    Fault(
        "a name that nobody knows",
        "name",
        "names",
        "page",
        "{open}, {a} gets no page from http://{b}:{port}: there is no such name, it says.",
        "grep -vw {b} /etc/hosts > /run/netkit-hosts.new; cat /run/netkit-hosts.new > /etc/hosts; "
        "rm /run/netkit-hosts.new",
        "echo '{b_ip} {b}' >> /etc/hosts",
        {"the name for another": "echo '{c_ip} {b}' >> /etc/hosts"},
    ),
)

POD = (
    Fault(
        "one of two servers listens for itself only",
        "address of a server",
        "pod",
        "page",
        "{open}, {a} gets the page at {b_ip}:{other}, but not that at {b_ip}:{port}.",
        END + "; ip netns exec {b} busybox httpd -p 127.0.0.1:{port} -h /run/netkit-pages/{b}; "
        "ip netns exec {b} busybox httpd -p {other} -h /run/netkit-pages/{b}",
        END + "; " + SERVE + "; ip netns exec {b} busybox httpd -p {other} -h /run/netkit-pages/{b}",
    ),
    Fault(
        "one of two servers did not start",
        "no server",
        "pod",
        "page",
        "{open}, {a} gets the page at {b_ip}:{other}, but not that at {b_ip}:{port}.",
        END + "; ip netns exec {b} busybox httpd -p {other} -h /run/netkit-pages/{b}",
        SERVE,
    ),
    Fault(
        "the loopback that both share is off",
        "link down",
        "pod",
        "own",
        "{open}, the two programs in {b} do not reach one another at 127.0.0.1:{port} any more.",
        "ip -n {b} link set lo down",
        "ip -n {b} link set lo up",
    ),
    Fault(
        "a rule that one made for itself hits the other",
        "filter rule",
        "pod",
        "page",
        "{open}, {a} gets the page at {b_ip}:{other}, but not that at {b_ip}:{port}.",
        "ip netns exec {b} iptables -A INPUT -p tcp --dport {port} ! -i lo -j REJECT",
        "ip netns exec {b} iptables -D INPUT -p tcp --dport {port} ! -i lo -j REJECT",
    ),
)
