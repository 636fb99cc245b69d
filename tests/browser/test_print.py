"""On paper: black on white whatever the screen wears, without what is pressed; of the matrix, every site."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_people import login_of
from tests.stack import Stack

pytestmark = pytest.mark.browser

PRINTS = """() => {
    const rows = () => document.querySelectorAll('.matrix tbody tr').length;
    window.printed = [];
    window.print = () => window.printed.push(rows());
}"""
LOOKS = "(one) => { const style = getComputedStyle(one); return [style.backgroundColor, style.color] }"
BLACK, WHITE = "rgb(0, 0, 0)", "rgb(255, 255, 255)"


@pytest.fixture
def administrator(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    return login_of(county, logins, "administrator")


def few_at_once(route: Route) -> None:
    route.continue_(url=re.sub(r"limit=\d+", "limit=20", route.request.url))


def test_matrix_is_printed_whole_black_on_white_and_with_its_heading(
    county: Stack, administrator: dict[str, str], open_page: Callable[..., Page]
) -> None:
    sites = county.login(administrator["username"], administrator["password"]).get("/sites", limit=1)["count"]
    assert sites > 60  # more than three pages of twenty
    page = open_page(tone="dark", login=administrator)
    page.route("**/api/v1/responsibilities/matrix?*", few_at_once)
    page.goto("/people/matrix")
    rows = page.locator(".matrix tbody tr")
    expect(rows).to_have_count(20)
    page.evaluate(PRINTS)
    page.emulate_media(media="print")
    heading = page.locator(".matrix-paper")
    expect(heading).to_contain_text("只印了前 20 处")  # printed past the button it says that it is not whole
    page.emulate_media(media="screen")
    expect(heading).to_be_hidden()
    page.get_by_role("button", name="打印").click()
    page.wait_for_function("() => window.printed.length > 0")
    assert page.evaluate("window.printed") == [sites]

    page.emulate_media(media="print")
    expect(heading).to_have_text(re.compile(rf"^浮山县 安全生产责任矩阵20\d\d-\d\d-\d\d \d\d:\d\d，{sites} 处场所。$"))
    for hidden in (".rail", ".topbar", ".people-bar", ".matrix .ant-btn"):
        expect(page.locator(hidden).locator("visible=true"), hidden).to_have_count(0)
    expect(rows.last).to_be_visible()
    assert page.locator("html").evaluate(LOOKS)[0] == WHITE
    assert page.locator("body").evaluate(LOOKS)[1] == BLACK
    assert page.locator(".matrix").evaluate(LOOKS)[0] == WHITE
    assert page.locator(".matrix thead").evaluate("(one) => getComputedStyle(one).display") == "table-header-group"
    sheets = page.pdf(prefer_css_page_size=True, format="A4")
    assert sheets.count(b"/Type /Page\n") > 3
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheets)
    assert boxes
    assert all(float(width) > float(height) for width, height in boxes), "landscape"


def test_matrix_that_could_not_be_fetched_whole_is_not_printed(
    administrator: dict[str, str], open_page: Callable[..., Page]
) -> None:
    page = open_page(login=administrator, may_fail=True)
    page.route("**/api/v1/responsibilities/matrix?*", few_at_once)
    page.goto("/people/matrix")
    expect(page.locator(".matrix tbody tr")).to_have_count(20)
    page.evaluate(PRINTS)
    page.route("**/api/v1/responsibilities/matrix?*cursor=*", lambda route: route.abort())
    page.get_by_role("button", name="打印").click()
    expect(page.locator(".matrix footer").get_by_role("alert")).to_be_visible()
    assert page.evaluate("window.printed") == []
    page.unroute("**/api/v1/responsibilities/matrix?*cursor=*")
    page.get_by_role("button", name="打印").click()
    page.wait_for_function("() => window.printed.length > 0")


def test_warning_and_lists_are_printed_without_what_is_pressed(
    officer: dict[str, str], warning: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(tone="dark", login=officer, at=f"/warnings/{warning['id']}")
    expect(page.locator(".curve svg").first).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".rail", ".topbar", ".actbar", ".ant-btn", ".ant-segmented"):
        expect(page.locator(hidden).locator("visible=true"), hidden).to_have_count(0)
    assert page.locator("html").evaluate(LOOKS)[0] == WHITE
    assert page.locator(".panel").first.evaluate(LOOKS) == [WHITE, BLACK]
    # Also on a sheet narrower than the window the newest reading is not cut off.
    page.set_viewport_size({"width": 794, "height": 1123})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto("/ledger")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    clipped = page.locator(".restable td.clip").first
    assert clipped.evaluate("(one) => getComputedStyle(one).whiteSpace") == "normal"
