"""How a container comes to its network, one module for each way: plan, build, and take away again.

`netkit.docker.container.Driver` says what each of them does.
"""
