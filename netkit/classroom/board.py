"""The page of `netkit class`: "stuck at", "last seen", tasks done lesson by lesson, what fails most; and class.csv."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.classroom.page import AGAIN, PAGE
from netkit.classroom.sheet import safe
from netkit.classroom.watching import hardest
from netkit.errors import InvalidValue
from netkit.lessons import catalogue
from netkit.markup import row, table
from netkit.model import Snapshot
from netkit.visible import in_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.classroom.watching import Learner, Stuck

_MOST_SPACES, _MOST_LINKS = 40, 300
_FOOT = "Only who agreed to it is shown. Done is what a learner's own notebook said: netkit grade proves it."


def class_page(shown: Sequence[Learner], now: float, course: str = "") -> str:
    """The page of a class.

    Args:
        shown: the learners.
        now: seconds since the epoch.
        course: its name.
    """
    title = f"The class{f': {course}' if course else ''}"
    lessons = [key for key in catalogue.LESSONS if any(_done(one, key) for one in shown)]
    head = row(("learner", "stuck at", "for", *(f"lesson {key}" for key in lessons), "last seen"), scope="col")
    lines = "".join(_line(one, now, lessons) for one in shown)
    failing = [row((task, want, str(count)), scope="row") for task, want, count in hardest(shown)]
    stuck = sum(one.stuck(now) is not None for one in shown)
    failing_table = table(("task", "first thing that was missing", "learners"), failing)
    body = [
        f"<h1>{in_html(title)}</h1>",
        '<p><label><input type="checkbox" id="again" checked> Make it anew every 5 seconds</label> · ',
        '<a href="class.csv">as CSV</a></p>',
        f'<div id="live"><p>{len(shown)} learners, {stuck} of them stuck.</p>',
        f"<table><caption>Learners</caption><thead>{head}</thead><tbody>{lines}</tbody></table>",
        f"<h2>What fails most</h2>{failing_table}</div>" if failing else "</div>",
        f"<p>{_FOOT}</p><script>{AGAIN}</script>",
    ]
    return PAGE.format(title=in_html(title), head="", body="".join(body))


def learner_page(one: Learner, now: float) -> str:
    """The page of a learner: the picture of the last network, what nk.why said last, and all lessons.

    Args:
        one: the learner.
        now: seconds since the epoch.
    """
    where = one.stuck(now)
    told = f"Stuck at {where.task} for {_minutes(where)}: {where.want}" if where else "Not stuck."
    body = [
        f'<p><a href="./">The class</a></p><h1>{in_html(one.name)}</h1><p>{in_html(told)}</p>',
        f"<h2>The network that was checked last</h2>{_drawn(one.picture)}",
        f"<h2>What nk.why said last</h2><pre>{in_html(one.why) or 'nothing yet'}</pre>",
        f"<h2>Lesson by lesson</h2>{one.progress._repr_html_()}",
    ]
    return PAGE.format(title=in_html(one.name), head="", body="".join(body))


def class_csv(shown: Sequence[Learner], now: float) -> str:
    """The class as CSV (RFC 4180): learner, where stuck and for how many minutes, tasks done of each lesson.

    Args:
        shown: the learners.
        now: seconds since the epoch.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("learner", "stuck at", "minutes", "missing", *(f"lesson {key}" for key in catalogue.LESSONS)))
    for one in shown:
        where = one.stuck(now)
        cells = (where.task, round(where.seconds / 60), safe(where.want)) if where else ("", "", "")
        writer.writerow((safe(one.name), *cells, *(_done(one, key) for key in catalogue.LESSONS)))
    return text.getvalue()


def _line(one: Learner, now: float, lessons: Sequence[str]) -> str:
    where = one.stuck(now)
    ago = f"{max(0, round((now - one.seen) / 60))} min ago"
    cells = [f"✗ {where.task} {where.want}" if where else "", _minutes(where) if where else ""]
    cells += [*(_done(one, key) for key in lessons), ago]
    name = f'<th scope="row"><a href="{one.page}">{in_html(one.name)}</a></th>'
    return f"<tr>{name}{''.join(f'<td>{in_html(cell)}</td>' for cell in cells)}</tr>"


def _done(one: Learner, lesson: str) -> str:
    """How many tasks and questions of a lesson are done; "" where nothing was begun."""
    found = next(each for each in one.progress.rows if each.lesson.startswith(lesson))
    done = sum(found.built) + sum(found.answered)
    begun = done or any(event.id.startswith(f"{lesson}.") for event in one.events)
    return f"{done} of {len(found.built) + len(found.answered)}" if begun else ""


def _minutes(where: Stuck) -> str:
    return f"{round(where.seconds / 60)} min"


@lru_cache(200)
def _drawn(text: str) -> str:
    """The picture of a network that a learner's file holds, which may be anything."""
    from netkit.pictures.ink import picture

    if not text:
        return "<p>nothing yet</p>"
    try:
        state = Snapshot.from_json(text)
        if len(state) > _MOST_SPACES or sum(len(space.interfaces) for space in state) > _MOST_LINKS:
            return "<p>It is too large to be drawn.</p>"
        return picture(state)._repr_mimebundle_()["text/html"]
    except InvalidValue:
        return "<p>It is no network.</p>"
    except Exception:  # noqa: BLE001  # a stranger's network costs its own picture only
        return "<p>It cannot be drawn.</p>"
