"""The command screen as a wall nobody stands at: its pages turn, danger holds them, two walls share the work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import WIDE
from tests.browser.looks import axe_findings

pytestmark = pytest.mark.browser
ALARM = {"id": 900_001, "level": 4, "site": "甲", "title": "红", "started_at": "2026-01-01T00:00:00+08:00"}
ASK = "window.dispatchEvent(new Event('visibilitychange'))"
"""What the browser says of a page that is looked at again: everything shown is asked for anew."""


@pytest.fixture
def wall(open_page: Callable[..., Page], officer: dict[str, str]) -> tuple[Page, list[dict[str, Any]]]:
    """A kiosk over the county's own answers, its dangers taken out; alarms put into the list sound."""
    alarms: list[dict[str, Any]] = []

    def told(route: Route) -> None:
        now = route.fetch().json()
        calm = {"rows": [], "worst": None, "chain": [], "asked": None, "evacuations": [], "alarms": list(alarms)}
        route.fulfill(json={**now, **calm})

    page = open_page(WIDE, "light", officer)
    page.route("**/api/v1/screen/now", told)
    return page, alarms


def test_pages_turn_by_themselves_and_an_alarm_brings_the_wall_back(
    wall: tuple[Page, list[dict[str, Any]]],
) -> None:
    page, alarms = wall
    page.goto("/screen?kiosk&every=5&pages=map,trend")
    expect(page.locator(".scr-main-now")).to_be_visible()
    expect(page.locator(".scr-main-map")).to_be_visible()
    expect(page.locator(".scr-asleep")).to_be_visible()
    expect(page.locator(".scr-controls, a.scr-brand")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".scr-main-trend .scr-bars li")).to_have_count(30)
    expect(page.locator(".scr-turn [role=status]")).to_be_visible()
    alarms.append(ALARM)
    page.evaluate(ASK)
    expect(page.locator(".scr-main-now")).to_be_visible()
    expect(page.locator(".scr-turn [role=status]")).to_have_text("有险情，停在总览")


def test_two_walls_share_the_work_and_the_address_says_how(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(WIDE, "light", officer, at="/screen?kiosk&show=map")
    expect(page.locator(".scr-map .map-foot")).to_be_visible()
    expect(page.locator(".scr-list, .scr-turn, .scr-figures")).to_have_count(0)
    page.mouse.move(300, 300)
    page.mouse.move(400, 400)
    page.locator(".scr-controls > button").first.click()
    page.locator(".scr-choices select").last.select_option("lists")
    expect(page.locator(".scr-map")).to_have_count(0)
    expect(page.locator(".scr-figures")).to_be_visible()
    page.locator(".scr-choices fieldset input").first.click()  # the address is asked first, then the box follows
    expect(page).to_have_url(re.compile(r"/screen\?kiosk=&show=lists&pages=now%2Canswers%2Ctownships%2Ctrend$"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="乡镇").click()
    expect(page.locator(".scr-township").first).to_be_visible()
    assert axe_findings(page) == []
