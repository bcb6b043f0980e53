"""What a user writes: it is never run, and type checkers find nothing wrong with it (test_wheel_alone.py)."""

import netkit as nk

nk.require_sandbox()
ns1 = nk.Namespace("ns1")
ns2 = nk.Namespace("ns2")
br = nk.Bridge("brtest")
for number, ns in enumerate((ns1, ns2), start=1):
    outer, inner = nk.veth(f"veth{number}", "eth1", peer_namespace=ns)
    br.attach(outer)
    inner.add_address(f"172.17.1.{number}/24")
    inner.up()
    outer.up()
br.up()
answer = ns1.ping("172.17.1.2")
print(answer.ok, answer.received)
with nk.xray() as x:
    ns1.run("ip route")
print(x.find("icmp")[0])
print(nk.why("ns1", "172.17.1.2"))
picture = nk.draw()
print(nk.commands())
docker = nk.Docker()
web = docker.run("web", "busybox httpd -f -p 80", ports={8080: 80})
docker.exec("web", "ip addr")
docker.close()
first: nk.Snapshot = nk.snapshot()
print(nk.compare(first, nk.snapshot()))
print(nk.diff(first, nk.snapshot()))
found = nk.Namespace.get("ns1")
host = nk.host
with nk.capture() as cap:
    host.ping("127.0.0.1")
cap.save("x.pcapng")
nk.check("04.1")
ticket = nk.fault("06", seed=3, level=1)
ticket.check()
eng = nk.engine()
eng.docker("ps")
try:
    nk.Namespace("ns1")
except nk.AlreadyExists as error:
    print(error.problem)
nk.reset()
