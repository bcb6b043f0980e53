"""A course at a JupyterHub: learners' servers know it, and its teachers have `netkit class` at /services/class.

For The Littlest JupyterHub it goes to /opt/tljh/config/jupyterhub_config.d, with the three names below put right;
`sudo tljh-config reload` reads it. Without it a hub works as well, and knows no course.
"""

import json
from pathlib import Path

COURSE = "/srv/networks/netkit-course.json"
TEACHERS = ["ADMIN"]
PYTHON = "/opt/tljh/user/bin/python"

shared = Path(json.loads(Path(COURSE).read_text(encoding="utf-8"))["shared"])

c.Spawner.environment.update({"NETKIT_COURSE": COURSE})
c.JupyterHub.services = [
    {
        "name": "class",
        # Learners cannot read what the others share; whoever set the course up owns the folder, and can.
        "user": shared.owner(),
        "command": [PYTHON, "-P", "-m", "netkit.cli", "class", str(shared), "--hub"],
        "environment": {"NETKIT_COURSE": COURSE},
        "url": "http://127.0.0.1:8767",
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    # Users have no access to services of their own accord: whoever is not named here is refused.
    {"name": "teachers", "scopes": ["self", "access:services!service=class"], "users": TEACHERS},
]
