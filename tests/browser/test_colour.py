"""Danger is told without colour, and colour tells danger alone: in grey the four levels differ, in peace nothing warms.

The county's own answers, with what is asked for put in their place: each level once, or none at all.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.browser.conftest import WIDE
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEVELS = (4, 3, 2, 1)
ROWS = {
    "/": ".desk-rows .duty, .panel .duty",
    "/warnings": ".restable tbody tr",
    "/sites": ".restable tbody tr",
    "/screen": ".scr-rows > li",
}
PINE = range(140, 190)
"""Hue, degrees: the one colour of a county in which nothing is wrong."""
COLOURED = 48
"""A pixel whose strongest and weakest channel lie further apart than this has a colour; paper and ink have not."""


def listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": rows, "next": None, "count": len(rows)}


def tell(page: Page, told: dict[str, Callable[[Any], Any]]) -> None:
    """Answer these addresses of the API with what the function makes of the county's own answer."""

    def answer(change: Callable[[Any], Any]) -> Callable[[Route], None]:
        def told(route: Route) -> None:
            # A page that is left lets go of what it asked.
            with contextlib.suppress(Error):
                route.fulfill(json=change(route.fetch().json()))

        return told

    for path, change in told.items():
        page.route(f"**/api/v1{path}", answer(change))


def of_each_level(row: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{**row, "id": 900_000 + level, "level": level, "current_level": level, **more} for level in LEVELS]


def grey(mark: Locator) -> Image.Image:
    return Image.open(io.BytesIO(mark.screenshot())).convert("L").resize((32, 32))


@pytest.mark.parametrize("address", ROWS)
def test_in_grey_the_levels_are_told_apart_by_shape(
    address: str, open_page: Callable[..., Page], officer: dict[str, str], county: Stack
) -> None:
    api = county.login(officer["username"], officer["password"])
    warning = api.get("/warnings", state="all", category="risk")["items"][0]
    duty, site = api.get("/duties", view="today")["items"][0], api.get("/sites")["items"][0]
    warnings = of_each_level(warning, state="verifying", clock=None)
    page = open_page(WIDE, "light", officer)
    tell(
        page,
        {
            "/duties?*": lambda _: listed(of_each_level(duty, state="answered", clock=None)),
            "/warnings?*": lambda _: listed(warnings),
            "/warning-groups*": lambda _: listed([]),
            "/sites?*": lambda _: listed(of_each_level(site)),
            "/screen/now": lambda now: {**now, "rows": warnings, "weather": [], "evacuations": []},
        },
    )
    page.goto(address)
    rows = page.locator(ROWS[address])
    expect(rows).to_have_count(len(LEVELS))
    page.add_style_tag(content="html { filter: grayscale(1) }")
    marks = [rows.nth(n).locator(".mark").first for n in range(len(LEVELS))]
    shapes = [mark.locator("path").last.get_attribute("d") for mark in marks]
    assert len(set(shapes)) == len(LEVELS), "each level has a shape of its own"
    seen = [grey(mark) for mark in marks]
    for (one, first), (other, second) in itertools.combinations(zip(LEVELS, seen, strict=True), 2):
        assert ImageStat.Stat(ImageChops.difference(first, second)).mean[0] > 8, (one, other)


def peace(page: Page) -> None:
    """Nothing is open, nobody is called, every site is normal."""
    nothing: dict[str, Callable[[Any], Any]] = {
        path: lambda _: listed([]) for path in ("/duties?*", "/warnings?*", "/warning-groups*", "/evacuations*")
    }
    calm = {"state": "normal", "level": 0, "standing": None, "warning": None, "item": "", "value": None, "blind": 0}
    empty = {"rows": [], "folded": 0, "worst": None, "asked": None, "chain": [], "alarms": [], "weather": []}
    tell(
        page,
        {
            **nothing,
            "/status": lambda told: {**told, "levels": dict.fromkeys(told["levels"], 0)},
            "/screen/sites": lambda told: {
                **told, "items": [{**one, **calm, "points": max(1, one["points"])} for one in told["items"]]
            },
            "/screen/now": lambda now: {
                **now, **empty, "evacuations": [], "counts": dict.fromkeys(now["counts"], 0)
            },
        },
    )  # fmt: skip


def colours(page: Page) -> dict[int, int]:
    """How many pixels there are of each hue that is neither paper, ink nor pine."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    found: dict[int, int] = {}
    hues, raw = picture.convert("HSV").getchannel("H").tobytes(), picture.tobytes()
    for n, hue in enumerate(hues):
        rgb, degrees = raw[3 * n : 3 * n + 3], hue * 360 // 255
        if max(rgb) - min(rgb) > COLOURED and degrees not in PINE:
            found[degrees] = found.get(degrees, 0) + 1
    return found


@pytest.mark.parametrize("tone", ["light", "dark"])
@pytest.mark.parametrize(("address", "landmark"), [("/", ".desk-sentence h1"), ("/screen", ".scr-figures a")])
def test_where_all_is_normal_there_is_no_colour_but_pine(
    address: str, landmark: str, tone: str, open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(WIDE, tone, officer)
    peace(page)
    page.goto(address)
    expect(page.locator(landmark).first).to_be_visible()
    expect(page.locator(".ant-skeleton, .state-loading")).to_have_count(0)
    assert colours(page) == {}
