"""静默 in the browser: one asks for a window, another agrees; then it is seen, opened and ended by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.test_storm import roles
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_window_asked_for_by_one_holds_once_another_agrees(
    open_page: Callable[..., Page], county: Stack, logins: list[dict[str, str]], officer: dict[str, str]
) -> None:
    by_role = roles(county, logins)
    asker = by_role["safety_officer"]
    own = county.login(asker["username"], asker["password"]).get("/sites", limit=1)["items"][0]
    page = open_page(login=asker, at="/silences")
    page.get_by_role("button", name="新的窗口").click()
    box = page.get_by_role("dialog")
    box.get_by_role("button", name="提出").click()
    expect(box.get_by_role("alert")).to_contain_text("选场所")
    box.get_by_label("场所").click()
    page.get_by_text(own["name"], exact=True).last.click()
    box.get_by_label("原因").fill("更换浸润线传感器")
    box.get_by_role("button", name="提出").click()
    expect(page.get_by_text("已提出，等第二人")).to_be_visible()
    second = open_page(login=officer, at="/silences")
    assert second.get_by_text("更换浸润线传感器").count() == 0, "nothing is silent before the second person agrees"
    second.goto("/proposals")
    card = second.locator(".proposal", has_text="更换浸润线传感器")
    card.get_by_role("button", name="同意", exact=True).click()
    expect(card).to_have_count(0)
    second.goto("/silences")
    row = second.locator(".silence", has_text="更换浸润线传感器")
    expect(row).to_contain_text("静默中")
    row.get_by_role("button", name="压下 0 起").click()
    expect(row.get_by_role("list", name="告知了谁").get_by_role("listitem").first).to_contain_text("开始时告知")
    phone = open_page(PHONE, login=asker, at="/silences")
    expect(phone.locator(".silence", has_text="更换浸润线传感器")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    row.get_by_role("button", name="解除").click()
    box = second.get_by_role("dialog")
    box.get_by_role("textbox").fill("提前换好")
    box.get_by_role("button", name="解除").click()
    expect(second.locator(".silence", has_text="更换浸润线传感器")).to_have_count(0)
    second.get_by_role("tab", name="已结束").click()
    expect(second.locator(".silence", has_text="更换浸润线传感器")).to_contain_text("已解除")


def test_on_a_phone_whatever_is_pressed_in_a_dialog_is_as_large_as_a_thumb(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(PHONE, login=officer)
    page.goto("/silences")
    page.get_by_role("button", name="新的窗口").click()
    box = page.get_by_role("dialog")
    expect(box.get_by_role("button", name="提出")).to_be_visible()
    pressed = box.locator(
        ".ant-btn, .ant-select, .ant-radio-wrapper, .ant-radio-button-wrapper, input[type=datetime-local]"
    )
    heights = pressed.evaluate_all("all => all.map(one => [one.className, one.offsetHeight])")
    assert len(heights) > 5
    assert [one for one in heights if one[1] < 48] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
