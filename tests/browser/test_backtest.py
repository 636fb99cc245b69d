"""A rule backtested in the browser: the threshold is moved, both figures follow, and its form takes the limits over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_threshold_is_moved_and_carried_to_the_rules_form(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    login = next(one for one in logins if one["username"] == "inspector")
    rules = county.login(login["username"], login["password"]).get("/rules", site=2, limit=100)["items"]
    rule = next(one for one in rules if one["kind"] == "threshold" and one["params"]["direction"] != "band")
    page = open_page(login=login)
    page.goto(f"/rules/id/{rule['id']}")
    page.get_by_role("link", name="回测").click()
    table = page.get_by_role("region", name="各级的提前和误报")
    expect(table.locator("tbody tr")).to_have_count(len(rule["params"]["levels"]))
    worst = max(rule["params"]["levels"])
    slider = page.get_by_role("slider", name="阈值")
    slider.fill("0")
    expect(page.get_by_text("× 0.50")).to_be_visible()
    half = rule["params"]["levels"][worst] / 2
    expect(table.locator("tbody tr").first).to_contain_text(f"{half:g}")
    page.get_by_role("button", name="按此阈值提出变更").click()
    expect(page.locator(f"[id='rule-levels.{worst}']")).to_have_value(f"{half:g}")
    expect(page.get_by_text("限值是从回测带来的")).to_be_visible()
    expect(page.get_by_label("为什么改")).to_have_value("")
