"""Pictures: the same network gives the same bytes; what a notebook gets; what is saved; what is drawn on an `ax`."""

from __future__ import annotations

import base64
import html
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netkit.errors import InvalidValue, NotFound
from netkit.pictures.ink import describe, draw_on, palette, picture
from netkit.pictures.ink.labels import Ink, _pixels
from tests.unit import cases
from tests.unit.networks import networks

if TYPE_CHECKING:
    from netkit.model import Snapshot

SMALL = sorted(set(cases.CASES) - {"many_50", "many_500"})
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def build(name: str) -> Snapshot:
    return cases.CASES[name]()


@pytest.mark.parametrize("name", SMALL)
def test_the_svg_says_what_the_layout_says(name: str) -> None:
    drawn = picture(cases.CASES[name]())
    assert texts(drawn.svg) == [text.text for text in drawn.scene.texts]


@pytest.mark.parametrize("name", ["docker", "two_hosts", "odd", "empty"])
def test_the_same_network_gives_the_same_bytes(name: str) -> None:
    first, second = (picture(snapshot, highlight=[*snapshot.namespaces][:1]) for snapshot in map(build, [name] * 2))
    assert (first.svg, first.png, first.html) == (second.svg, second.png, second.html)


def test_another_process_with_other_settings_draws_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import matplotlib; matplotlib.rcParams.update({'lines.linewidth': 9, 'font.size': 30, 'svg.fonttype': 'path',"
        "'path.sketch': (5, 10, 2), 'savefig.dpi': 300, 'figure.facecolor': 'black', 'text.usetex': False,"
        "'font.family': 'monospace', 'axes.facecolor': 'red', 'savefig.bbox': 'tight'})\n"
        "from tests.unit import cases; from netkit.pictures.ink import picture\n"
        "import sys; sys.stdout.write(picture(cases.docker()).svg)"
    )
    command = [sys.executable, "-c", program]
    root = Path(__file__).parents[2]
    env = {"PYTHONPATH": str(root), "PYTHONHASHSEED": "7", "HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(command, capture_output=True, cwd=root, env=env, check=True, timeout=120)
    assert run.stdout.decode() == picture(cases.docker()).svg


def test_what_is_random_does_not_change_the_picture() -> None:
    def network(mac: str, index: int) -> Snapshot:
        built = cases.Network("host", "ns1").veth(("host", "veth1"), ("ns1", "eth0"), addresses=("10.0.0.1/24",))
        built.change(("ns1", "eth0"), mac=mac, index=index, addresses=("10.0.0.1/24", f"fe80::{index}/64"))
        return built.room("ns1", processes=(f"sleep-{index}",)).snapshot()

    one, other = (
        picture(network(*random), mac=True) for random in (("1a:00:00:00:00:01", 4), ("3e:00:00:00:00:09", 88))
    )
    assert (one.svg, one.text) == (other.svg, other.text)
    assert "1a:00" not in one.html


def test_a_notebook_gets_an_image_with_the_words_as_its_alternative() -> None:
    drawn = picture(cases.section_4())
    bundle = drawn._repr_mimebundle_(include=None, exclude=None)
    assert sorted(bundle) == ["image/png", "text/html", "text/plain"]
    assert bundle["text/plain"] == describe(cases.section_4()) == drawn.text == repr(drawn)
    alt, width, data = re.fullmatch(
        r'<img alt="([^"]*)" width="(\d+)" style="[^"]*" src="data:image/svg\+xml;base64,([^"]*)">', bundle["text/html"]
    ).groups()  # type: ignore[union-attr]
    assert html.unescape(alt) == drawn.text
    assert drawn.scene.width <= int(width) <= 1.3 * drawn.scene.width
    assert base64.b64decode(data).decode() == drawn.svg
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "most"), [("section_4", 20), ("docker", 45), ("many_10", 60), ("many_50", 170)])
def test_pictures_keep_notebooks_small(name: str, most: int) -> None:
    bundle = picture(cases.CASES[name]())._repr_mimebundle_()
    assert sum(map(len, bundle.values())) / 1024 < most


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_save_by_ending(tmp_path: Path, ending: str, start: bytes) -> None:
    target = tmp_path / f"net.{ending}"
    picture(cases.section_4()).save(target)
    assert target.read_bytes().startswith(start)


@pytest.mark.parametrize("target", ["net", "net.jpg", "net.SVG.gz", "nowhere/net.svg"])
def test_save_refuses_in_words(tmp_path: Path, target: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(target.partition("/")[0])):
        picture(cases.section_4()).save(tmp_path / target)


def test_a_title_is_drawn_and_not_taken_for_mathematics() -> None:
    assert "Cost: $5 and $6" in texts(picture(cases.section_3(), title="Cost: $5 and $6").svg)


@pytest.mark.parametrize("highlight", [["ns1"], [("ns1", "eth1")], [("host", "brtest")], ["host", ("ns2", "eth1")]])
def test_highlights_are_rings(highlight: list) -> None:
    plain = picture(cases.section_4())
    marked = picture(cases.section_4(), highlight=highlight)
    assert palette.RING not in plain.svg
    assert len(re.findall(f"<use[^>]*{palette.RING}", marked.svg)) == len(highlight)
    assert marked.text == plain.text


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"highlight": ["ns9"]}, NotFound),
        ({"highlight": "ns9"}, NotFound),
        ({"highlight": [("ns1", "eth9")]}, NotFound),
        ({"highlight": [7]}, InvalidValue),
        ({"highlight": 7}, InvalidValue),
        ({"highlight": [()]}, InvalidValue),
        ({"highlight": [("ns1", "eth1", "x")]}, InvalidValue),
        ({"title": 7}, InvalidValue),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused_in_words(wrong: dict, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        picture(cases.section_4(), **wrong)
    assert "7" in str(refused.value) or "snapshot" in str(refused.value) or "pair" in str(refused.value)


def test_drawing_on_axes_of_ones_own() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 8))
    ax = figure.add_subplot(1, 2, 2)
    artists = draw_on(ax, cases.docker(), title="Docker", highlight=["web"])
    FigureCanvasAgg(figure).draw()
    assert {artist.axes for artist in artists} == {ax}
    assert "docker0" in [artist.get_text() for artist in artists if not isinstance(artist, PathCollection)]
    scene = picture(cases.docker(), title="Docker").scene
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, scene.width), (scene.height, 0))


@pytest.mark.parametrize("bold", [False, True])
def test_no_letter_of_a_label_is_cut_off(*, bold: bool) -> None:
    for letter in map(chr, range(33, 127)):
        pixels, *beside = _pixels(Ink(letter * 2, 11.0, bold, "#112233"), 108.0, (0.9, 0.3))
        inked = pixels[:, :, 3].astype(bool)
        assert (inked.any(), beside) == (True, [17, 10])
        assert not any(edge.any() for edge in (inked[0], inked[-1], inked[:, 0], inked[:, -1]))


def test_few_artists_draw_many_rooms() -> None:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    artists = draw_on(Figure().add_subplot(), cases.many(50))
    assert len([artist for artist in artists if not isinstance(artist, Text)]) <= 12


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_any_network_can_be_drawn(snapshot: Snapshot) -> None:
    drawn = picture(snapshot)
    assert texts(drawn.svg) == [text.text for text in drawn.scene.texts]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(st.characters(exclude_characters="/", exclude_categories=["Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=15)
)
def test_any_name_can_be_drawn(name: str) -> None:
    network = cases.Network("host", name).veth(("host", "veth1"), (name, name))
    assert len(texts(picture(network.snapshot(), title=name).svg)) >= 4


def test_the_words_alone_need_no_matplotlib() -> None:
    program = (
        "import sys; from netkit.pictures.ink import describe, picture; from tests.unit import cases\n"
        "describe(cases.docker()); picture(cases.docker()).scene; print('matplotlib' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True, timeout=60
    )
    assert run.stdout == "False\n"


def test_drawing_leaves_pyplot_alone() -> None:
    program = "import sys; from netkit.pictures.ink import picture; from tests.unit import cases\n"
    program += "picture(cases.docker())._repr_mimebundle_(); print('matplotlib.pyplot' in sys.modules)"
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True, timeout=60
    )
    assert run.stdout == "False\n"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


GROUNDS = {
    "chip": [palette.CHIPS["veth"], palette.CHIPS["ethernet"], palette.CHIPS["bundle"]],
    "dark chip": [palette.CHIPS["vxlan"], palette.CHIPS["other"]],
    "hollow": [palette.CARD],
    "bridge": [palette.BAR[0], palette.CARD],
    **{role: [ground] for role, (ground, _) in palette.BADGES.items()},
    **{role: [ground] for role, (ground, *_) in palette.PANELS.items() if ground != "none"},
}


@pytest.mark.parametrize("role", palette.TEXTS)
def test_every_text_can_be_read_on_its_ground(role: str) -> None:
    rooms = [ground for ground, _ in palette.ROOMS.values()]
    for ground in GROUNDS.get(role, [*rooms, palette.BAR[0]] if role != "title" else rooms):
        dark, light = sorted([luminance(palette.TEXTS[role]), luminance(ground)])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{role} on {ground}"
