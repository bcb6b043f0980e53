"""The player of journeys as a learner sees it: JupyterLab in a real browser, with the mouse and with keys."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.notebooks.lab import MARKS, choose, is_dark, open_notebook, running, screenshot, set_theme, window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETWORK = """import netkit as nk
nk.echo(False)
nk.require_sandbox()
bridge = nk.Bridge("br0")
for name, address in (("ns1", "172.17.0.2/16"), ("ns2", "172.17.0.3/16")):
    outer, inner = nk.veth(f"veth{name[-1]}", "eth0", peer_namespace=nk.Namespace(name))
    bridge.attach(outer)
    inner.add_address(address)
    inner.up(), outer.up()
bridge.up()
ns1 = nk.Namespace.get("ns1")"""
PLAY = """with nk.xray() as x:
    ns1.ping("172.17.0.3")
    ns1.ping("172.17.0.3")
x.player()"""
SECONDS = 60_000
expect.set_options(timeout=20_000)  # milliseconds
IN_SIGHT = """([inner, pane]) => {
    const a = document.querySelector(`.netkit-player ${inner}`).getBoundingClientRect();
    const b = document.querySelector(`.netkit-player ${pane}`).getBoundingClientRect();
    return a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.left >= b.left - 1 && a.right <= b.right + 1;
}"""
SIZES = {"light": (1280, 1920), "dark": (1920, 1280)}

pytestmark = MARKS


def written(folder: Path) -> str:
    """A notebook with two cells, and its name."""
    cells = [nbformat.v4.new_code_cell(source) for source in (NETWORK, PLAY)]
    kernel = {"name": "netkit", "display_name": "netkit (sandboxed Python)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "play.ipynb")
    return "play.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """JupyterLab with that notebook: its address and the token."""
    folder = tmp_path_factory.mktemp("player")
    name = written(folder)
    with running(folder, name) as place:
        yield place


@pytest.fixture(scope="module")
def page(lab: tuple[str, str]) -> Iterator[Page]:
    """The notebook in a window, its cells run; whatever the page asks of other machines is refused."""
    with window(1280, 1500) as page:
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
        opened(page, lab, "light")
        choose(page, "Run", "Run All Cells")
        expect(page.locator(".netkit-told")).to_be_visible(timeout=SECONDS)
        if page.get_by_role("button", name="No", exact=True).is_visible():
            page.get_by_role("button", name="No", exact=True).click()  # JupyterLab's offer of news
        yield page


def opened(page: Page, lab: tuple[str, str], theme: str) -> None:
    set_theme(*lab, theme)
    open_notebook(page, lab, "play.ipynb")


@pytest.fixture
def player(page: Page) -> Iterator[Locator]:
    """The player, at the beginning of its first journey, with an empty filter."""
    player = page.locator(".netkit-player")
    player.get_by_role("button", name="all", exact=True).click()
    for label in ("Address:", "Text:"):
        player.get_by_label(label).fill("")
    player.get_by_label("Journey no.:").fill("3")
    player.get_by_label("Journey no.:").press("Enter")
    player.get_by_role("button", name="First").click()
    at(player, "3. ICMP echo request")
    return player


def at(player: Locator, words: str) -> None:
    expect(player.locator(".netkit-told h4")).to_contain_text(words)


def keys(player: Locator, *names: str) -> None:
    for name in names:
        player.page.keyboard.press(name)


def weight(place: Locator) -> str:
    """How bold something is; what is lit is bold, besides its colour."""
    return place.evaluate("element => getComputedStyle(element).fontWeight")


def test_it_hides_its_twin(page: Page, player: Locator) -> None:
    expect(page.locator(".netkit-twin")).to_be_hidden()


def test_keys_step_to_the_end_and_back(player: Locator) -> None:
    player.locator(".netkit-over img").click()
    expect(player.locator(".netkit-keys")).to_be_focused()
    at(player, "3. ICMP echo request")
    for number in range(1, 7):
        keys(player, "ArrowRight")
        at(player, f"Hop {number} of 6")
    keys(player, "ArrowRight", "ArrowLeft")
    at(player, "Hop 5 of 6")
    keys(player, "Home")
    at(player, "3. ICMP echo request")
    keys(player, "End")
    at(player, "Hop 6 of 6")
    keys(player, "ArrowDown")
    at(player, "4. ICMP echo reply")
    keys(player, "ArrowUp")
    at(player, "3. ICMP echo request")
    assert player.page.locator(".jp-CodeCell").count() == 2, "no key went to the notebook"


def test_buttons_slider_and_list_step_too(player: Locator) -> None:
    player.get_by_role("button", name="Step").click()
    at(player, "Hop 1 of 6")
    player.get_by_role("button", name="Last").focus()
    keys(player, "Space")
    at(player, "Hop 6 of 6")
    player.get_by_role("button", name="Back").click()
    at(player, "Hop 5 of 6")
    player.get_by_role("slider").first.focus()
    keys(player, "ArrowLeft", "ArrowLeft")
    at(player, "Hop 3 of 6")
    player.locator('[data-hop="4"]').click()
    at(player, "Hop 4 of 6")


def test_nothing_jumps_and_all_of_it_fits_on_a_screen(player: Locator) -> None:
    for width in (1280, 1920):
        player.page.set_viewport_size({"width": width, "height": 900})
        player.locator(".netkit-keys").focus()
        keys(player, "Home")
        places = []
        for number in range(7):
            at(player, f"Hop {number} of 6" if number else "3. ICMP echo request")
            places.append(boxes(player))
            keys(player, "ArrowRight")
        assert all(place == places[0] for place in places), width
        assert (player.bounding_box() or {})["height"] <= 900, width
    player.page.set_viewport_size({"width": 1280, "height": 1500})


def test_what_is_marked_is_in_sight(player: Locator) -> None:
    player.page.set_viewport_size({"width": 1280, "height": 900})
    player.get_by_label("Journey no.:").fill("6")
    player.get_by_label("Journey no.:").press("Enter")
    player.locator(".netkit-keys").focus()
    keys(player, "End")
    at(player, "Hop 6 of 6")
    for inner, pane in ((".netkit-spot", "pane-stage"), (".hop-6", "pane-hops"), ("label:has(:checked)", "list")):
        player.page.wait_for_function(IN_SIGHT, arg=[inner, f".netkit-{pane}"])
    player.page.set_viewport_size({"width": 1280, "height": 1500})


def test_sliders_and_journeys_have_names(player: Locator) -> None:
    for name in ("Hop", "Speed"):
        expect(player.get_by_role("slider", name=name, exact=True)).to_have_count(1)
    expect(player.get_by_role("radiogroup", name="Journeys")).to_have_count(1)
    expect(player.get_by_role("radio", name="ICMP echo request seq 1")).to_have_count(2)


def test_it_plays_pauses_and_stops_by_itself(player: Locator) -> None:
    player.get_by_role("slider").nth(1).focus()
    keys(player, "End")
    expect(player).to_contain_text("very fast")
    player.locator(".netkit-keys").focus()
    keys(player, "Space")
    at(player, "Hop 6 of 6")
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    player.get_by_role("slider").nth(1).focus()
    keys(player, "Home")
    expect(player).to_contain_text("slow")
    player.get_by_role("button", name="First").click()
    at(player, "3. ICMP echo request")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    at(player, "Hop 1 of 6")
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    at(player, "Hop 1 of 6")


def test_filters(player: Locator) -> None:
    player.get_by_role("button", name="ICMP", exact=True).click()
    expect(player).to_contain_text("4 of 6 journeys.")
    player.get_by_label("Text:").type("reply")
    expect(player).to_contain_text("2 of 6 journeys.")
    player.get_by_label("Address:").type("10.0.0.0/8")
    expect(player).to_contain_text("None of 6 journeys")
    player.get_by_label("Address:").fill("172.17.0.3")
    expect(player).to_contain_text("2 of 6 journeys.")
    player.get_by_role("radio").first.click()
    at(player, "4. ICMP echo reply")
    keys(player, "ArrowDown")
    at(player, "6. ICMP echo reply")
    expect(player.get_by_role("radio").nth(1)).to_be_focused()


def test_fields_and_bytes_light_one_another(player: Locator) -> None:
    player.get_by_role("button", name="Step").click()
    player.get_by_role("button", name="Step").click()
    at(player, "Hop 2 of 6: ns1:eth0, out")
    row = player.locator("tr", has=player.page.get_by_role("rowheader", name="TTL", exact=True))
    byte = player.locator(".netkit-hex code span").nth(22)
    assert (byte.inner_text(), weight(byte)) == ("40", "400")
    row.hover()
    assert weight(byte) == "700"
    player.locator(".netkit-told").hover()
    assert weight(byte) == "400"
    byte.hover()
    assert weight(row) == "700"
    player.locator(".netkit-told").hover()
    row.focus()
    assert weight(byte) == "700", "the keyboard lights as well"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_legible(page: Page, lab: tuple[str, str], theme: str) -> None:
    if theme == "dark":
        page.keyboard.press("Control+s")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)
        opened(page, lab, "dark")
    player = page.locator(".netkit-player")
    expect(player.locator(".netkit-told")).to_be_visible(timeout=SECONDS)  # a page that is opened anew finds its widget
    player.locator(".netkit-keys").focus()
    keys(player, "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    at(player, "Hop 3 of")
    assert is_dark(player.locator(".netkit-stage img").first) == (theme == "dark"), "no white card on a dark page"
    for width in SIZES[theme]:
        page.set_viewport_size({"width": width, "height": 1500})
        player.evaluate("element => element.scrollIntoView()")
        player.locator(".netkit-fields tr").nth(4).hover()
        assert cut_off(player) == []
        assert overlapping(player) == []
        screenshot(page, f"player-{width}-{theme}")


def cut_off(player: Locator) -> list[str]:
    """What is wider than its place."""
    script = """player => [...player.querySelectorAll('*')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().right > player.getBoundingClientRect().right + 1)
        .map(e => e.className + ': ' + e.textContent.slice(0, 30))"""
    return player.evaluate(script)


def boxes(player: Locator) -> dict[str, dict[str, float]]:
    """Where its controls and panes are, by name."""
    names = ("list", "first", "back", "play", "step", "last", "keys", "told", "pane-hops", "pane-stage", "pane-frame")
    return {name: dict(player.locator(f".netkit-{name}").bounding_box() or {}) for name in names}


def overlapping(player: Locator) -> list[tuple[str, str]]:
    """Controls and panes that lie over one another."""
    return [(a, b) for (a, one), (b, other) in combinations(boxes(player).items(), 2) if _overlap(one, other)]


def _overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    return all(
        min(a[start] + a[size], b[start] + b[size]) - max(a[start], b[start]) > 1
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_without_a_kernel_the_twin_stays(page: Page, lab: tuple[str, str]) -> None:
    page.locator(".jp-Notebook").press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    choose(page, "Kernel", "Shut Down Kernel")
    page.get_by_text("No Kernel").first.wait_for(timeout=SECONDS)
    opened(page, lab, "light")
    expect(page.locator(".netkit-twin img")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".netkit-twin")).to_contain_text("ICMP echo request seq 1")
    expect(page.locator(".netkit-player")).to_have_count(0)
    expect(page.get_by_text("Error displaying widget")).to_be_hidden()
    screenshot(page, "player-twin")
