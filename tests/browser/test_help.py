"""帮助 shows everybody how their own post works, with its pictures; who makes accounts may read the others' too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shoutu.county.kit.permissions import ROLES
from tests.browser.conftest import PHONE, my_menu
from tests.browser.looks import check
from tests.stack import Stack

pytestmark = pytest.mark.browser
GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides" / "roles"
NEVER = re.compile("您|(?<!申)请|温馨提示")


@pytest.mark.parametrize("tongue", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_guide_of_two_screens_in_both_languages(role: str, tongue: str) -> None:
    text = (GUIDES / ("en" if tongue == "en" else ".") / f"{role}.md").read_text("utf-8")
    assert len(re.findall(r"^!\[", text, re.MULTILINE)) >= 1
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 3
    assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) == 3  # what is done most
    words = re.sub(r"^!\[.*$", "", text, flags=re.MULTILINE)
    assert len(words) < (2_000 if tongue == "en" else 850)
    assert NEVER.findall(text) == []


def all_pictures_are_there(page: Page) -> None:
    pictures = page.locator(".guide img")
    expect(pictures.first).to_be_visible()
    for at in range(pictures.count()):
        pictures.nth(at).scroll_into_view_if_needed()
        page.wait_for_function("one => one.complete && one.naturalWidth > 0", arg=pictures.nth(at).element_handle())


def test_on_a_phone_help_is_behind_more_and_shows_my_own_guide_only(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    mine = next(one for one in logins if one["username"] == "mine1")
    page = open_page(PHONE, login=mine)
    page.get_by_role("button", name="更多").click()
    page.locator(".rail-drawer").get_by_role("link", name="帮助").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("企业安全管理人员")
    expect(page.locator(".help-roles")).to_have_count(0)
    all_pictures_are_there(page)
    check(page)
    page.goto("/help?role=administrator")
    expect(page.get_by_role("heading", level=1)).to_contain_text("企业安全管理人员")


def test_an_administrator_reads_the_guides_of_others_and_the_keys(
    logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    admin = next(one for one in logins if one["username"] == "admin")
    page = open_page(tone="dark", login=admin, at="/help")
    expect(page.get_by_role("heading", level=1)).to_have_text("管理员")
    page.get_by_role("link", name="县值班员").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("县值班员")
    all_pictures_are_there(page)
    check(page)
    my_menu(page, "English")
    expect(page.get_by_role("heading", level=1)).to_have_text("Duty officer")
    page.get_by_role("button", name="Keys and marks").click()
    expect(page.locator(".keys")).to_be_visible()
