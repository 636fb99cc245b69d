"""The rules and packs pages: a limit with its source, a gap that leads to its site, a design value entered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_limit_stands_beside_its_source(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(login=officer, at="/rules")
    page.get_by_role("link", name="地下矿山监测预警").first.click()
    rule = page.locator(".rules-list > li", has_text="一氧化碳超限").first
    expect(rule).to_contain_text("≥ 24 ppm")
    expect(rule).to_contain_text("矿安〔2023〕60号")
    expect(page.get_by_text("来源待核").first).to_be_visible()
    # The page is long: each item is one press away, and not under the bars on top.
    page.get_by_role("navigation", name="监测项").get_by_role("link", name="氮氧化物").click()
    heading = page.get_by_role("heading", name="氮氧化物", exact=True)
    expect(heading).to_be_in_viewport()
    box = heading.bounding_box()
    assert box is not None
    assert box["y"] >= 52


def test_a_gap_leads_to_what_watches_its_site(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(login=officer, at="/findings")
    page.get_by_role("link").filter(has_text="尾矿库").first.click()
    expect(page.get_by_role("heading", name="必须监测")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("没有全看住")


def test_a_design_value_is_entered_with_its_document(
    logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    inspector = next(one for one in logins if one["username"] == "inspector")
    page = open_page(login=inspector, at="/sites/2/watch")
    row = page.locator(".rules-list > li", has_text="表面位移红色值（设计，累计）").filter(has_not_text="算得")
    row.get_by_role("button", name="录入").click()
    row.get_by_label("数值 mm").fill("100")
    row.get_by_label("出自哪份文件").fill("乙铁矿尾矿库设计 2020-03")
    row.locator("form button").click()
    expect(row).to_contain_text("100 mm")
    expect(row).to_contain_text("乙铁矿尾矿库设计 2020-03")
    expect(page.locator(".rules-list > li", has_text="表面位移橙色值")).to_contain_text("80 mm")
