"""管理 in the browser: what of Shoutu itself is wrong or well, for whoever keeps it running."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_pages import check

pytestmark = pytest.mark.browser
STATES = ["有问题", "不知道", "留意", "正常"]


def administrator(logins: list[dict[str, str]]) -> dict[str, str]:
    return next(one for one in logins if one["username"] == "admin")


def test_health_shows_every_process_and_the_worst_first(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page(login=administrator(logins), at="/ledger")
    page.get_by_role("link", name="管理", exact=True).click()
    for name in ("网页进程 web", "监测管道 pipeline", "叫应进程 worker", "督察进程（在 web 里）"):
        expect(page.get_by_role("row", name=name)).to_contain_text("24 小时内启动")
    # The pipeline's own figures have come all the way: nothing of it is untold.
    expect(page.locator("tbody")).not_to_contain_text("管道没有说")
    order = [STATES.index(one) for one in page.locator("td:first-child .hstate").all_inner_texts()]
    assert len(order) > 15
    assert order == sorted(order)
    page.get_by_role("row", name="待认领的地址").click()
    page.wait_for_url("**/unclaimed")


@pytest.mark.parametrize("tone", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_health_page(size: str, tone: str, open_page: Callable[..., Page], logins: list[dict[str, str]]) -> None:
    page = open_page(WIDE if size == "wide" else PHONE, tone, administrator(logins), at="/admin")
    expect(page.locator(".hstate:visible").first).to_be_visible()
    check(page)


def test_ledger_says_that_there_never_was_a_backup(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    auditor = next(one for one in logins if one["username"] == "auditor")
    page = open_page(login=auditor, at="/ledger")
    expect(page.locator(".ledger-about")).to_contain_text("从来没有备份过")
