"""Start the Engine once, let it say its version, and end it: `python -m netkit.dockerd.trial` in a sandbox.

It prints one JSON object, {"version": "29.1.3"} or {"reason": …, "remedy": …}, which the doctor reads.
"""

from __future__ import annotations

import json

from netkit.dockerd import traces
from netkit.dockerd.launch import launch, settings
from netkit.errors import NetkitError
from netkit.lab import journal
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import checked
from netkit.sandbox.doctor import engines


def tried() -> str:
    """The version that a started Engine says it has.

    Raises:
        NetkitError: it does not start, or does not answer.
    """
    place, earlier = engines.chosen(), traces.before()
    try:
        started = launch(place, settings(place))
        try:
            return checked(HOST_PATH, ["docker", "version", "--format", "{{.Server.Version}}"]).strip()
        finally:
            started.end()
    finally:
        traces.remove(earlier)


if __name__ == "__main__":
    journal.echo(on=False)
    try:
        said = {"version": tried()}
    except NetkitError as error:
        said = {"reason": f"{error.problem}: {error.rule}" if error.rule else error.problem, "remedy": error.remedy}
    print(json.dumps(said))  # noqa: T201  (the doctor reads it)
