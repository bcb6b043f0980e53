"""A course at a real JupyterHub: its teacher sees the class in a browser, learners are refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hub.environment import SKELETON, environment
from tests.hub.people import learners
from tests.hub.running import Course, Hub, hub
from tests.notebooks.lab import BROWSER
from tests.outside import pupils

if TYPE_CHECKING:
    import pwd

    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="a hub with servers of several users is root's"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="the hub's proxy is installed with npm"),
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
]


def set_up(project: Path, teacher: pwd.struct_passwd) -> Course:
    """A course of the teacher's own, with shared progress of twelve learners."""
    home = Path(teacher.pw_dir)
    home.chmod(0o755)
    user = ["setpriv", "--reuid", teacher.pw_name, "--regid", str(teacher.pw_gid), "--init-groups"]
    course = ["course", "networks", "--name", "networks", "--seed", "1", "--shared", "progress"]
    command = [*user, "env", f"HOME={home}", str(project / ".venv" / "bin" / "netkit"), *course]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    pupils.share(home / "progress", 12)
    return Course(home / "networks" / "netkit-course.json", teacher.pw_name)


def log_in(page: Page, running: Hub, name: str) -> None:
    """By the hub's own form, on the way to the teacher's page."""
    page.goto(f"{running.address}/services/class/")
    page.fill("#username_input", name)
    page.fill("#password_input", running.password)
    page.click("#login_submit")


def test_the_teacher_sees_the_class_and_a_learner_does_not() -> None:
    from playwright.sync_api import sync_playwright

    with environment() as project, learners(2, project / SKELETON) as (teacher, learner):
        course = set_up(project, teacher)
        names = [teacher.pw_name, learner.pw_name]
        with hub(project, names, course=course) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
            page = browser.new_context().new_page()
            log_in(page, running, teacher.pw_name)
            page.wait_for_selector("text=12 learners")
            pupils.share(Path(teacher.pw_dir, "progress"), 13)
            page.wait_for_selector("text=13 learners", timeout=20_000)  # the page asks anew by itself
            page.click("text=learner000")
            page.wait_for_selector("h1:text('learner000')")
            page = browser.new_context().new_page()
            log_in(page, running, learner.pw_name)
            page.wait_for_selector("text=403")
            assert "learner0" not in page.content()
            browser.close()
