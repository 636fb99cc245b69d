"""Every page, both themes, a wall screen and a phone: readable, operable, nothing untranslated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, my_menu
from tests.browser.looks import RAW_KEY, look, settled

pytestmark = pytest.mark.browser
AT_REST = {
    "points": ("/points", ".restable"),
    "unclaimed": ("/unclaimed", ".state, .restable"),
    "people": ("/people", ".restable"),
    "matrix": ("/people/matrix", ".matrix"),
    "roster": ("/people/roster", ".roster"),
    "organisations": ("/people/organisations", ".ostaff"),
    "obligations": ("/people/obligations", ".panel"),
    "ledger": ("/ledger", ".restable"),
    "rules": ("/rules", ".restable"),
    "pack": ("/rules/underground-mine", ".rules-list"),
    "watch": ("/sites/1/watch", ".rules-list"),
    "gaps": ("/findings", ".restable"),
}
"""Pages that are the same before the story's warning; they come first, so that it is not waited for."""
PAGES = {
    **AT_REST,
    "sites": ("/sites", ".restable"),
    "desk": ("/", ".desk-sentence h1"),
    "called": ("/?view=called", ".desk-sentence h1"),
    "warnings": ("/warnings", ".restable"),
    "warning": ("/warnings/{warning}", ".curve svg"),
    "answer": ("/answer/{duty}", ".answer h2"),
    "point": ("/points/{point}", ".curve svg"),
    "screen": ("/screen", ".map-raised"),
    "dossier": ("/sites/{site}", ".dossier .map-raised"),
    "dossier_rules": ("/sites/{site}?tab=rules", ".rules li"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page(
    name: str, officer: dict[str, str], request: pytest.FixtureRequest, open_page: Callable[..., Page]
) -> None:
    address, landmark = PAGES[name]
    login, duty = officer, 0
    if name not in AT_REST:
        warning: dict[str, Any] = request.getfixturevalue("warning")
        if name == "answer":
            login, found = request.getfixturevalue("busy")
            duty = found["id"]
        address = address.format(
            warning=warning["id"], point=warning["point"]["id"], site=warning["site"]["id"], duty=duty
        )
    # Half of them begin as the other half ends.
    size, tone = (PHONE, "light") if list(PAGES).index(name) % 2 else (WIDE, "dark")
    page = open_page(size, tone, login, at=address)
    settled(page, landmark)
    assert look(page) == []


def test_login_page(open_page: Callable[..., Page], logins: list[dict[str, str]]) -> None:
    page = open_page(PHONE)
    page.goto("/")
    expect(page.get_by_label("用户名")).to_be_visible()
    expect(page.get_by_text(logins[0]["username"]).first).to_be_visible()
    assert look(page) == []


def test_setup_page(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    page.goto("/setup")
    expect(page.get_by_label("设置码")).to_be_focused()
    assert look(page) == []


def test_everything_speaks_english(
    officer: dict[str, str], warning: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(login=officer)
    my_menu(page, "English")
    expect(page.get_by_role("link", name="Warnings", exact=False).first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    room = ("people", "matrix", "roster", "organisations", "obligations")
    for address, landmark in (
        PAGES["desk"],
        PAGES["warnings"],
        PAGES["points"],
        PAGES["ledger"],
        *(PAGES[name] for name in room),
    ):
        page.goto(address)
        expect(page.locator(landmark).first).to_be_visible()
        assert RAW_KEY.findall(page.inner_text("body").replace(page.url, "")) == []
    page.goto(PAGES["warning"][0].format(warning=warning["id"]))
    expect(page.locator(PAGES["warning"][1]).first).to_be_visible()
    assert RAW_KEY.findall(page.inner_text("body").replace(page.url, "")) == []


def test_the_theme_is_remembered(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(tone="light", login=officer)
    my_menu(page, "夜间")
    expect(page.locator("html")).to_have_attribute("data-tone", "dark")
    page.reload()
    expect(page.locator(".desk-sentence h1")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-tone", "dark")
