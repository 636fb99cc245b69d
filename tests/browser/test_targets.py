"""What is pressed on a telephone, with a glove, at the pit: every control of a mine manager's pages is 48 px both ways.

Links inside a sentence are as high as its line (WCAG 2.5.8, inline), and marks on a map lie where their places lie
(essential): the list beside it has the same. Both are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAST = 47.5
"""48 px, with half a pixel for fractions of a line."""
SMALL = """(least) => {
  const asked = 'a[href],button,input,select,textarea,summary,[role=button],[role=tab],[role=switch],[role=menuitem]';
  const inSentence = (one) => {
    let block = one.parentElement;
    // Facts set side by side with hairlines between them are one running line.
    const inline = (part) => getComputedStyle(part).display === 'inline';
    while (inline(block) || block.matches('.facts-line > *')) block = block.parentElement;
    return inline(one) && block.innerText.trim().length > one.innerText.trim().length + 1;
  };
  const seen = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && one.closest('.unseen, .map-marks, [aria-hidden=true]') === null && !one.disabled;
  const box = (one) => {
    // A field is pressed wherever its label or its frame is.
    const frame = one.matches('input,textarea')
      && (one.closest('label') ?? one.closest('.ant-input-affix-wrapper,.ant-select,.ant-picker,.ant-input-search'));
    return (frame || one).getBoundingClientRect();
  };
  return [...document.querySelectorAll(asked)].filter((one) => seen(one) && !inSentence(one))
    .map((one) => ({ one, at: box(one) }))
    .filter(({ at }) => at.width > 1 && (at.width < least || at.height < least))
    .map(({ one, at }) => `${one.tagName.toLowerCase()}.${one.className.baseVal ?? one.className}`
      + ` "${(one.innerText || one.ariaLabel || '').slice(0, 20)}" ${Math.round(at.width)}x${Math.round(at.height)}`);
}"""
PAGES = {
    "/": ".desk-rows, .state", "/warnings": ".restable, .state", "/points": ".restable, .state",
    "/sites": ".restable, .state", "/weather": ".restable, .state", "/mine": ".panel",
}  # fmt: skip


def test_every_control_of_a_manager_can_be_pressed_with_a_glove(
    county: Stack, open_page: Callable[..., Page], logins: list[dict[str, str]], warning: dict[str, Any]
) -> None:
    login = next(one for one in logins if one["username"] == "head1")
    api = county.login(login["username"], login["password"])
    places = dict(PAGES)
    for path, items, ready in (
        ("/sites", api.get("/sites")["items"], ".dossier-head"),
        ("/points", api.get("/points")["items"], ".panel"),
        ("/warnings", api.get("/warnings", state="open")["items"], ".whead, .panel"),
        ("/answer", api.get("/duties", view="mine")["items"], ".answer"),
    ):
        places |= {f"{path}/{items[0]['id']}": ready} if items else {}
    page = open_page(PHONE, login=login)
    small: list[str] = []
    for path, ready in places.items():
        page.goto(path)
        expect(page.locator(ready).first).to_be_visible()
        small += [f"{path}: {one}" for one in page.evaluate(SMALL, LEAST)]
    page.goto("/")
    page.locator(".rail-more").click()
    expect(page.locator(".rail-rooms a").first).to_be_visible()
    small += [f"more: {one}" for one in page.evaluate(SMALL, LEAST)]
    assert small == [], "\n".join(small)
