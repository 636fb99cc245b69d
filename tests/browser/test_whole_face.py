"""The whole face: every page of the router, as the role it is made for, in both themes, on a wall and on a phone.

What `test_pages` shows the duty officer is not shown again in an ordinary run; `full` shows every page to every role,
and in English. A page without a line here fails: the list of pages is the router's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from shoutu.county.kit.permissions import ROLES
from tests.browser import test_pages
from tests.browser.looks import look, settled
from tests.browser.test_falsified import planted
from tests.stack import Api, Stack

pytestmark = pytest.mark.browser
APP = (Path(__file__).resolve().parents[2] / "web/src/App.tsx").read_text("utf-8")
ROUTER = [path for path in re.findall(r'<Route path="([^"]+)"', APP) if path != "*"]
OFFICER = "duty_officer"


@dataclass(frozen=True)
class Shown:
    """Where a page stands in the demo, and whom it is made for; None: for who is not signed in."""

    address: str
    role: str | None = OFFICER
    landmark: str = "main h1, main h2"


PAGES = {
    "/login": Shown("/login", None, "form"),
    "/setup": Shown("/setup", None, "form"),
    "/a/:token": Shown("/a/no-such-link", None, "h1, h2"),
    "/answer/:dutyId": Shown("/answer/{duty}", OFFICER, ".answer h2"),
    "/screen": Shown("/screen", OFFICER, ".map-raised"),
    "/": Shown("/", OFFICER, ".desk-sentence h1"),
    "/warnings": Shown("/warnings"),
    "/warnings/:warningId": Shown("/warnings/{warning}"),
    "/warnings/:warningId/report": Shown("/warnings/{warning}/report"),
    "/reports": Shown("/reports"),
    "/reports/:reportId": Shown("/reports/{report}"),
    "/orders": Shown("/orders"),
    "/orders/new": Shown("/orders/new"),
    "/orders/:orderId": Shown("/orders/{order}"),
    "/orders/:orderId/reply": Shown("/orders/{order}/reply"),
    "/silences": Shown("/silences"),
    "/signals": Shown("/signals"),
    "/noise": Shown("/noise", "inspector"),
    "/points": Shown("/points"),
    "/points/:pointId": Shown("/points/{point}"),
    "/points/:pointId/rules/new": Shown("/points/{point}/rules/new", "inspector", "#new-kind"),
    "/quality": Shown("/quality", "inspector"),
    "/falsified": Shown("/falsified", "inspector"),
    "/falsified/:findingId": Shown("/falsified/{falsified}", "inspector"),
    "/unclaimed": Shown("/unclaimed", "inspector"),
    "/proposals": Shown("/proposals", "leader"),
    "/sites": Shown("/sites"),
    "/sites/:siteId": Shown("/sites/{site}"),
    "/enterprises/:id": Shown("/enterprises/{enterprise}", OFFICER, ".enterprise-sites"),
    "/sites/:siteId/watch": Shown("/sites/{site}/watch", "inspector"),
    "/rules": Shown("/rules", "inspector"),
    "/rules/:pack": Shown("/rules/underground-mine", "inspector"),
    "/rules/backtest": Shown("/rules/backtest", "inspector", "#backtest-pack"),
    "/rules/:pack/sites": Shown("/rules/underground-mine/sites", "inspector"),
    "/rules/id/:ruleId": Shown("/rules/id/{rule}", "inspector"),
    "/rules/id/:ruleId/backtest": Shown("/rules/id/{rule}/backtest", "inspector", ".backtest-ask"),
    "/findings": Shown("/findings", "inspector"),
    "/requirements": Shown("/requirements", "inspector"),
    "/findings/:findingId": Shown("/findings/{finding}", "inspector"),
    "/licences": Shown("/licences", "inspector"),
    "/licences/:licenceId": Shown("/licences/{licence}", "inspector"),
    "/weather": Shown("/weather"),
    "/weather/new": Shown("/weather/new"),
    "/weather/:weatherId": Shown("/weather/{weather}"),
    "/mine": Shown("/mine", "principal"),
    "/channels": Shown("/channels", "administrator"),
    "/ledger": Shown("/ledger", "auditor"),
    "/ledger/looks": Shown("/ledger/looks", "auditor"),
    "/people": Shown("/people"),
    "/people/matrix": Shown("/people/matrix"),
    "/people/roster": Shown("/people/roster"),
    "/people/numbers": Shown("/people/numbers", "administrator"),
    "/people/organisations": Shown("/people/organisations"),
    "/people/accounts": Shown("/people/accounts", "administrator"),
    "/people/obligations": Shown("/people/obligations"),
    "/admin/tokens": Shown("/admin/tokens", "administrator"),
    "/admin": Shown("/admin", "administrator"),
    "/admin/backups": Shown("/admin/backups", "administrator"),
    "/admin/settings": Shown("/admin/settings", "administrator"),
    "/admin/start": Shown("/admin/start", "administrator"),
    "/help": Shown("/help"),
}


def seen_by_the_officer(route: str) -> bool:
    """Whether `test_pages` shows this page already."""
    shape = re.compile("^" + re.sub(r":\w+", r"[^/?]+", route) + r"(\?.*)?$")
    return any(shape.match(address) for address, _ in test_pages.PAGES.values())


def test_every_page_of_the_router_has_a_line() -> None:
    assert sorted(PAGES) == sorted(ROUTER)
    assert {shown.role for shown in PAGES.values()} <= {*ROLES, None}


@pytest.fixture(scope="module")
def by_role(county: Stack, logins: list[dict[str, str]]) -> dict[str | None, dict[str, str] | None]:
    found: dict[str | None, dict[str, str] | None] = {None: None}
    for login in logins:
        found.setdefault(county.login(login["username"], login["password"]).get("/session")["user"]["role"], login)
    return found


@pytest.fixture(scope="module")
def things(county: Stack, officer: dict[str, str], warning: dict[str, Any]) -> dict[str, int]:
    """One of each kind of thing that has a page."""
    api = county.login(officer["username"], officer["password"])
    return {
        "warning": warning["id"], "point": warning["point"]["id"], "site": warning["site"]["id"],
        "report": first(api, "/reports"), "rule": first(api, "/rules"), "finding": first(api, "/findings"),
        "enterprise": api.get(f"/sites/{warning['site']['id']}")["organisation_id"],
        "falsified": planted(county), "licence": first(api, "/licences"), "duty": first(api, "/duties"),
        "order": api.post("/orders", key="whole-face", sender="市应急管理局", title="核查干滩长度", text="报结果",
                          site=warning["site"]["id"])["id"],
        "weather": weather(api),
    }  # fmt: skip


def first(api: Api, path: str) -> int:
    items = api.get(path, limit=1)["items"]
    assert items, f"the demo has none at {path}"
    return int(items[0]["id"])


def weather(api: Api) -> int:
    if there := api.get("/weather", limit=1)["items"]:
        return int(there[0]["id"])
    now = datetime.now(UTC)
    towns = [one["id"] for one in api.get("/territories")["items"] if one["parent"] is not None]
    made = api.post(
        "/weather", type="rainstorm", colour="blue", townships=towns[:1], key="whole-face",
        starts_at=now.isoformat(), ends_at=(now + timedelta(hours=6)).isoformat(),
    )  # fmt: skip
    return int(made["id"])


MAIN = [route for route, shown in PAGES.items() if shown.role != OFFICER or not seen_by_the_officer(route)]


@pytest.mark.parametrize("route", MAIN)
def test_page_as_its_main_role(
    route: str, by_role: dict[str | None, Any], things: dict[str, int], open_page: Callable[..., Page]
) -> None:
    shown = PAGES[route]
    # A link that is none is answered 404, which Chromium reports as an error of the page.
    page = open_page(login=by_role[shown.role], at=shown.address.format(**things), may_fail=route == "/a/:token")
    if shown.role is None:
        page.goto(shown.address)
    settled(page, shown.landmark)
    assert look(page) == []


@pytest.mark.full
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", [route for route, shown in PAGES.items() if shown.role is not None])
def test_page_as_every_role(
    route: str,
    role: str,
    by_role: dict[str | None, Any],
    things: dict[str, int],
    open_page: Callable[..., Page],
    county: Stack,
) -> None:
    """Whoever may not see it is told so, as well drawn as the rest."""
    said: list[str] = []

    def heard(answer: Response) -> None:
        if answer.status >= 500:
            said.append(f"{answer.status} {answer.url}")

    page = open_page(may_fail=True)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", heard)
    login = by_role[role]
    cookies = county.login(login["username"], login["password"]).client.cookies
    page.context.add_cookies([{"name": one, "value": cookies[one], "url": county.url} for one in cookies])
    page.goto(PAGES[route].address.format(**things))
    settled(page, "main h1, main h2, .answer h2, .screen h1, .state")
    assert look(page) == []
    assert said == []


@pytest.mark.full
@pytest.mark.parametrize("route", PAGES)
def test_page_in_english(
    route: str, by_role: dict[str | None, Any], things: dict[str, int], open_page: Callable[..., Page]
) -> None:
    shown = PAGES[route]
    page = open_page(login=by_role[shown.role], at="/", may_fail=route == "/a/:token")
    page.goto("/login") if shown.role is None else None
    page.evaluate("localStorage.setItem('shoutu.tongue', 'en')")
    page.goto(shown.address.format(**things))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    settled(page, shown.landmark)
    assert look(page, english=True) == []
