"""Bringing a table in as a person does: a bad file is told row by row, put right, looked at, imported."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.looks import check
from tests.browser.test_people import login_of
from tests.stack import Stack

pytestmark = pytest.mark.browser

HEAD = ["单位名称", "类别", "统一社会信用代码", "所在行政区"]


def workbook(*rows: list[Any], merge: str = "") -> bytes:
    book = Workbook()
    sheet = book.active
    for row in (HEAD, *rows):
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def choose(page: Page, content: bytes, name: str = "单位.xlsx") -> None:
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": content})


@pytest.fixture
def administrator(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    return login_of(county, logins, "administrator")


def test_a_bad_file_is_told_put_right_and_imported(
    county: Stack, administrator: dict[str, str], open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(login=administrator, at="/people/organisations")
    page.get_by_role("button", name="导入单位").click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as template:
        dialog.get_by_role("button", name="下载模板").click()
    sheet = load_workbook(template.value.path().open("rb")).worksheets[0]
    assert [cell.value.strip(" *") for cell in sheet[1]] == HEAD
    assert template.value.suggested_filename == "单位导入模板.xlsx"
    check(page)

    choose(page, workbook(["试一铁矿", "企业", None, "东张乡"], merge="A2:A3"), "合并.xlsx")
    expect(dialog.get_by_role("heading", name="这个文件读不了")).to_be_visible(timeout=60_000)
    expect(dialog.get_by_text("取消合并")).to_be_visible()
    # Left without seeing it, the file is still there, and the button says so.
    page.reload()
    page.get_by_role("button", name="导入单位 · 导入：文件没收").click()
    expect(dialog.get_by_text("取消合并")).to_be_visible()
    dialog.get_by_role("button", name="关掉").click()
    page.get_by_role("button", name="导入单位", exact=True).click()

    choose(page, workbook(["试一铁矿", "矿山", "123", "东张乡"], ["试二铁矿", "企业", None, "东张乡"]))
    expect(dialog.get_by_role("heading", name="1 行有错（共 2 行），一行也没导入")).to_be_visible(timeout=60_000)
    expect(dialog.get_by_text("「统一社会信用代码」应为 18 位，这里是 3 位")).to_be_visible()
    expect(dialog.get_by_role("button", name="导入", exact=True)).to_be_disabled()
    check(page)
    dialog.locator(".ant-modal-close").click()
    page.get_by_role("button", name="导入单位").click()
    expect(dialog.get_by_role("heading", name=re.compile("1 行有错"))).to_be_visible()
    with page.expect_download() as errors:
        dialog.get_by_role("button", name="下载错误表").click()
    book = load_workbook(errors.value.path().open("rb"))
    assert "应为 18 位" in book.active["E2"].value
    book.active["B2"], book.active["C2"] = "企业", None
    mended = io.BytesIO()
    book.save(mended)
    dialog.get_by_role("button", name="放弃").click()

    choose(page, mended.getvalue())
    expect(dialog.get_by_role("heading", name="可以导入：新增 2，更改 0，不变 0")).to_be_visible(timeout=60_000)
    dialog.get_by_role("button", name="导入 2 行").click()
    expect(dialog.get_by_role("heading", name="已导入：新增 2")).to_be_visible(timeout=60_000)
    expect(dialog.get_by_text("已记入账本")).to_be_visible()
    dialog.get_by_role("button", name="关掉").click()
    expect(page.get_by_role("button", name=re.compile("^试一铁矿"))).to_be_visible()
    api = county.login(administrator["username"], administrator["password"])
    assert "导入：新增 2" in api.get("/ledger", verb="import.done")["items"][0]["text"]


def test_a_list_goes_out_as_it_is_filtered(administrator: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(login=administrator, at="/sites?q=甲")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    count = page.locator(".restable tbody tr").count()
    page.get_by_role("button", name="导出场所").click()
    with page.expect_download() as file:
        page.get_by_role("menuitem", name="Excel").click()
    rows = list(load_workbook(file.value.path().open("rb")).active.iter_rows(values_only=True))
    assert "q=甲" in rows[0][0]
    assert len(rows) == count + 2
    assert all("甲" in f"{row[0]}{row[1]}" for row in rows[2:])


def test_the_duties_of_a_view_go_out(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(login=officer, at="/?view=today")
    page.get_by_role("button", name="导出待办").click()
    with page.expect_download() as file:
        page.get_by_role("menuitem", name="CSV").click()
    assert file.value.suggested_filename.endswith(".csv")
    mark, head = file.value.path().read_text("utf-8-sig").splitlines()[:2]
    assert officer["post"] in mark
    assert "要办的事" in head


def test_on_a_phone_the_dialog_fits(administrator: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(size=PHONE, tone="dark", login=administrator, at="/points")
    page.get_by_role("button", name="导入测点").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="下载模板")).to_be_visible()
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
