"""管理 in the browser: what of Shoutu itself is wrong or well, for whoever keeps it running."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.looks import check
from tests.stack import Stack, until

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


def test_token_is_made_shown_once_used_and_revoked(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    page = open_page(login=administrator(logins), at="/admin/tokens")
    panel = page.locator(".panel").filter(has=page.get_by_role("heading", name="接口令牌"))
    panel.get_by_role("button", name="新建令牌").click()
    page.get_by_role("dialog").get_by_label("名称").fill("市平台取数")
    page.get_by_role("dialog").get_by_role("button", name="新建", exact=True).click()
    once = page.get_by_role("dialog", name="令牌：市平台取数")
    secret = once.get_by_label("令牌：市平台取数").input_value()
    page.keyboard.press("Escape")
    expect(once).to_be_visible()  # no stray key takes its only sight away
    headers = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{county.url}/api/v1/warnings", headers=headers, trust_env=False).status_code == 200
    # It may only look.
    made = httpx.post(f"{county.url}/api/v1/sources", json={"name": "甲"}, headers=headers, trust_env=False)
    assert made.status_code == 403
    once.get_by_role("button", name="存好了").click()
    page.reload()
    line = panel.get_by_role("listitem").filter(has_text="市平台取数")
    expect(line).to_contain_text("只看")
    expect(line).to_contain_text(re.compile("(刚刚|前)用过"))
    expect(page.locator("body")).not_to_contain_text(secret)
    line.get_by_role("button", name="撤销").click()
    line.get_by_role("button", name="撤销，马上断开").click()
    expect(line).to_contain_text("已撤销")
    assert httpx.get(f"{county.url}/api/v1/warnings", headers=headers, trust_env=False).status_code == 401
    check(page)


def test_source_token_that_got_about_is_replaced_at_once(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page(PHONE, "dark", administrator(logins), at="/admin/tokens")
    panel = page.locator(".panel").filter(has=page.get_by_role("heading", name="来源令牌"))
    source = panel.locator(".tline").first
    way_in(source, "新建令牌")
    page.get_by_role("dialog").get_by_label("名称").fill("新网关甲")
    page.get_by_role("dialog").get_by_role("button", name="新建", exact=True).click()
    once = page.get_by_role("dialog", name="令牌：新网关甲")
    expect(once).to_be_visible()
    once.get_by_role("button", name="存好了").click()
    source.get_by_role("button", name="撤销令牌 新网关甲").click()
    asked = page.get_by_role("dialog", name="撤销令牌 新网关甲")
    expect(asked.get_by_role("button", name="撤销", exact=True)).to_be_disabled()  # not without a reason
    asked.get_by_label("为什么").fill("抄到了纸上")
    asked.get_by_label("同时新建的令牌，名称").fill("新网关乙")
    asked.get_by_role("button", name="撤销", exact=True).click()
    again = page.get_by_role("dialog", name="令牌：新网关乙")
    expect(again.get_by_label("令牌：新网关乙")).to_have_value(re.compile("^shi_"))
    again.get_by_role("button", name="存好了").click()
    expect(source).to_contain_text("新网关乙")
    expect(source.get_by_role("button", name="撤销令牌 新网关甲")).to_have_count(0)
    check(page)


def way_in(line: Locator, way: str) -> None:
    """Choose how something is connected to the source of this line."""
    line.get_by_role("button", name="接入设备").click()
    line.page.get_by_role("menuitem", name=way).click()


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_data_logger_is_registered_sends_and_is_seen_to_have_sent(
    size: str, open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    # All tests of a worker share the county: a name of Latin letters would be an untranslated word to another.
    mn, named = {"wide": ("M2121", "数采仪甲"), "phone": ("M2122", "数采仪乙")}[size]
    page = open_page(WIDE if size == "wide" else PHONE, login=administrator(logins), at="/admin/tokens")
    page.get_by_role("button", name="新建数据源").click()
    dialog = page.get_by_role("dialog", name="新建数据源")
    dialog.get_by_label(re.compile("^名称")).fill(named)
    dialog.get_by_label("第一个令牌的名称").fill("备用")
    dialog.get_by_role("button", name="新建", exact=True).click()
    page.get_by_role("button", name="存好了").click()
    line = page.locator(".tline").filter(has_text=named)
    way_in(line, "登记数采仪")
    dialog = page.get_by_role("dialog", name=f"给 {named} 登记数采仪")
    dialog.get_by_label(re.compile("^MN")).fill(mn)
    dialog.get_by_label(re.compile("^密码")).fill("123456")
    dialog.get_by_label(re.compile("^名称")).fill("坝上")
    check(page)
    dialog.get_by_role("button", name="登记数采仪").click()
    once = page.get_by_role("dialog", name="令牌：坝上")
    assert once.get_by_label("令牌：坝上").input_value() == "123456"
    once.get_by_role("button", name="存好了").click()
    devices = line.get_by_role("list", name=f"{named} 的设备")
    expect(devices).to_contain_text(f"HJ 212 {mn} 还没有连过")
    until(lambda: logger(county, mn) == 0, 30, "the logger is let in")
    expect(devices).to_contain_text("退 1 条", timeout=30_000)
    expect(devices).to_contain_text("没有连着")
    check(page)
    line.get_by_role("button", name=re.compile("时间怎么读")).click()
    dialog = page.get_by_role("dialog", name=f"{named}：时间怎么读")
    dialog.get_by_role("combobox", name="没写时区的时间").click()
    page.locator(".ant-select-item-option", has_text="Asia/Urumqi").click()
    dialog.get_by_label("为什么").fill("设备在新疆")
    check(page)
    dialog.get_by_role("button", name="按这样读").click()
    expect(line).to_contain_text("没写时区的按 Asia/Urumqi")


def logger(county: Stack, mn: str) -> int:
    """What the guide's example ends with; it is let in within two seconds of being registered."""
    command = [sys.executable, "examples/hj212/send.py", "--port", str(county.hj212_port), "--mn", mn, "--pw", "123456"]
    return subprocess.run([*command, "a34004=63.0"], capture_output=True, check=False, timeout=60).returncode


def test_device_is_registered_called_and_shown_away_with_the_reason(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page(PHONE, login=administrator(logins), at="/admin/tokens")
    # A source that another test has switched off takes no device.
    takes = page.locator(".tline").filter(has=page.get_by_role("button", name="接入设备"))
    line = takes.filter(has_not=page.get_by_text("县级")).first
    way_in(line, "登记 Modbus 设备")
    dialog = page.get_by_role("dialog", name=re.compile("登记 Modbus 设备"))
    dialog.get_by_label(re.compile("^名称")).fill("坝上控制器")
    dialog.get_by_label(re.compile("^设备地址")).fill("127.0.0.1")
    values = dialog.get_by_label(re.compile("^读哪些值"))
    values.fill("库水位, 3, 0, f33")
    expect(dialog).to_contain_text("第 1 行读不懂")
    values.fill("库水位, 3, 0, f32\n气温, 3, 2, i16, scale=0.1")
    command = [sys.executable, "examples/modbus/serve.py", "--port", "0"]
    shown = line.locator(".tsenders li").filter(has_text="坝上控制器")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as device:
        try:
            assert device.stdout is not None
            dialog.get_by_label("端口").fill(device.stdout.readline().rpartition(":")[2].strip())
            check(page)
            dialog.get_by_role("button", name="登记 Modbus 设备").click()
            expect(dialog).to_have_count(0)
            expect(shown).to_contain_text(re.compile(r"收 0 条，退 \d+ 条"), timeout=30_000)
        finally:
            device.kill()
    expect(shown).to_contain_text("没有连着", timeout=30_000)
    expect(shown).to_contain_text("对方不接受连接")
    check(page)


def test_an_opc_ua_server_is_registered_and_what_is_wrong_is_said_at_its_field(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page(PHONE, login=administrator(logins), at="/admin/tokens")
    takes = page.locator(".tline").filter(has=page.get_by_role("button", name="接入设备"))
    line = takes.filter(has_not=page.get_by_text("县级")).first
    way_in(line, "登记 OPC UA 设备")
    dialog = page.get_by_role("dialog", name=re.compile("登记 OPC UA 设备"))
    dialog.get_by_label(re.compile("^名称")).fill("坝下控制器")
    place = dialog.get_by_label(re.compile("^服务器地址"))
    place.fill("http://127.0.0.1")
    expect(dialog).to_contain_text("里面不写账号")
    place.fill("opc.tcp://127.0.0.1:9")
    values = dialog.get_by_label(re.compile("^读哪些节点"))
    values.fill("浸润线, 7")
    expect(dialog).to_contain_text("第 1 行读不懂")
    values.fill("浸润线, i=7, scale=0.1")
    check(page)
    dialog.get_by_role("button", name="登记 OPC UA 设备").click()
    expect(dialog).to_have_count(0)
    shown = line.locator(".tsenders li").filter(has_text="坝下控制器")
    expect(shown).to_contain_text("对方不接受连接", timeout=60_000)
    check(page)
