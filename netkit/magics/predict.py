"""`%%predict ID`: its cell waits until the learner has chosen; then it runs, and the kernel's own answer is shown.

The cell waits in the kernel, so that "Run All" waits with it.  Whether somebody can answer is told by the request to
execute it (`allow_stdin`, Jupyter's messaging protocol): nbclient and nbval say no, and the cell just runs.

It is asked by `input()`, which every client has.  A widget would not do: what it sends while the cell waits comes when
the cell has ended, also with JupyterLab 4.6 and ipykernel 7.4, which have subshells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import StdinNotImplementedError
from IPython.display import display

from netkit.errors import InvalidValue, NetkitError
from netkit.magics.cell import Ending
from netkit.magics.changes import at_rest
from netkit.spelling import shown
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from netkit.lessons.prediction import Prediction, Truth
    from netkit.model import Snapshot

NAME = "predict"
_USAGE = "%%predict ID on top of a cell; %predict off runs such cells at once, %predict on asks again"
_SKIP = "?"


class Predictor:
    """Asks before a cell, and answers after it.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._asks = True
        self._ending = Ending(shell)

    def predict(self, line: str, cell: str | None = None) -> Any:
        """Hold a cell back until you have said what it will show.

            %%predict 04.4
            ns1.ping("172.17.1.2")

            %predict off      run such cells at once, %predict on asks again

        Where nobody can answer, as in nbclient, the cell just runs.
        """
        if cell is None:
            return self._switch(line.strip())
        self._begin(line.strip())
        return self._shell.run_cell(cell).result if cell.strip() else None

    def _switch(self, word: str) -> None:
        if word not in ("on", "off"):
            raise InvalidValue(f"{shown(word)} is neither on nor off", f"it is {_USAGE}", "Try %predict off")
        self._asks = word == "on"

    def _begin(self, id: str) -> None:  # noqa: A002  (what learners call it)
        from netkit.lessons import catalogue
        from netkit.lessons.prediction import Prediction

        self._ending.forget()
        try:
            prediction = catalogue.find(id, Prediction)
        except NetkitError as error:
            raise InvalidValue(error.problem, error.rule, f"{error.remedy.rstrip('.')} ({_USAGE})") from None
        before = at_rest()
        chosen = ask(prediction, before) if self._asks else None

        def ended(result: Any) -> None:
            if result.success:
                self._tell(prediction, before, result.result, chosen)

        self._ending.call(ended)

    def _tell(self, prediction: Prediction, before: Snapshot, value: Any, chosen: Any) -> None:
        from netkit.lessons import diary
        from netkit.lessons.prediction import Ran

        ran = Ran(before, at_rest(before), value, self._shell.user_ns)
        try:
            told = Told(prediction, prediction.truth(ran), chosen)
        except (LookupError, AttributeError, TypeError, ValueError, StopIteration, NetkitError):
            print(f"What {prediction.id} asks about is not there after this cell.")  # noqa: T201  (the learner sees it)
            return
        if chosen is not None:
            diary.note("predict", prediction.id, told.ok, prediction.kind.said(chosen))
        display(told)


def ask(prediction: Prediction, world: Snapshot) -> Any:
    """Ask until something was chosen.

    Args:
        prediction: what is asked.
        world: the networks before the cell.

    Returns:
        The choice; None where nobody can answer, or the learner only wants to see.
    """
    from netkit.lessons.mine import mine
    from netkit.lessons.personal import ordered

    menu = ordered(prediction.kind.menu(world), prediction.id, mine)
    question = "\n".join((prediction.text, *(f"  {number}  {option}" for number, option in enumerate(menu, 1))))
    prompt = f"{question}\n{prediction.kind.prompt} ({_SKIP} just shows it): "
    try:
        while (typed := input(prompt).strip()) != _SKIP:
            try:
                return prediction.kind.read(typed, menu)
            except InvalidValue as error:
                prompt = f"{error} "
    except (StdinNotImplementedError, EOFError):
        return None
    return None


@dataclass(frozen=True, repr=False)
class Told:
    """What was foreseen beside what the kernel did.

    Attributes:
        prediction: what was asked.
        truth: what the kernel did.
        chosen: by the learner; None where nothing was.
    """

    prediction: Prediction
    truth: Truth
    chosen: Any = None

    @property
    def ok(self) -> bool | None:
        """Whether the learner was right; None where nothing was chosen."""
        return None if self.chosen is None else self.chosen == self.truth.value

    def _parts(self) -> tuple[str, str]:
        said = self.prediction.kind.said
        kernel = f"the kernel: {said(self.truth.value)}"
        if self.chosen is None:
            return kernel, self.truth.because
        return f"{'✓' if self.ok else '✗'} you: {said(self.chosen)} · {kernel}", self.truth.because

    def __repr__(self) -> str:
        return visible("\n".join(self._parts()))

    def _repr_html_(self) -> str:
        head, because = map(in_html, self._parts())
        return f"<p><strong>{head}</strong><br>{because}</p>"
