"""待认领: an address nobody registered is seen, adopted, and its next reading stands on the point's page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.looks import check
from tests.browser.test_people import login_of
from tests.stack import Api, Stack, until

pytestmark = pytest.mark.browser


@pytest.fixture
def administrator(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    return login_of(county, logins, "administrator")


@pytest.fixture
def gateway(county: Stack, administrator: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Sends one reading as the gateway of a tailings pond, through the HTTP door."""
    api: Api = county.login(administrator["username"], administrator["password"])
    source = next(one for one in api.get("/sources")["items"] if one["site"])
    token = api.post(f"/sources/{source['id']}/tokens", name="待认领试验")["token"]

    def send(address: str, value: float, ago_s: int = 0) -> dict[str, Any]:
        reading = {"point": address, "ts": round(time.time() * 1000) - ago_s * 1000, "value": value}
        return county.send(token, [reading])

    county.await_token(token)
    return send


def test_an_unknown_address_is_seen_adopted_and_heard(
    gateway: Callable[..., dict[str, Any]], administrator: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(login=administrator, may_fail=True)  # a refused form is answered 422, which Chromium reports
    page.goto("/unclaimed")
    expect(page.locator("h1")).not_to_be_empty()
    for ago_s in (40, 20, 0):
        (refused,) = gateway("A-JR-31", 12.34, ago_s)["rejected"]
        assert refused["code"] == "unknown_point"
    row = page.get_by_role("row").filter(has_text="A-JR-31")
    expect(row).to_contain_text("12.34")
    expect(row).to_contain_text("3 次，约每 20 秒")
    check(page)

    page.goto("/points")
    page.get_by_role("link", name=re.compile(r"待认领\s*[1-9]")).click()
    row.get_by_role("button", name="认领 A-JR-31").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("照测点「浸润线"))).to_be_visible()
    expect(dialog.get_by_text("浸润线埋深 m")).to_be_visible()
    expect(dialog.get_by_label("间隔，秒")).to_have_value("20")
    check(page)
    dialog.get_by_label("间隔，秒").fill("3600")
    dialog.get_by_label("测点名").fill("试验孔 A-JR-31")
    low = dialog.get_by_label("量程下限 m").input_value()
    dialog.get_by_label("量程下限 m").fill("99")
    dialog.get_by_role("button", name="认领", exact=True).click()
    expect(dialog.get_by_text("应为大于下限")).to_be_visible()
    dialog.get_by_label("量程下限 m").fill(low)
    # The sign of loading may still be fading out of the button, and be part of its name.
    dialog.get_by_role("button", name=re.compile(r"认领$")).click()
    expect(dialog).to_be_hidden()
    expect(row).to_have_count(0)
    until(lambda: gateway("A-JR-31", 12.56)["accepted"] == 1, 10, "the adopted address to be taken")
    page.get_by_role("status").get_by_role("link", name="试验孔 A-JR-31").click()
    expect(page.get_by_role("heading", name="试验孔 A-JR-31")).to_be_visible()
    expect(page.get_by_text("12.56").first).to_be_visible()


def test_several_are_adopted_at_once_on_a_phone(
    gateway: Callable[..., dict[str, Any]], administrator: dict[str, str], open_page: Callable[..., Page]
) -> None:
    for address in ("A-JR-32", "A-JR-33"):
        gateway(address, 13.5)
    page = open_page(PHONE, "dark", login=administrator, at="/unclaimed")
    for address in ("A-JR-32", "A-JR-33"):
        page.get_by_label(f"选 {address}").locator("visible=true").check()
    check(page)
    page.get_by_role("button", name="认领所选").click()
    dialog = page.get_by_role("dialog", name="认领 2 个地址")
    names = dialog.get_by_label("测点名")
    names.fill("一排")
    expect(dialog.get_by_text("名字里要有 {地址}")).to_be_visible()
    expect(dialog.get_by_role("button", name="认领", exact=True)).to_be_disabled()
    names.fill("一排 {地址}")
    expect(dialog.get_by_text("一排 A-JR-32，一排 A-JR-33")).to_be_visible()
    dialog.get_by_label("间隔，秒").fill("3600")
    check(page)
    dialog.get_by_role("button", name="认领", exact=True).click()
    done = page.get_by_role("status").filter(has_text="已认领 2 个")
    expect(done.get_by_role("link", name="一排 A-JR-33")).to_be_visible()


def test_an_enterprise_sees_what_its_gateway_sends_and_adopts_nothing(
    county: Stack,
    logins: list[dict[str, str]],
    gateway: Callable[..., dict[str, Any]],
    open_page: Callable[..., Page],
) -> None:
    gateway("A-XX-41", 1)
    page = open_page(login=login_of(county, logins, "safety_officer"), at="/points")
    page.get_by_role("link", name="待认领").click()
    expect(page.get_by_role("row").filter(has_text="A-XX-41")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("^认领")).count() == 0
    assert page.get_by_role("checkbox").count() == 0
    check(page)
