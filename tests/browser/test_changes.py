"""Changing what stands in the room of people, in a browser: accounts, persons, organisations, where a site belongs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_weather import SIZES, fits


@pytest.fixture
def keeper(logins: list[dict[str, str]]) -> dict[str, str]:
    """The administrator's login."""
    return next(one for one in logins if one["username"] == "admin")


def test_an_account_gets_the_sectors_of_its_department(open_page: Callable[..., Page], keeper) -> None:
    page = open_page(login=keeper, at="/people/accounts")
    line = page.get_by_role("listitem").filter(has_text="inspector").first
    line.get_by_role("button", name="改", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("显示名").fill("监管一股")
    dialog.get_by_role("button", name="存下").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("监管一股")).to_be_visible()


def test_an_account_is_opened_where_the_accounts_are(open_page: Callable[..., Page], keeper) -> None:
    page = open_page(login=keeper, at="/people/accounts")
    page.get_by_role("button", name="开通账号").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("还要填：用户名、初始密码、角色")
    dialog.get_by_label("用户名", exact=True).fill("auditor-2")
    dialog.get_by_label("初始密码").fill("first-words-of-73")
    expect(dialog).to_contain_text("还要填：角色")
    expect(dialog.get_by_role("button", name="开通")).to_be_disabled()
    dialog.get_by_label("角色").click()
    page.locator(".ant-select-item-option").filter(has_text="审计员").first.click()
    dialog.get_by_role("button", name="开通").click()
    expect(dialog).to_have_count(0)
    page.get_by_label("找用户名、显示名").fill("auditor-2")
    expect(page.locator("li.person")).to_have_count(1)


def test_a_departments_account_is_told_what_bounds_it_before_it_is_sent(open_page: Callable[..., Page], keeper) -> None:
    page = open_page(login=keeper, at="/people/accounts")
    page.get_by_role("button", name="开通账号").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名", exact=True).fill(" zirandept ")
    dialog.get_by_label("初始密码").fill("first-words-of-74")
    choose(page, "角色", "企业主要负责人")
    expect(dialog).to_contain_text("还要填：单位")
    choose(page, "角色", "部门监管人员")
    expect(dialog).to_contain_text("还要填：行政区、所管行业")
    choose(page, "行政区", "浮山县")
    choose(page, "所管行业", "露天矿山")
    dialog.get_by_label("初始密码").click()  # a list of several stays open until one goes elsewhere
    dialog.get_by_role("button", name="开通").click()
    expect(dialog).to_have_count(0)
    page.get_by_label("找用户名、显示名").fill("zirandept")
    expect(page.locator("li.person").filter(has_text="露天矿山")).to_have_count(1)
    found = page.request.get("/api/v1/users", params={"q": "zirandept"}).json()["items"]
    assert [one["username"] for one in found] == ["zirandept"]


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("dialog").get_by_role("combobox", name=field).click()
    shown = page.locator(".ant-select-dropdown:visible").locator(".ant-select-item-option", has_text=option)
    shown.first.click()


def test_a_person_an_organisation_and_a_site_are_changed(open_page: Callable[..., Page], keeper) -> None:
    page = open_page(login=keeper, at="/people/organisations")
    page.get_by_role("button", name="改", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("名称")).to_be_visible()
    page.keyboard.press("Escape")
    person = page.locator("li.person").first
    person.get_by_role("button", name="改", exact=True).click()
    expect(dialog).to_contain_text("不填的不改")
    expect(dialog.get_by_role("button", name="存下")).to_be_disabled()
    page.keyboard.press("Escape")
    site = page.request.get("/api/v1/sites", params={"q": "亥砖瓦黏土矿"}).json()["items"][0]
    page.goto(f"/sites/{site['id']}")
    page.get_by_role("button", name="改归属").click()
    dialog.get_by_label("行政区").click()
    page.locator(".ant-select-item-option").filter(has_text="北王镇").click()
    dialog.get_by_label("原因").fill("区划调整")
    dialog.get_by_role("button", name="改归属").click()
    expect(page.locator(".dossier-head")).to_contain_text("北王镇")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_accounts_fit(open_page: Callable[..., Page], keeper, width: int, scheme: str) -> None:
    page = open_page({"width": width, "height": 900}, scheme, keeper, at="/people/accounts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("个账号")
    assert fits(page)
