"""What a site is doing, in a browser: stopped by one person, resumed by two, marked wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_weather import SIZES, fits

PIT = "寅石灰岩矿一号采场"


def dossier(page: Page, q: str) -> int:
    found = page.request.get("/api/v1/sites", params={"q": q}).json()["items"][0]
    page.goto(f"/sites/{found['id']}")
    return int(found["id"])


def test_one_person_stops_a_pit_and_two_let_it_work_again(open_page: Callable[..., Page], officer, logins) -> None:
    page = open_page({"width": 390, "height": 844}, "light", officer)
    dossier(page, PIT)
    page.get_by_role("button", name="停产", exact=True).click()
    stop = page.get_by_role("dialog")
    expect(stop.get_by_role("button", name="停产")).to_be_disabled()
    stop.get_by_label("原因").fill("边坡裂缝，先停")
    stop.get_by_role("button", name="停产").click()
    expect(page.locator(".operation-now")).to_contain_text("停产")
    page.get_by_role("button", name="复工", exact=True).click()
    again = page.get_by_role("dialog")
    expect(again).to_contain_text("第二人同意以后才算")
    again.get_by_label("原因").fill("裂缝已处理，验收合格")
    again.get_by_label("文书文号").fill("验收单 1 号")
    again.get_by_role("button", name="提出复工").click()
    expect(page.get_by_role("list", name="待复核")).to_contain_text("停产 → 生产")
    expect(page.locator(".operation-now")).to_contain_text("停产")
    assert fits(page)
    leader = open_page(login=next(one for one in logins if one["username"] == "leader"), at="/proposals")
    leader.locator("section").filter(has_text=PIT).get_by_role("button", name="同意", exact=True).click()
    expect(leader.get_by_text(PIT)).to_have_count(0)
    page.reload()
    expect(page.locator(".operation-now")).to_contain_text("在产")


def test_a_sealed_pit_is_marked_on_the_list_and_the_screen(open_page: Callable[..., Page], officer) -> None:
    page = open_page(login=officer, at="/sites?stopped=yes")
    expect(page.get_by_role("heading", level=1)).to_contain_text("停产、封条或闭坑")
    expect(page.locator(".sealedtag").first).to_be_visible()
    page.goto("/screen")
    page.get_by_role("link", name="停产封条").click()
    page.wait_for_url("**/sites?stopped=yes")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_dossier_of_a_stopped_pit_fits(open_page: Callable[..., Page], officer, width: int, scheme: str) -> None:
    page = open_page({"width": width, "height": 900}, scheme, officer)
    dossier(page, "丑石灰岩矿采场")
    expect(page.locator(".operation-now")).to_contain_text("电子封条")
    assert fits(page)
    page.get_by_role("button", name="闭坑").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert fits(page)
