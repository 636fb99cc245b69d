"""信息上报 and 上级指令 in the browser: a report checked, sent, received; an order given, carried out, ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.stack import Stack, until

pytestmark = pytest.mark.browser


def test_a_report_is_drawn_up_checked_sent_and_received(
    open_page: Callable[..., Page], officer: dict[str, str], county: Stack, warning: dict[str, Any]
) -> None:
    api = county.login(officer["username"], officer["password"])

    def due() -> list[str] | None:
        items = api.get("/reports/due")["items"]
        return next((one["to"] for one in items if one["warning"]["id"] == warning["id"]), None)

    ranks: list[str] = until(due, 60, "the story's warning is to be told upward")
    page = open_page(login=officer, at=f"/warnings/{warning['id']}")
    panel = page.locator(".panel").filter(has_text="信息上报")
    expect(panel).to_contain_text("初报，报市")
    panel.get_by_role("button", name="上报").click()
    page.wait_for_url("**/report")
    text = page.get_by_label("内容")
    expect(text).to_have_value(re.compile(re.escape(warning["number"])))
    send = page.get_by_role("button", name="上报", exact=True)
    send.click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("写明报给谁、号码")
    # What was written outlives a closed page.
    text.fill(f"{text.input_value()}\n已派人到坝上盯守。")
    page.reload()
    page.get_by_role("button", name=re.compile("^接着写")).click()
    expect(text).to_have_value(re.compile("已派人到坝上盯守"))
    for office in ("市应急管理局值班室", "省应急管理厅值班室")[: len(ranks)]:
        page.get_by_label(f"{office}：报给谁、号码").fill("值班室")
    send.click()
    page.wait_for_url(re.compile(r"/reports/\d+$"))
    expect(page.locator(".report-paper")).to_contain_text("已派人到坝上盯守")
    city = page.locator(".dispatches li").filter(has_text="市应急管理局")
    expect(city).to_contain_text("已人工报，未签收")
    city.get_by_role("button", name="签收").click()
    box = page.get_by_role("dialog")
    box.get_by_label("谁签收的").fill("值班员")
    box.get_by_role("button", name="签收").click()
    expect(city).to_contain_text("已签收")
    with page.expect_download() as paper:
        page.get_by_role("link", name="下载公文").click()
    assert paper.value.suggested_filename.endswith(".docx")
    page.goto(f"/warnings/{warning['id']}")
    expect(panel).to_contain_text("续报")


def test_an_order_is_taken_given_carried_out_and_ended(
    open_page: Callable[..., Page], officer: dict[str, str], logins: list[dict[str, str]], county: Stack
) -> None:
    page = open_page(login=officer, at="/orders/new")
    page.get_by_role("button", name="收下").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("选谁的指令")
    page.get_by_label("谁的指令").click()
    page.get_by_title("市应急管理局值班室").click()
    page.get_by_label("关于哪里").fill("甲铁矿尾矿库")
    page.locator(".ant-select-dropdown").get_by_title("甲铁矿尾矿库", exact=True).click()
    page.get_by_label("标题").fill("核查干滩长度")
    page.get_by_label("指令内容").fill("今晚前报结果")
    page.get_by_role("button", name="收下").click()
    page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(page.locator(".facts-line").get_by_role("link", name="甲铁矿尾矿库")).to_be_visible()
    expect(page.locator(".order-acts").get_by_role("button", name="办结")).to_be_disabled()
    filled = page.get_by_role("main").locator(".ant-btn-primary")
    expect(filled).to_have_text("应答")  # who is called answers first; giving it to somebody answers too
    page.locator(".order-acts").get_by_role("button", name="分派").click()
    box = page.get_by_role("dialog")
    box.get_by_label("责任岗位").fill("尾矿库库长")
    mine = next(one for one in logins if "尾矿库库长" in one["post"])
    name = mine["post"].replace("尾矿库库长", " 尾矿库库长")
    page.locator(".ant-select-dropdown").get_by_title(name).click()
    page.keyboard.press("Escape")
    box.get_by_role("button", name="分派").click()
    expect(page.locator(".order-duties")).to_contain_text("尾矿库库长")
    expect(filled).to_have_text("反馈")
    order = page.url
    page.locator(".facts-line").get_by_role("link", name="甲铁矿尾矿库").click()
    expect(page.locator(".panel").filter(has_text="上级指令")).to_contain_text("核查干滩长度")
    page.goto(order)

    carry_it_out(open_page(PHONE, login=mine, at="/"), order, duty_of(county, mine, "核查干滩长度"))
    expect(page.locator(".order-duties")).to_contain_text("实测 82 m", timeout=20_000)
    page.locator(".order-acts").get_by_role("button", name="办结").click()
    box.get_by_label("办结情况").fill("已反馈市局")
    box.get_by_role("button", name="办结").click()
    expect(page.locator(".facts-line")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d 办结"))


def duty_of(county: Stack, login: dict[str, str], title: str) -> int:
    mine = county.login(login["username"], login["password"]).get("/duties", view="mine")["items"]
    return next(int(one["id"]) for one in mine if one["title"] == title)


def carry_it_out(page: Page, order: str, duty: int) -> None:
    """Whom it was given to answers on their telephone and does it on the page of the order."""
    page.goto(order)
    mine = page.get_by_role("region", name="叫你落实")
    expect(mine.get_by_role("button", name="应答", exact=True)).to_be_enabled()
    expect(mine.get_by_role("button", name="我不在岗，叫下一位")).to_be_enabled()
    expect(page.locator(".order-theirs")).to_have_text("分派、反馈、办结：由县领导、县值班员办")
    expect(page.get_by_role("button", name="分派")).to_have_count(0)

    page.goto(f"/answer/{duty}")
    expect(page.get_by_role("heading", level=1)).to_have_text("叫你落实")
    box = page.locator(".ahead-clock")
    expect(box).to_contain_text("应答还剩")
    assert box.evaluate(INSIDE), "the words of the clock stay in their box"
    page.get_by_role("button", name="应答", exact=True).click()
    expect(box).to_contain_text("落实还剩")
    assert box.evaluate(INSIDE), "the words of the clock stay in their box"
    page.get_by_role("link", name="去看").click()

    mine.get_by_role("button", name="落实", exact=True).click()
    words = page.get_by_role("dialog")
    words.get_by_label("写一句，记入账本").fill("实测 82 m")
    words.get_by_role("button", name="落实").click()
    expect(page.locator(".order-duties")).to_contain_text("实测 82 m")
    expect(mine).to_have_count(0)


INSIDE = """box => [...box.children].every(one => one.scrollWidth <= one.clientWidth + 1
  && one.getBoundingClientRect().right <= box.getBoundingClientRect().right)"""


@pytest.mark.parametrize("tone", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_pages_fit(
    open_page: Callable[..., Page], officer: dict[str, str], size: dict[str, int], tone: str
) -> None:
    page = open_page(size, tone=tone, login=officer)
    for path in ("/reports", "/reports?tab=sent", "/orders", "/orders/new"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"
