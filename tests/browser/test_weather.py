"""Weather warnings in a browser: entered on a phone, seen wide and dark, answered or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

SIZES = [(1920, "light"), (1920, "dark"), (390, "light"), (390, "dark")]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_warning_entered_on_a_phone_names_who_has_not_answered(open_page: Callable[..., Page], officer) -> None:
    page = open_page({"width": 390, "height": 844}, "light", officer, at="/weather/new")
    send = page.get_by_role("button", name="录入并叫应")
    expect(send).to_be_disabled()
    page.get_by_role("button", name="暴雨", exact=True).click()
    page.get_by_role("button", name="黄色").click()
    page.get_by_role("button", name="全县").click()
    assert fits(page)
    send.click()
    page.wait_for_url(lambda url: url.rsplit("/", 1)[-1].isdigit())
    expect(page.get_by_role("heading", level=1)).to_contain_text("暴雨黄色预警")
    expect(page.get_by_text("未应答").first).to_be_visible(timeout=20_000)
    assert fits(page)
    page.get_by_role("button", name="解除", exact=True).click()
    page.get_by_role("textbox").fill("气象台已解除")
    page.get_by_role("dialog").get_by_role("button", name="解除").click()
    expect(page.get_by_text("解除待第二人复核")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_list_and_form_fit_in_both_themes(open_page: Callable[..., Page], officer, width: int, scheme: str) -> None:
    page = open_page({"width": width, "height": 900}, scheme, officer)
    for path in ("/weather", "/weather/new", "/weather/new?by=cap"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert fits(page), path
