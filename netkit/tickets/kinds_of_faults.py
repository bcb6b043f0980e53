"""The kinds of faults and their hints: what to ask oneself, and where to look (`ip -br link`, `bridge fdb` …)."""

from __future__ import annotations

from netkit.tickets.fault import Kind

KINDS = {
    "link down": Kind(
        "Is every interface on the way switched on?",
        "The link layer: `ip -br link` in each namespace on the way, and on the host; UP stands in the flags",
    ),
    "no carrier": Kind(
        "Is there a signal at both ends of the cable?",
        "The carrier: `ip -br link` says LOWERLAYERDOWN or NO-CARRIER where the other end is down",
    ),
    "unplugged": Kind(
        "What is each cable's other end plugged into?",
        "The bridge: `bridge link` lists its ports; whose cable is missing there?",
    ),
    "bridge port": Kind(
        "Does the bridge pass on what comes in by each of its ports?",
        "The bridge's ports: `bridge -d link` tells the state and the switches of each",
    ),
    "forwarding entry": Kind(
        "By which port does the bridge reach that MAC address?",
        "The forwarding database: `bridge fdb show`; an entry that somebody wrote is marked static",
    ),
    "no address": Kind(
        "Has each of the two an address in the same network?",
        "The addresses: `ip -br addr` in both namespaces",
    ),
    "prefix length": Kind(
        "Do both agree on how large their network is?",
        "The prefix length behind the slash, `ip -br addr`, and the route that comes with it, `ip route`",
    ),
    "duplicate address": Kind(
        "Who else has that address?",
        "The addresses of all namespaces, `ip -br addr`; an address of one's own is never sent out",
    ),
    "duplicate MAC": Kind(
        "Does each MAC address belong to one interface only?",
        "The MAC addresses: `ip link` in each namespace, and `bridge fdb show`, whose entry jumps",
    ),
    "no route": Kind(
        "Which way does a packet take to that address, in each namespace that it passes?",
        "The routes: `ip route get ADDRESS`, first where it begins, then at each router",
    ),
    "wrong router": Kind(
        "Is the router that the route names the right one, and does it answer?",
        "The routes: `ip route`, and whether `ip neigh` knows a MAC for the router's address",
    ),
    "refusing route": Kind(
        "Does a route lead nowhere on purpose?",
        "The routes: `ip route` shows blackhole, unreachable or prohibit in front of the network",
    ),
    "no way back": Kind(
        "The question arrives. Which way does the answer take?",
        "The way back: tcpdump where the question arrives, then `ip route get` for the asker's address there",
    ),
    "not forwarding": Kind(
        "Does every router pass on what is not for itself?",
        "A switch of the kernel: `sysctl net.ipv4.ip_forward` at each router",
    ),
    "source check": Kind(
        "Does a machine refuse what comes in by an interface that it would not answer by?",
        "A switch of the kernel: `sysctl -a | grep rp_filter`, with the routes back",
    ),
    "neighbour": Kind(
        "Which MAC address does the sender write on its frames?",
        "The neighbour table: `ip neigh`; PERMANENT entries were written by somebody",
    ),
    "ARP": Kind(
        "Does anybody answer when the sender asks who has that address?",
        "ARP: tcpdump for ARP at both ends; `ip link` shows NOARP",
    ),
    "ICMPv6": Kind(
        "By which messages does IPv6 find a neighbour's MAC address, and who lets them in?",
        "The packet filter: `ip6tables -nvL`; neighbour discovery is ICMPv6, and `ip -6 neigh` shows what has FAILED",
    ),
    "echo ignored": Kind(
        "Is it the network that is silent, or only the answer to an echo request?",
        "A switch of the kernel at the one who is asked: `sysctl -a | grep icmp_echo`",
    ),
    "filter rule": Kind(
        "Which rule counts your packets?",
        "The packet filter: `iptables -nvL` at each place on the way, twice, with a try in between",
    ),
    "policy": Kind(
        "What becomes of a packet that no rule matches?",
        "The policies of the chains: `iptables -S` begins with them",
    ),
    "raw rule": Kind(
        "Which rule does a packet meet before its address is translated and its connection is known?",
        "The table raw, which is asked before all others: `iptables -t raw -nvL PREROUTING`, twice, with a try between",
    ),
    "nft rule": Kind(
        "Which packet filters are there beside iptables?",
        "nftables: `nft list ruleset` at each place on the way",
    ),
    "translation": Kind(
        "Where does the published port lead?",
        "Destination NAT: `iptables -t nat -S`, and `conntrack -L` with a try in between",
    ),
    "no masquerade": Kind(
        "Which sender's address does the world outside see, and can it answer to that?",
        "Source NAT: tcpdump at the cable that leads outside, and `iptables -t nat -S POSTROUTING`",
    ),
    "MTU": Kind(
        "How large may a packet be at each place of its way?",
        "The MTU: `ip -br link` does not show it, `ip link` does; `ping -M do -s SIZE` finds the limit",
    ),
    "tunnel": Kind(
        "Do both ends of the tunnel mean the same one?",
        "The tunnel: `ip -d link show type vxlan` at both ends: id, local, remote, dstport",
    ),
    "tunnel's other end": Kind(
        "To whom does the tunnel send a frame?",
        "The tunnel's own forwarding database: `bridge fdb show dev vxlan0`, dst",
    ),
    "address of a server": Kind(
        "At which address does the server listen?",
        "The sockets: `ss -ltnp` in the server's namespace",
    ),
    "no server": Kind(
        "Does anybody listen at that port?",
        "The sockets: `ss -ltnp` in the server's namespace; a refusal at once comes from there",
    ),
    "name": Kind(
        "Which address does that name stand for?",
        "The names: `getent hosts NAME`, and the lines of /etc/hosts, the first of which counts",
    ),
}
