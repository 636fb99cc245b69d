"""People and responsibility as a person uses them: a hole leads to its form, a shift to its handover."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE
from tests.browser.looks import check
from tests.stack import Stack

pytestmark = pytest.mark.browser


def login_of(county: Stack, logins: list[dict[str, str]], role: str) -> dict[str, str]:
    """The demo login of this role."""
    for login in logins:
        if county.login(login["username"], login["password"]).get("/session")["user"]["role"] == role:
            return login
    pytest.fail(f"no {role} among the demo logins")


def test_a_hole_leads_to_the_form_that_mends_it(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    page = open_page(login=login_of(county, logins, "administrator"))
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name=re.compile("处缺口"))).to_be_visible()
    row = page.get_by_role("row").filter(has_text="现在没有人").first
    row.get_by_role("button", name="补人").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("叫应会跳过它")).to_be_visible()
    expect(dialog.get_by_role("button", name="任职")).to_be_disabled()
    check(page)
    dialog.get_by_role("combobox").click()
    page.locator(".ant-select-item-option").first.click()
    expect(dialog.get_by_role("button", name="任职")).to_be_enabled()
    dialog.get_by_role("button", name="先不办").click()
    expect(dialog).to_be_hidden()


def test_whoever_is_on_writes_and_signs_the_handover(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(login=officer, at="/people/roster")
    page.locator(".rbar-in").first.click()
    page.get_by_role("button", name="写交班").click()
    dialog = page.get_by_role("dialog")
    sign = dialog.get_by_role("button", name="签字交班")
    expect(sign).to_be_disabled()
    dialog.get_by_role("textbox").fill("丙铅锌矿库长空岗，已告知乡镇盯守")
    sign.click()
    expect(dialog).to_be_hidden()
    line = page.locator(".hlist li").first
    expect(line).to_contain_text("等接班签字")
    line.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("已告知乡镇盯守")).to_be_visible()
    expect(dialog.get_by_role("button", name="签字接班")).to_be_disabled()
    expect(dialog.get_by_text("不能和交班人是同一人").first).to_be_visible()
    with page.expect_download() as sheet:
        dialog.get_by_role("link", name="打印").click()
    assert sheet.value.suggested_filename.endswith(".docx")


def test_on_a_phone_the_matrix_reads_site_by_site(officer: dict[str, str], open_page: Callable[..., Page]) -> None:
    page = open_page(size=PHONE, login=officer, at="/people/matrix")
    expect(page.locator(".matrix td").first).to_be_visible()
    check(page)
    assert page.locator(".matrix .nobody").count() >= 1, "丙's empty post stands out"


def few(page: Page, path: str, n: int = 3) -> None:
    """Answers of this list come in pages of `n`, as those of a large county come in pages of a hundred."""

    def shorter(route: Route) -> None:
        route.continue_(url=re.sub(r"\blimit=\d+", f"limit={n}", route.request.url))

    page.route(re.compile(rf"/api/v1/{path}\?"), shorter)


def test_a_long_list_is_searched_by_the_server_and_goes_on(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    login = login_of(county, logins, "administrator")
    api = county.login(login["username"], login["password"])
    bodies = api.get("/organisations", limit=200)["items"]
    # Contacts of nobody's channel, switched off: nothing is sent to them.
    api.post("/channels/endpoints", scheme="json", host="127.0.0.1")
    for person in api.get("/persons", limit=4)["items"]:
        api.post("/contacts", person=person["id"], title="试验", url="json://127.0.0.1:9/x", enabled=False)
    page = open_page(login=login)
    for path in ("users", "organisations", "contacts"):
        few(page, path)
    page.goto("/people/accounts")
    rows = page.locator("li.person")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="再取一页").click()
    expect(rows).to_have_count(6)
    page.goto("/people/organisations")
    last = bodies[-1]["name"]
    found = page.locator(".otree button").filter(has_text=last)
    expect(page.locator(".ofind")).to_be_visible()
    expect(page.get_by_role("button", name="再取一页").first).to_be_visible()
    expect(found).to_have_count(0)
    page.get_by_label("找单位").fill(last)
    found.click()
    page.wait_for_url("**organisation=*")
    expect(page.get_by_role("heading", name=re.compile(re.escape(last)))).to_be_visible()
    page.goto("/channels")
    people = page.locator(".chpeople li")
    expect(people).to_have_count(3)
    page.get_by_role("button", name="再取一页").click()
    expect(people).to_have_count(4)
    page.get_by_label("找人或单位").fill("没有这样的单位")
    expect(people).to_have_count(0)


def test_a_person_s_organisation_is_named_though_the_list_ends_before_it(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    login = login_of(county, logins, "administrator")
    api = county.login(login["username"], login["password"])
    body = next(
        one
        for one in reversed(api.get("/organisations", limit=200)["items"])
        if api.get("/persons", organisation=one["id"])["items"]
    )
    page = open_page(login=login)
    few(page, "organisations", 1)
    page.goto(f"/people/organisations?organisation={body['id']}")
    page.locator("li.person").first.get_by_role("button", name="改", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_title(body["name"], exact=True)).to_be_visible()
    dialog.get_by_label("单位").click()
    expect(page.locator(".pick-rest")).to_contain_text("没列出")


def test_on_a_phone_a_township_finds_a_mines_people_where_it_presses_the_mine(
    county: Stack, logins: list[dict[str, str]], open_page: Callable[..., Page]
) -> None:
    page = open_page(PHONE, login=login_of(county, logins, "township"), at="/people/organisations")
    page.locator(".orgs .panel").nth(1).get_by_role("button", name=re.compile("乙铁矿")).click()
    expect(page.get_by_role("heading", name="乙铁矿的岗位")).to_be_in_viewport()
    expect(page.locator(".ostaff")).to_contain_text("矿长")


def test_a_number_is_shown_whole_at_one_press_on_why_and_the_reason_is_kept(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    keeper, auditor = (login_of(county, logins, role) for role in ("administrator", "auditor"))
    api = county.login(keeper["username"], keeper["password"])
    body = api.get("/organisations")["items"][0]
    api.post("/persons", name="监控室值守员", phone="0357-8001234", organisation=body["id"])
    page = open_page(login=keeper, at=f"/people/organisations?organisation={body['id']}")
    looks = page.get_by_role("button", name="看全号")
    expect(looks.first).to_be_visible()
    before = looks.count()
    looks.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("查阅日志")
    dialog.get_by_role("button", name="应急联系").click()
    expect(dialog).to_have_count(0)
    expect(looks).to_have_count(before - 1)
    expect(page.get_by_text("0357-8001234")).to_be_visible()
    kept = county.login(auditor["username"], auditor["password"]).get("/ledger/looks")["items"]
    assert (kept[0]["purpose"], kept[0]["fields"]) == ("应急联系", "电话")
