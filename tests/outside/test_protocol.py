"""The sandboxed kernel speaks Jupyter's protocol as an ipykernel outside does."""

from __future__ import annotations

import os
import shutil
from unittest import mock

import jupyter_kernel_test
import pytest

from netkit.sandbox.worlds import VARIABLE


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.once  # a client does not see who started a kernel; that it starts for another user, test_kernel.py tells
class TestProtocol(jupyter_kernel_test.KernelTests):
    """jupyter_kernel_test's own suite, with all that it can try."""

    kernel_name = "netkit"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    code_execute_result = (
        {"code": "1+2+3", "result": "6"},
        {"code": "[n * n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    )
    code_generate_error = "raise"
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    code_display_data = (
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"},
    )
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")
    code_page_something = "zip?"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n")
    incomplete_code_samples = ("print('''hello", "def f(x):\n  x*2")
    invalid_code_samples = ("import = 7q",)


@pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed")
class TestProtocolInUml(TestProtocol):
    """The same in the uml world."""

    @classmethod
    def setUpClass(cls) -> None:
        with mock.patch.dict(os.environ, {VARIABLE: "uml"}):
            super().setUpClass()

    def test_it_is_user_mode_linux(self) -> None:
        self.flush_channels()
        _, [shown] = self.execute_helper("from netkit.sandbox import require_sandbox; print(require_sandbox().world)")
        assert shown["content"]["text"] == "uml\n"
