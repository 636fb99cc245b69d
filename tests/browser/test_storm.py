"""同因事件 in the browser: many warnings of one gateway are one event, answered once; one of them is split off."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, STILL
from tests.stack import Api, Stack, until

pytestmark = pytest.mark.browser

RULE = {"levels": {"2": 5.0, "4": 10.0}, "direction": "high", "raise_for_s": 0, "clear_for_s": 0}
MANY = 11
PLANT = "辛金矿选矿厂"
"""Where nothing else of the demo or of other tests goes on."""


def roles(county: Stack, logins: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {county.login(one["username"], one["password"]).get("/session")["user"]["role"]: one for one in logins}


def raise_storm(county: Stack, admin: Api) -> SimpleNamespace:
    """One gateway of a plant, eleven of whose points go yellow within seconds, and one red."""
    site = next(one for one in admin.get("/sites", limit=200)["items"] if one["name"] == PLANT)
    source = admin.post("/sources", name="风暴试验网关", site=site["id"])
    token = admin.post(f"/sources/{source['id']}/tokens", name="风暴试验")["token"]
    for i in range(MANY):
        point = admin.post(
            "/points", site=site["id"], source=source["id"], address=f"FB-{i:02d}", name=f"{i + 1} 号浓密机液位",
            item=f"level_{i}", item_title=f"{i + 1} 号浓密机液位", unit="m", danger="high",
        )  # fmt: skip
        admin.post("/rules", point=point["id"], kind="threshold", params=RULE, reason="设计值", title="液位超限")

    county.await_token(token)

    def told() -> dict[str, Any] | None:
        now = int(time.time() * 1000)
        county.send(
            token,
            [{"point": f"FB-{i:02d}", "ts": now, "value": 12.5 if i == 3 else 6.5} for i in range(MANY)],
        )
        time.sleep(0.5)
        return next((one for one in admin.get("/warning-groups")["items"] if "风暴试验网关" in one["title"]), None)

    until(told, 60, "an event of one cause")

    def whole() -> dict[str, Any] | None:
        group = told()
        return group if group is not None and group["count"] >= MANY else None

    return SimpleNamespace(site=site, group=until(whole, 60, "all warnings in the event"))


@pytest.fixture(scope="module")
def storm(county: Stack, logins: list[dict[str, str]]) -> SimpleNamespace:
    login = roles(county, logins)["administrator"]
    return raise_storm(county, county.login(login["username"], login["password"]))


def event(page: Page, storm: SimpleNamespace) -> Any:
    return page.get_by_role("region", name=storm.group["title"])


def test_the_event_is_one_row_with_its_red_apart_and_one_answer_answers_all(
    open_page: Callable[..., Page], county: Stack, officer: dict[str, str], storm: SimpleNamespace
) -> None:
    members = {one["id"] for one in storm.group["members"]}
    mine = county.login(officer["username"], officer["password"]).get("/duties", view="mine")["items"]
    called = next(one for one in mine if one["subject"]["id"] in members and one["level"] == 2)
    phone = open_page(PHONE, login=officer, at="/")
    expect(event(phone, storm)).to_contain_text("红色 1")
    own = phone.locator(".duty", has_text="号浓密机液位")  # the county has other dangers
    expect(own.filter(has_text="红色限值")).to_have_count(1)
    expect(own.filter(has_text="黄色限值")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    phone.goto(f"/answer/{called['id']}")
    expect(phone.get_by_role("button", name=storm.group["title"])).to_contain_text("一次应答")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    desk = open_page(login=officer, at="/")
    panel = event(desk, storm)
    expect(panel).to_contain_text(f"{MANY} 起")
    panel.get_by_role("button", name="全部").click()
    expect(panel.get_by_role("listitem")).to_have_count(MANY)
    panel.get_by_role("button", name="一次应答").click()
    expect(panel.get_by_role("button", name="一次应答")).to_have_count(0)


def test_the_wall_tells_of_the_event(
    open_page: Callable[..., Page], officer: dict[str, str], storm: SimpleNamespace
) -> None:
    wall = open_page(login=officer, at="/screen")
    expect(wall.get_by_role("list", name="同因事件")).to_contain_text(storm.group["title"])
    rows = wall.locator(".scr-rows > li")
    # What the event's line tells takes no place from others; its red stands by itself, its limit not cut away.
    expect(rows.filter(has_text="号浓密机液位")).to_have_count(1)
    expect(rows.filter(has_text="高于红色限值")).to_contain_text(["10.00\u00a0m"])
    # Whole rows, and below them how many there was no room for.
    foot = wall.locator(".scr-rows").evaluate("list => list.getBoundingClientRect().bottom")
    shown = wall.locator(".scr-rows > li:visible")
    lowest = max(shown.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().bottom)"))
    assert lowest <= foot + 1


def test_one_warning_is_split_off_with_a_reason_and_merged_into_another(
    open_page: Callable[..., Page], officer: dict[str, str], storm: SimpleNamespace
) -> None:
    first, second = [one for one in storm.group["members"] if one["level"] == 2][:2]
    page = open_page(login=officer, at="/warnings")
    panel = event(page, storm)
    panel.get_by_role("button", name="全部").click()
    for one in (first, second):
        panel.get_by_role("button", name=f"拆出 {one['number']}").click()
        box = page.get_by_role("dialog")
        expect(box.get_by_label("原因")).to_be_visible()
        page.wait_for_function(STILL)
        box.get_by_role("button", name="拆出", exact=True).click()
        expect(box.get_by_role("alert")).to_contain_text("写明原因")
        box.get_by_label("原因").fill("另一路电源")
        box.get_by_role("button", name="拆出", exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(panel.get_by_role("button", name=f"拆出 {one['number']}")).to_have_count(0)
    page.goto(f"/warnings/{first['id']}")
    page.get_by_role("button", name="并入", exact=True).click()
    box = page.get_by_role("dialog")
    box.get_by_text(second["number"]).click()
    box.get_by_label("原因").fill("同一路电源")
    box.get_by_role("button", name="并入", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="并案")).to_be_visible()
