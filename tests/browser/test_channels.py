"""叫应通道 in the browser: an address that may not be used is told at its field, and listed with one click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_refused_address_is_told_at_its_field_and_allowed_there(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    admin = next(one for one in logins if one["username"] == "admin")
    page = open_page(login=admin, may_fail=True, at="/channels")  # the refusal is what it is about
    page.get_by_role("button", name="增设通道").first.click()
    box = page.get_by_role("dialog")
    box.get_by_label("名称").fill("试用网关")
    url = box.get_by_label("网关地址")
    url.fill("http://10.254.0.9/send")
    box.get_by_role("button", name="存下").click()
    expect(box.locator(".fieldwrong")).to_have_text("http://10.254.0.9 不在允许外发的地址之列，由管理员先放行")
    expect(url).to_have_attribute("aria-invalid", "true")
    # It is said of the text that was sent, not of another.
    url.fill("http://10.254.0.10/send")
    expect(box.locator(".fieldwrong")).to_have_count(0)
    box.get_by_role("button", name="存下").click()
    box.get_by_role("button", name="允许发往 http://10.254.0.10，再存一次").click()
    expect(box).to_have_count(0)
    expect(page.locator(".restable, .panel").filter(has_text="试用网关").first).to_be_visible()
