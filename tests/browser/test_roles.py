"""Each of the ten roles signs in, lands on a page that works for it, and is led only where it may go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from shoutu.county.kit.permissions import ROLES
from tests.browser.conftest import PHONE
from tests.browser.looks import check
from tests.stack import Stack, until

pytestmark = pytest.mark.browser
OFTEN = {"duty_officer", "principal"}
"""Whose home is walked in every run; everybody's in the full one."""
LANDS = {"auditor": "/ledger", "administrator": "/people"}


@pytest.fixture(scope="module")
def by_role(county: Stack, logins: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """One demo login of each role."""
    found: dict[str, dict[str, str]] = {}
    for login in logins:
        role = county.login(login["username"], login["password"]).get("/session")["user"]["role"]
        found.setdefault(role, login)
    return found


def test_the_demo_has_a_login_of_every_role(by_role: dict[str, dict[str, str]]) -> None:
    assert by_role.keys() == ROLES.keys()


@pytest.mark.parametrize(
    "role", [role if role in OFTEN else pytest.param(role, marks=pytest.mark.full) for role in ROLES]
)
def test_each_role_is_refused_nothing_where_it_is_led(
    role: str, by_role: dict[str, dict[str, str]], open_page: Callable[..., Page]
) -> None:
    page = open_page()
    refused: list[str] = []

    def heard(answer: Response) -> None:
        if answer.status in (403, 404) or answer.status >= 500:
            refused.append(f"{page.url}: {answer.status} {answer.url}")

    page.on("response", heard)
    login = by_role[role]
    page.goto("/login")
    page.get_by_label("用户名").fill(login["username"])
    page.get_by_label("密码", exact=True).fill(login["password"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{LANDS.get(role, '/')}")
    expect(page.locator("main h1, main h2, .restable, .desk-sentence").first).to_be_visible()
    page.wait_for_timeout(800)
    assert refused == []
    rooms = page.locator("nav.rail a.rail-item").evaluate_all("items => items.map(one => one.getAttribute('href'))")
    assert "/warnings" in rooms
    assert ("/screen" in rooms) == (role not in ("principal", "safety_officer", "rescue_lead"))
    for room in dict.fromkeys(rooms):
        page.goto(room)
        page.wait_for_timeout(600)
    assert refused == []


@pytest.mark.parametrize("role", ["leader", "inspector", "rescue_lead"])
def test_the_desk_shows_what_is_dangerous_now_to_who_is_not_called(
    role: str, by_role: dict[str, dict[str, str]], county: Stack, open_page: Callable[..., Page]
) -> None:
    login = by_role[role]
    api = county.login(login["username"], login["password"])
    page = open_page(login=login)
    expect(page.locator(".desk-sentence h1")).to_be_visible()

    def shown() -> bool:
        """As many as are open, which may change between the page's question and ours."""
        return page.locator(".afoot li").count() == min(len(api.get("/warnings", state="open")["items"]), 6)

    until(shown, what="the desk shows as many warnings as are open, six at most")
    if not page.locator(".afoot").count():
        if role == "rescue_lead":  # sees no mine until called there: that is a part, and is said so
            expect(page.locator(".desk-sentence p")).to_have_text("本岗范围内没有未关闭的预警")
        return
    page.locator(".afoot li a").last.click()
    page.wait_for_url("**/warnings/*")


@pytest.mark.parametrize("role", ["principal", "township", "leader"])
def test_the_desk_shows_the_places_one_answers_for_unless_that_is_the_county(
    role: str, by_role: dict[str, dict[str, str]], county: Stack, open_page: Callable[..., Page]
) -> None:
    login = by_role[role]
    sites = county.login(login["username"], login["password"]).get("/sites")["items"]
    page = open_page(PHONE, login=login)
    expect(page.locator(".desk-sentence h1")).to_be_visible()
    panel = page.locator(".panel", has_text="我管的地方")
    if role == "leader":
        page.wait_for_timeout(800)
        expect(panel).to_have_count(0)
        return
    expect(panel.locator("li")).to_have_count(min(6, len(sites)))
    panel.get_by_text(sites[0]["name"], exact=True).click()
    page.wait_for_url(f"**/sites/{sites[0]['id']}")


DOORS = {
    "没有规则在看的场所": ("/sites?watched=no", "/sites", {"watched": False}),
    "缺项": ("/findings", "/findings", {"optional": False}),
    "过期证照": ("/licences?standing=expired", "/licences", {"standing": "expired"}),
}


def test_the_inspectors_desk_counts_what_is_not_watched_and_leads_there(
    by_role: dict[str, dict[str, str]], county: Stack, open_page: Callable[..., Page]
) -> None:
    login = by_role["inspector"]
    api = county.login(login["username"], login["password"])
    page = open_page(login=login)
    panel = page.locator(".panel", has_text="要过问的")
    expect(panel).to_be_visible()
    for words, (address, path, query) in DOORS.items():
        row = panel.locator("li", has_text=words)
        expect(row.locator("b")).to_have_text(str(api.get(path, limit=1, **query)["count"]))
        expect(row.get_by_role("link")).to_have_attribute("href", address)


def test_an_auditor_reads_who_looked_and_all_of_a_warning_and_is_shown_nothing_to_press(
    by_role: dict[str, dict[str, str]], county: Stack, warning: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    keeper = by_role["administrator"]
    api = county.login(keeper["username"], keeper["password"])
    person = api.get("/persons")["items"][0]
    api.get(f"/persons/{person['id']}/phone", purpose="试叫没有应答")
    page = open_page(login=by_role["auditor"])
    page.get_by_role("link", name="查阅日志").click()
    expect(page.locator(".restable tbody tr", has_text="试叫没有应答").first).to_contain_text("电话")
    page.goto(f"/warnings/{warning['id']}")
    expect(page.locator(".whead h1")).to_be_visible()
    expect(page.locator(".actbar")).to_have_count(0)
    page.locator(".seal").first.click()
    page.wait_for_url(f"**/ledger?subject=warning:{warning['id']}")
    expect(page.locator(".chip")).to_contain_text("只看")
    expect(page.locator(".restable tbody tr", has_text="呼叫").first).to_be_visible()


def test_a_mine_reads_nothing_of_the_county_s_backups(
    by_role: dict[str, dict[str, str]], open_page: Callable[..., Page]
) -> None:
    page = open_page(PHONE, login=by_role["principal"], at="/ledger")
    expect(page.locator(".ledger-about dt").first).to_be_visible()
    expect(page.get_by_text("上次备份", exact=True)).to_have_count(0)


def test_an_auditor_keeps_a_proof_and_goes_to_what_it_is_about_on_a_phone(
    by_role: dict[str, dict[str, str]], warning: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(PHONE, login=by_role["auditor"], at=f"/ledger?subject=warning:{warning['id']}")
    card = page.locator(".lcard:visible").last
    proof = card.get_by_role("button", name="证明")
    expect(proof).to_be_visible(timeout=60_000)  # sealed within a minute
    with page.expect_download() as kept:
        proof.click()
    assert json.loads(kept.value.path().read_text("utf-8"))["entry"]
    check(page)
    about = card.get_by_role("link")
    for one in (proof, about):
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= 48, "a thumb hits it"
    about.click()
    page.wait_for_url(f"**/warnings/{warning['id']}")
