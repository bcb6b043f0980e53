"""What a workshop with netkit asks of a JupyterHub: limits, patience, and servers that may make sandboxes.

For The Littlest JupyterHub it goes to /opt/tljh/config/jupyterhub_config.d; `sudo tljh-config reload` reads it.
Any other JupyterHub reads it with `load_subconfig("…/netkit.py")` in its jupyterhub_config.py.
"""

# A learner's server, kernel and sandbox take about 180 MiB with notebook 04 open; each further notebook that is left
# running takes a kernel more. The real Docker Engine (nk.engine()) is within the limit too.
c.SystemdSpawner.mem_limit = "1G"
c.SystemdSpawner.cpu_limit = 1.0

# All learners come at once, and each server is several seconds of work for a core: on two cores, the last of 30 is
# ready after one to two minutes. JupyterHub's own patience is 30 s.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300

# A kernel holds the network that a learner has built, and an idle one is ended with it. Two hours outlast a lunch.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=7200",
    "--MappingKernelManager.cull_interval=300",
    # Servers that start kernels at the same moment may choose the same port. Jupyter then starts the kernel again, by
    # itself: with this at another port, without it at the same.
    "--KernelManager.cache_ports=False",
    # Ports on loopback can be reached by every learner: netkit's kernels get unix sockets that only their owner may
    # reach. netkit is in the environment of the learners' servers, which load this class of its.
    "--MultiKernelManager.kernel_manager_class=netkit.server.SocketKernelManager",
]
c.Spawner.default_url = "/lab"

# NoNewPrivileges: with it, newuidmap(1) gets no second user id for the sandbox, so tcpdump and the Docker Engine do
# not run in it. Learners cannot use sudo anyway: The Littlest JupyterHub gives it to admins only. It also sets
# disable_user_sudo anew for each learner, whatever stands here, so that the unit's own property below has to say it.
c.SystemdSpawner.disable_user_sudo = False
# PrivateDevices brings NoNewPrivileges with it, and hides /dev/net/tun.
c.SystemdSpawner.isolate_devices = False
# PrivateTmp does no harm, and keeps learners' temporary files apart.
c.SystemdSpawner.isolate_tmp = True
# systemd.exec(5): RestrictNamespaces would forbid the sandbox; ProtectKernelTunables and ProtectProc cover parts of
# /proc, after which Linux gives a new pid namespace no /proc of its own.
# systemd.resource-control(5), for all that one learner runs: TasksMax stops a loop that forks, MemorySwapMax keeps what
# mem_limit (MemoryMax) refuses from filling the swap of all. LimitFSIZE, of systemd.exec(5), stops one file from
# filling the disk; for many files the homes need quotas, which README.md tells of.
c.SystemdSpawner.unit_extra_properties = {
    "NoNewPrivileges": "no",
    "RestrictNamespaces": "no",
    "ProtectKernelTunables": "no",
    "ProtectProc": "default",
    "TasksMax": "1000",
    "MemorySwapMax": "0",
    "LimitFSIZE": "4G",
    "LimitCORE": "0",
}
