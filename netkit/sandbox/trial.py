"""One world tried out, in a process of its own: `python -m netkit.sandbox.trial WORLD`.

It makes a real sandbox and runs `features` in it.  What it prints is one JSON object, which `doctor` reads.
"""

import json
import os
import sys
import tempfile
from typing import Any

from netkit.sandbox import worlds
from netkit.sandbox.job import here, python
from netkit.sandbox.problems import WorldFailed


def attempt(world: str) -> dict[str, Any]:
    """Try a world out.

    Args:
        world: a key of WORLDS.

    Returns:
        "passed": names of the stages that worked; "notes": sentences about what could not be had;
        "problem": None, or stage, cause and remedy; "features": a list of [name, needed, what is missing].
    """
    with tempfile.TemporaryFile("w+") as answer:
        printed = os.dup(1)
        os.dup2(answer.fileno(), 1)
        try:
            sandbox = worlds.load(world).start(here(python("-m", "netkit.sandbox.features")))
        except WorldFailed as failure:
            problem = failure.problem._asdict()
            return {"passed": failure.passed, "notes": (), "problem": problem, "features": []}
        finally:
            os.dup2(printed, 1)
        event = sandbox.receive()
        sandbox.end()
        answer.seek(0)
        features = json.load(answer) if (event.word, event.text) == ("exit", "0") else []
    return {"passed": sandbox.passed, "notes": sandbox.notes, "problem": None, "features": features}


if __name__ == "__main__":
    json.dump(attempt(sys.argv[1]), sys.stdout)
