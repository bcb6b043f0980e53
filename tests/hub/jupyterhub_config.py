"""The hub that the tests start: as deploy/littlest-jupyterhub says, on loopback, with servers as plain processes."""

import json
import os
import sys
from pathlib import Path

given = json.loads(os.environ["NETKIT_HUB"])
load_subconfig(str(Path(given["project"], "deploy", "littlest-jupyterhub", "netkit.py")))
if given["course"]:
    # As a teacher edits it, with the port besides: others may have taken that of the file.
    settings = Path(given["project"], "deploy", "littlest-jupyterhub", "teacher.py").read_text(encoding="utf-8")
    for line, value in given["course"].items():
        assert settings.count(line) == 1, line
        settings = settings.replace(line, value)
    exec(settings)  # noqa: S102 - this project's own

c.JupyterHub.bind_url = given["public"]
c.JupyterHub.hub_bind_url = given["hub"]
c.ConfigurableHTTPProxy.api_url = given["proxy"]
c.ConfigurableHTTPProxy.command = [given["project"] + "/node_modules/.bin/configurable-http-proxy"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = given["password"]
c.Authenticator.allowed_users = set(given["learners"])
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.environment.update({"NETKIT_WORLD": given["world"]})
c.Spawner.cmd = [str(Path(sys.prefix, "bin", "jupyterhub-singleuser"))]
