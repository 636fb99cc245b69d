"""动态口令: set up from the picture, asked for at sign-in, asked of a role, set anew and reset by the administrator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from shoutu.county.kit import totp
from tests.browser.conftest import PHONE, STILL
from tests.stack import Stack, running

pytestmark = pytest.mark.browser
PASSWORD, NEW, OWN = "Ku-Shui-17-mian", "Jing-Xia-29-deng", "Shan-Hou-46-qiao"


def account(county: Stack, name: str, role: str = "inspector") -> dict[str, str]:
    county.cli("user", "create", name, "--role", role, "--password-stdin", stdin=PASSWORD)
    return {"username": name, "password": PASSWORD}


def code(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, int(time.time()) // totp.STEP_S + steps)


def enrol(page: Page) -> tuple[str, list[str]]:
    """What is shown: the secret as it can be typed, and the recovery codes."""
    page.locator("#factor-password").fill(PASSWORD)
    page.get_by_role("button", name="绑定", exact=True).click()
    picture = page.locator(".factor-picture svg")
    expect(picture).to_be_visible()
    secret = page.locator(".factor-secret").inner_text().replace(" ", "")
    field = page.get_by_label("验证器显示的 6 位数字")
    field.fill("12")
    field.press("Enter")
    expect(page.locator("#factor-code-wrong")).to_contain_text("6 位数字")
    field.fill(code(secret, -1))
    page.get_by_role("button", name="启用").click()
    codes = page.get_by_role("dialog").locator("textarea").input_value().split("\n")
    assert len(codes) == 10
    page.wait_for_function(STILL)
    page.get_by_role("button", name="存好了").click()
    return secret, codes


def test_i_set_it_up_and_am_asked_for_it(county: Stack, open_page: Callable[..., Page]) -> None:
    me = account(county, "factor-inspector")
    page = open_page(PHONE, login=me, may_fail=True, at="/mine")
    secret, codes = enrol(page)
    expect(page.get_by_text("恢复码还有 10 个")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    other = open_page(may_fail=True)
    other.goto("/login")
    other.get_by_label("用户名").fill(me["username"])
    other.get_by_label("密码", exact=True).fill(me["password"])
    other.get_by_role("button", name="登录").click()
    asked = other.get_by_label("动态口令")
    expect(asked).to_be_focused()
    asked.fill("000000")
    other.get_by_role("button", name="登录").click()
    expect(other.get_by_role("alert")).to_contain_text("不对或已经用过")
    asked.fill(codes[0])
    other.get_by_role("button", name="登录").click()
    other.wait_for_url(lambda url: "/login" not in url)

    page.get_by_role("button", name="停用").click()
    page.locator("#factor-password").fill(PASSWORD)
    page.get_by_label("验证器上的数字，或一个恢复码").fill(code(secret))
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_role("button", name="绑定", exact=True)).to_be_visible()


@pytest.mark.full
def test_administrator_sets_a_password_and_asks_for_a_reset(county: Stack, open_page: Callable[..., Page]) -> None:
    boss, lost = account(county, "factor-admin", "administrator"), account(county, "factor-lost")
    enrol(open_page(login=lost, may_fail=True, at="/mine"))
    page = open_page(login=boss, may_fail=True, at="/people/accounts")
    page.get_by_label("找账号").or_(page.get_by_role("textbox").first).first.fill("factor-lost")
    row = page.locator("li.person", has_text="factor-lost")
    expect(row.get_by_text("动态口令", exact=True)).to_be_visible()

    row.get_by_role("button", name="改密码").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("新密码").fill("12345678")
    dialog.get_by_role("button", name="改密码").click()
    expect(page.locator("#account-password-wrong")).to_be_visible()
    dialog.get_by_label("新密码").fill(NEW)
    dialog.get_by_role("button", name="改密码").click()
    expect(dialog).to_be_hidden()
    expect(row.get_by_text("待本人改密码")).to_be_visible()

    row.get_by_role("button", name="重置动态口令").click()
    dialog.get_by_label("原因").or_(dialog.locator("input").last).first.fill("手机掉进水仓")
    dialog.get_by_role("button", name="提出").click()
    expect(dialog.get_by_role("status")).to_contain_text("等第二人")
    dialog.get_by_role("button", name="关闭").last.click()

    second = open_page(login=account(county, "factor-second", "administrator"), may_fail=True, at="/proposals")
    panel = second.locator(".proposal", has_text="factor-lost")
    panel.get_by_role("button", name="同意", exact=True).click()
    expect(panel).to_be_hidden()
    given = {"username": "factor-lost", "password": NEW}
    must_change_it_first(open_page(PHONE, tone="dark", login=given, may_fail=True))
    assert county.login("factor-lost", OWN).get("/session/factor")["since"] is None


def must_change_it_first(page: Page) -> None:
    """Wherever they go, who was given a password sees nothing but the form to change it."""
    title = page.get_by_role("heading", level=1, name="先改密码")
    expect(title).to_be_visible()
    page.goto("/warnings")
    expect(title).to_be_visible()
    expect(page.locator(".topbar")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for password in (NEW, OWN):
        page.locator("#mine-current").fill(NEW)
        page.locator("#mine-password").fill(password)
        page.locator("#mine-again").fill(password)
        page.get_by_role("button", name="改密码").click()
        if password == NEW:
            expect(page.locator("#mine-password-wrong")).to_contain_text("不同")
    expect(page.locator(".topbar")).to_be_visible()
    assert page.url.endswith("/warnings"), "on to what was asked for"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A county of its own, without the demo, that asks administrators for a second factor."""
    data = tmp_path_factory.mktemp("strict") / "var"
    with running(data, SHOUTU_SECOND_FACTOR="administrator") as stack:
        yield stack


@pytest.mark.full
@pytest.mark.parametrize(("tone", "wide"), [("light", True), ("dark", False)])
def test_a_role_that_must_have_it_is_led_there_before_anything_else(
    strict: Stack, open_page: Callable[..., Page], tone: str, wide: bool
) -> None:
    boss = account(strict, f"must-{tone}", "administrator")
    page = open_page(**({} if wide else {"size": PHONE}), tone=tone, may_fail=True)
    page.goto(f"{strict.url}/login")
    page.get_by_label("用户名").fill(boss["username"])
    page.get_by_label("密码", exact=True).fill(boss["password"])
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1, name="绑定动态口令")).to_be_visible()
    page.goto(f"{strict.url}/people/accounts")
    expect(page.get_by_role("heading", level=1, name="绑定动态口令")).to_be_visible()
    expect(page.locator(".topbar")).to_have_count(0)
    page.locator("#factor-password").fill(PASSWORD)
    page.get_by_role("button", name="绑定", exact=True).click()
    expect(page.locator(".factor-picture svg")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    secret = page.locator(".factor-secret").inner_text().replace(" ", "")
    page.get_by_label("验证器显示的 6 位数字").fill(code(secret))
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("button", name="存好了")).to_be_visible()
    page.wait_for_function(STILL)
    page.get_by_role("button", name="存好了").click()
    expect(page.locator(".topbar")).to_be_visible()
    assert page.url.endswith("/people/accounts"), "on to what was asked for"
