"""Everybody's own account: a new password, and signing out what is elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, my_menu
from tests.stack import Stack

pytestmark = pytest.mark.browser
OLD, NEW = "Ku-Shui-17-mian", "Jing-Xia-29-deng"


@pytest.fixture(scope="module")
def somebody(county: Stack) -> dict[str, str]:
    """An account of its own: a demo's password is everybody's and is not changed."""
    county.cli("user", "create", "mine-inspector", "--role", "inspector", "--password-stdin", stdin=OLD)
    return {"username": "mine-inspector", "password": OLD}


def fill(page: Page, current: str, new: str, again: str) -> None:
    page.get_by_label("现在用的密码").fill(current)
    page.get_by_label("新密码", exact=True).fill(new)
    page.get_by_label("再写一遍新密码").fill(again)
    page.get_by_role("button", name="改密码").click()


def test_i_sign_out_what_is_elsewhere_and_change_my_password(
    somebody: dict[str, str], county: Stack, open_page: Callable[..., Page]
) -> None:
    elsewhere = open_page(login=somebody, may_fail=True)
    expect(elsewhere.locator(".topbar")).to_be_visible()
    page = open_page(PHONE, login=somebody, may_fail=True)  # refusals are what it is about
    my_menu(page, "我的账号")
    page.wait_for_url("**/mine")

    page.get_by_role("button", name="退出别处").click()
    page.get_by_role("tooltip").get_by_role("button", name="退出别处").click()
    expect(page.get_by_text("别处的登录都已退出")).to_be_visible()
    elsewhere.reload()
    elsewhere.wait_for_url("**/login**")

    fill(page, OLD, NEW, "something-else")
    expect(page.locator("#mine-again-wrong")).to_contain_text("两遍写的不一样")
    fill(page, "wrong", NEW, NEW)
    expect(page.locator("#mine-current-wrong")).to_contain_text("现在用的密码")
    fill(page, OLD, "12345678", "12345678")
    expect(page.locator("#mine-password-wrong")).to_be_visible()
    fill(page, OLD, NEW, NEW)
    expect(page.get_by_text("密码已改")).to_be_visible()
    expect(page.get_by_label("新密码", exact=True)).to_have_value("")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith("/mine"), "this session goes on"
    assert county.login(somebody["username"], NEW).get("/session")["user"]["username"] == somebody["username"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
