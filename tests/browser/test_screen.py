"""The command screen and the site's page as the duty room uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.looks import axe_findings
from tests.stack import Stack

pytestmark = pytest.mark.browser
WALL_4K = {"width": 3840, "height": 2160}
DESKTOP = {"width": 1280, "height": 720}
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
"""
NO_WEBGL = """
const ask = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return String(kind).includes("webgl") ? null : ask.call(this, kind, ...more);
};
"""


@pytest.fixture
def screen(open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]) -> Page:
    page = open_page(WIDE, "light", officer, at="/screen")
    expect(page.locator(".map-raised").first).to_be_visible()
    return page


@pytest.mark.parametrize("size", [WIDE, WALL_4K, DESKTOP], ids=["1920", "4k", "1280"])
def test_the_wall_fills_its_frame_and_scrolls_nowhere(
    size: dict[str, int], open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(size, "light", officer, at="/screen")
    expect(page.locator(".map-raised").first).to_be_visible()
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        size["width"], size["height"]
    ]  # fmt: skip
    scale = size["width"] / 1920
    boxes = [page.locator(part).bounding_box() for part in (".scr-main > .scr-list", ".scr-map", ".scr-side")]
    assert [round(box["width"] / scale) for box in boxes if box] == [
        pytest.approx(n, abs=2) for n in (560, 868, 492)
    ]  # fmt: skip
    smallest = page.evaluate("""() => Math.min(...[...document.querySelectorAll('.screen *')]
        .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
            && !e.closest('.inkbars, .unseen, .mark, .map-sealed') && e.getBoundingClientRect().width > 1)
        .map((e) => parseFloat(getComputedStyle(e).fontSize)))""")
    assert smallest >= 20 * scale - 0.5
    # Those of the map lie in its own drawing and have no box.
    marks = page.evaluate("[...document.querySelectorAll('.screen :not(.map *) > svg.mark')].map((e) => e.clientWidth)")
    assert marks
    assert min(marks) >= 14 * scale - 1
    logo = page.locator(".scr-brand svg").bounding_box()
    assert logo
    assert logo["width"] == pytest.approx(32 * scale, abs=1)
    assert axe_findings(page) == []


@pytest.mark.full
def test_what_comes_at_once_to_a_quiet_wall_is_shown_whole_or_counted(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    """The county's own answer, its warnings taken out first and then six times the first."""
    words = [""]

    def told(route: Route) -> None:
        now = route.fetch().json()
        first = next(row for row in now["rows"] if row["id"] == warning["id"])
        rows = [
            {**first, "id": 900_000 + i, "title": first["title"] + word} for i, word in enumerate(words * 6) if word
        ]
        now |= {"rows": rows, "folded": 0, "counts": {**dict.fromkeys(now["counts"], 0), "4": len(rows)}}
        route.fulfill(json=now)

    page = open_page({"width": 1280, "height": 560}, "light", officer)
    page.route("**/api/v1/screen/now", told)
    page.goto("/screen")
    expect(page.get_by_role("heading", name="正在发生")).to_be_visible()
    rows = page.locator(".scr-rows > li")
    expect(rows).to_have_count(0)
    for word in ("试", "，一行写不下，要写到第二行去才说得完的一起预警"):
        words[:] = [word]
        expect(rows.filter(has_text=word)).to_have_count(6, timeout=30_000)
        shown = page.locator(".scr-rows > li:visible")
        foot = page.locator(".scr-rows").evaluate("list => list.getBoundingClientRect().bottom")
        lowest = max(shown.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().bottom)"))
        assert lowest <= foot + 1
        assert shown.count() < 6
        expect(page.locator(".scr-main > .scr-list .scr-more")).to_contain_text(re.compile(rf"\b{6 - shown.count()}\b"))


def listed(page: Page) -> int:
    """How many the list of this page says it holds."""
    expect(page.locator("main .restable, main .state, main .desk-rows").first).to_be_visible()
    places = (".points-head h1:not(:empty)", ".filters > .second:not(:empty)", ".desk-tabs [aria-selected=true] b")
    said = page.locator(", ".join(places))
    expect(said).to_have_count(1)
    found = re.search(r"[\d,]+", said.inner_text())
    assert found, said.inner_text()
    return int(found[0].replace(",", ""))


def test_every_figure_opens_its_list(screen: Page) -> None:
    doors = screen.locator(".scr-figures a")
    expect(doors).to_have_count(7)
    told = doors.evaluate_all("all => all.map(a => [a.getAttribute('href'), a.dataset.listed, a.innerText])")
    for address, number, words in told:
        assert number is not None, (address, words)
        if int(number):
            assert number in re.findall(r"\d+", words.replace(",", "")), "the figure or its note says what is listed"
        screen.goto(address)
        assert listed(screen) == int(number), (address, words)


MOST = 14
"""Of twenty townships the first two are looked at."""
COUNTED = {
    "总览": ".scr-legend a, .scr-counts a",
    "乡镇": ".scr-township a:has-text('处'), .scr-township .scr-counts a, .scr-township .scr-online a",
    "趋势": ".scr-sums a",
}


@pytest.mark.parametrize("part", COUNTED)
def test_every_number_of_the_wall_is_the_count_of_the_list_it_opens(part: str, screen: Page) -> None:
    """Map legend, townships and trend. Where the county moved meanwhile, figure and list are read once more."""

    def figures() -> dict[str, int]:
        screen.goto("/screen")
        # What holds the wall at its overview comes with the figures; a page is chosen after that.
        expect(screen.locator(".scr-figures")).to_be_visible()
        chosen = screen.get_by_role("button", name=part, exact=True)
        chosen.click()
        expect(chosen).to_have_attribute("aria-current", "page")
        rows = screen.locator(COUNTED[part])
        expect(rows.first).to_be_visible()
        found = rows.evaluate_all("all => all.map(a => [a.getAttribute('href'), a.innerText])")
        # Of 「92.5 % 在线，40 点，3 点没数」 the last is what it opens.
        return {href: int(re.findall(r"[\d,]+", words)[-1].replace(",", "")) for href, words in found}

    def behind(address: str) -> int:
        screen.goto(address)
        return listed(screen)

    for address, number in list(figures().items())[:MOST]:
        assert behind(address) == number or behind(address) == figures()[address], address


def test_the_worst_case_leads_to_its_warning_and_a_mark_to_its_site(screen: Page, warning: dict[str, Any]) -> None:
    band = screen.locator(".scr-band-on")
    expect(band).to_contain_text(warning["site"]["name"])
    band.click()
    screen.wait_for_url(re.compile(r"/warnings/\d+"))
    screen.goto("/screen")
    mark = screen.locator(".map-raised").first
    expect(mark).to_have_attribute("aria-label", re.compile(warning["site"]["name"]))
    mark.hover()
    expect(screen.locator(".map-hover")).to_contain_text(warning["site"]["territory"])
    mark.click()
    screen.wait_for_url(re.compile(r"/sites/\d+"))
    expect(screen.locator(".dossier-head h1")).to_have_text(warning["site"]["name"])


def test_the_map_as_a_list_names_every_site(screen: Page, county: Stack, officer: dict[str, str]) -> None:
    screen.get_by_role("button", name="按表看").click()
    rows = screen.locator(".map-list a")
    api = county.login(officer["username"], officer["password"])
    expect(rows).to_have_count(api.get("/screen/sites")["count"])
    rows.first.focus()
    screen.keyboard.press("Enter")
    screen.wait_for_url(re.compile(r"/sites/\d+"))


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_without_webgl_the_map_is_the_same(
    size: dict[str, int], open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(size, "light", officer)
    page.context.add_init_script(NO_WEBGL)
    page.goto("/screen")
    expect(page.locator(".map[data-plain=true] .map-county path")).to_have_count(1)
    expect(page.locator(".map-raised").first).to_be_visible()
    expect(page.locator(".map-foot")).to_contain_text("示意图")
    before = page.locator(".map-county path").get_attribute("d")
    page.get_by_role("button", name="放大").click()
    expect(page.locator(".map-county path")).not_to_have_attribute("d", before or "")


def test_the_alarm_sounds_until_it_is_heard_and_that_is_recorded(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], county: Stack
) -> None:
    api = county.login(officer["username"], officer["password"])
    alarms = [one["id"] for one in api.get("/screen/now")["alarms"]]
    assert alarms, "the demo's pond goes to red, and nobody has heard it yet"
    page = open_page(WIDE, "dark", officer)
    page.context.add_init_script(COUNT_TONES)
    page.goto("/screen")
    alarm = page.locator(".scr-alarm")
    expect(alarm).to_be_visible()
    allow = page.get_by_role("button", name="开声音")
    if allow.is_visible():
        allow.click()
    page.wait_for_function("window.tones > 0")
    page.get_by_role("button", name=re.compile("听到了")).click()
    expect(alarm).to_have_count(0)
    assert api.get("/screen/now")["alarms"] == []
    told = [row["text"] for row in api.get(f"/warnings/{alarms[0]}/timeline")["items"]]
    assert any("消音" in text for text in told)
    quiet = page.evaluate("window.tones")
    page.wait_for_timeout(2500)
    assert page.evaluate("window.tones") == quiet


def test_a_site_is_placed_by_whoever_may(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    inspector = next(login for login in logins if login["username"] == "inspector")
    site = county.login(inspector["username"], inspector["password"]).get("/sites")["items"][-1]
    page = open_page(WIDE, "light", inspector)
    page.goto(f"/sites/{site['id']}")
    page.get_by_role("button", name="标定").click()
    page.get_by_label("经度").fill("12x")
    page.get_by_role("button", name="存位置").click()
    expect(page.get_by_role("alert").filter(has_text="经度在")).to_be_visible()
    page.get_by_label("经度").fill("115.5")
    page.get_by_label("纬度").fill("35.95")
    page.get_by_role("button", name="存位置").click()
    expect(page.locator(".dossier-sentence")).to_contain_text("县界外")
    page.get_by_role("button", name="标定").click()
    page.get_by_label("经度").fill(str(site["longitude"]))
    page.get_by_label("纬度").fill(str(site["latitude"]))
    page.get_by_role("button", name="存位置").click()
    expect(page.locator(".dossier-sentence")).not_to_contain_text("县界外")
