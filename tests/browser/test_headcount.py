"""停产撤人 in the browser: a red orders it, people are counted out to nobody, and only then may the red be closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.stack import Api, Stack, until

pytestmark = pytest.mark.browser

RULE = {"levels": {"4": 10.0}, "direction": "high", "raise_for_s": 0, "clear_for_s": 0}


def plants(api: Api) -> list[dict[str, Any]]:
    """The dressing plants this login sees."""
    return [site for site in api.get("/sites", limit=200)["items"] if site["kind"] == "plant"]


@pytest.fixture(scope="module")
def own(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    """Somebody of an enterprise that has a plant: nothing in a plant counts people, so a person must."""
    for login in logins:
        api = county.login(login["username"], login["password"])
        role = api.get("/session")["user"]["role"]
        if role in ("principal", "safety_officer") and plants(api):
            return login
    pytest.fail("nobody of an enterprise with a plant among the demo logins")


@pytest.fixture(scope="module")
def red(county: Stack, logins: list[dict[str, str]], own: dict[str, str]) -> SimpleNamespace:
    """A red of this test's own at the plant, and `say(value)` to its sensor."""
    roles = {county.login(one["username"], one["password"]).get("/session")["user"]["role"]: one for one in logins}
    admin = county.login(roles["administrator"]["username"], roles["administrator"]["password"])
    site = plants(county.login(own["username"], own["password"]))[0]
    source = admin.post("/sources", name="清点试验网关", site=site["id"])
    token = admin.post(f"/sources/{source['id']}/tokens", name="清点试验")["token"]
    point = admin.post(
        "/points", site=site["id"], source=source["id"], address="QD-01", name="浓密机液位", item="level",
        item_title="液位", unit="m", danger="high",
    )  # fmt: skip
    admin.post("/rules", point=point["id"], kind="threshold", params=RULE, reason="设计值", title="液位超限")

    county.await_token(token)

    def say(value: float) -> None:
        county.send(token, [{"point": "QD-01", "ts": int(time.time() * 1000), "value": value}])

    def warned() -> dict[str, Any] | None:
        say(12.5)
        time.sleep(0.5)
        items = admin.get("/warnings", state="open", site=site["id"])["items"]
        return next((one for one in items if one["point"] and one["point"]["id"] == point["id"]), None)

    return SimpleNamespace(site=site, say=say, warning=until(warned, 60, "a red at the plant"))


def dialog(page: Page, verb: str, fill: dict[str, str]) -> None:
    """Open a verb of the head-count, fill its fields, press it."""
    page.locator(".headcount-acts").get_by_role("button", name=verb).click()
    box = page.get_by_role("dialog")
    for label, text in fill.items():
        box.get_by_label(label).fill(text)
    box.get_by_role("button", name=verb).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def act(page: Page, verb: str, words: str) -> None:
    """One act of the bar, with words."""
    page.locator(".actbar-desk").get_by_role("button", name=verb, exact=True).click()
    box = page.get_by_role("dialog")
    if verb == "核实":
        box.get_by_text("真警", exact=True).click()
    box.get_by_role("textbox").fill(words)
    box.locator(".ant-modal-footer").get_by_role("button", name=verb, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def photograph() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), "grey").save(out, "JPEG")
    return out.getvalue()


def test_a_red_is_counted_out_to_nobody_and_then_closed(
    open_page: Callable[..., Page],
    officer: dict[str, str],
    own: dict[str, str],
    red: SimpleNamespace,
    county: Stack,
) -> None:
    address = f"/warnings/{red.warning['id']}"
    mine = open_page(PHONE, login=own, at=address)
    big = mine.locator(".headcount-big")
    expect(big).to_contain_text("人数未报")
    dialog(mine, "报人数", {"人数": "5", "从哪里来": "调度室"})
    expect(big).to_contain_text("还有 5 人未出")
    dialog(mine, "确认已出", {"名单（一行一人）": "磨机工一\n磨机工二"})
    expect(big).to_contain_text("还有 3 人未出")
    assert mine.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"

    desk = open_page(login=officer)
    stops = desk.locator(".stops").filter(has_text=red.site["name"])
    expect(stops).to_contain_text("还有 3 人未出")
    stops.get_by_role("link", name=red.site["name"]).click()
    desk.wait_for_url(f"**{address}")
    bar = desk.locator(".actbar-desk")
    expect(bar.get_by_role("button", name="关闭")).to_be_disabled()
    act(desk, "核实", "现场看了，液位确实高")
    act(desk, "处置", "停机，降液位")
    act(desk, "反馈", "液位已降")
    red.say(5.0)
    # All of the law is done and the danger is gone: what is left is the people.
    expect(bar.locator(".actbar-why")).to_contain_text("还有 3 人未出", timeout=15_000)
    expect(bar.get_by_role("button", name="关闭")).to_be_disabled()

    # Somebody was not on the list; the count goes up, and what the desk shows with it.
    dialog(mine, "加人数", {"人数": "1", "原因": "外协 1 人未登记"})
    expect(desk.locator(".headcount-big")).to_contain_text("还有 4 人未出")
    # The last of them: nothing is filled in beforehand, and it is asked once more before the calls end.
    mine.locator(".headcount-acts").get_by_role("button", name="确认已出").click()
    box = mine.get_by_role("dialog")
    expect(box.get_by_label("或人数")).to_have_value("")
    box.get_by_label("或人数").fill("4")
    box.get_by_label("班组或地点（可不填）").fill("浓密机")
    box.get_by_role("button", name="确认已出").click()
    expect(box.get_by_role("alert")).to_contain_text("4 人全都出来了？")
    expect(desk.locator(".headcount-big")).to_contain_text("还有 4 人未出")
    box.get_by_role("button", name="4 人都出来了").click()
    expect(box).to_have_count(0)
    for page in (mine, desk):
        expect(page.locator(".headcount-big")).to_contain_text("人已撤清")
    act(desk, "关闭", "险情已除，人已撤清")
    until(lambda: county.login(officer["username"], officer["password"]).get(f"{address}")["state"] == "closed", 10)
    expect(desk.locator(".timeline")).to_contain_text("外协 1 人未登记")
    # Closing the warning is not an order to work: that is another's.
    desk.goto("/")
    expect(desk.locator(".desk-sentence h1")).to_be_visible()
    expect(desk.locator(".stops").filter(has_text=red.site["name"])).to_have_count(0)


def test_a_photograph_is_sealed_and_shown(
    open_page: Callable[..., Page], own: dict[str, str], red: SimpleNamespace
) -> None:
    page = open_page(PHONE, login=own, at=f"/warnings/{red.warning['id']}")
    page.get_by_label("选照片").set_input_files({"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photograph()})
    shown = page.locator(".evidence img")
    expect(shown).to_have_count(1)
    expect(page.locator(".evidence")).to_contain_text("SHA-256")
    shown.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.evidence img').naturalWidth > 0")


def test_what_is_no_photograph_is_refused_with_words(
    open_page: Callable[..., Page], own: dict[str, str], red: SimpleNamespace
) -> None:
    page = open_page(PHONE, login=own, may_fail=True, at=f"/warnings/{red.warning['id']}")
    page.get_by_label("选照片").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"})
    expect(page.locator(".evidence-lost")).to_contain_text("完整的 JPEG")


@pytest.mark.parametrize("tone", ["light", "dark"])
def test_the_noisiest_rule_leads_the_page_of_false_alarms(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack, officer: dict[str, str], tone: str
) -> None:
    told = county.login(officer["username"], officer["password"]).get("/noise")
    worst = told["items"][0]
    page = open_page(login=officer, tone=tone, at="/noise")
    expect(page.locator(".noise-head h1")).to_contain_text(worst["title"])
    expect(page.locator(".restable tbody tr").first).to_contain_text(worst["where"])
    # Who may not give a rule to somebody sees no button for it.
    expect(page.get_by_role("button", name="归人")).to_have_count(0)
    page.get_by_role("tab", name="按规则包").click()
    page.wait_for_url("**by=pack*")


def test_a_rule_is_given_to_a_post_and_reviewed(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    login = next(
        one
        for one in logins
        if county.login(one["username"], one["password"]).get("/session")["user"]["role"] == "inspector"
    )
    page = open_page(login=login, at="/noise")
    row = page.locator(".restable tbody tr").first
    row.get_by_role("button", name="归人").click()
    box = page.get_by_role("dialog")
    box.get_by_role("button", name="归人").click()
    expect(box.get_by_role("alert")).to_contain_text("填复查日")
    box.get_by_label("归谁").click()
    page.keyboard.type("矿山监管")
    page.locator(".ant-select-item-option").filter(has_text="矿山监管").first.click()
    box.get_by_label("复查日").fill(time.strftime("%Y-%m-%d", time.localtime(time.time() + 20 * 86_400)))
    box.get_by_role("button", name="归人").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row).to_contain_text("矿山监管")
    row.get_by_role("button", name="写复查").click()
    box.get_by_label("查了什么、改了什么").fill("换了探头")
    box.get_by_label("下次复查日").fill(time.strftime("%Y-%m-%d", time.localtime(time.time() + 60 * 86_400)))
    box.get_by_role("button", name="写复查").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
