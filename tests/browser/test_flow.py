"""What a duty officer does all day: is called, answers, verifies, acts; and what keyboard and line do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, is_of, sign_in
from tests.stack import Api, Stack, slowness, until

pytestmark = pytest.mark.browser


@pytest.fixture
def api(county: Stack, officer: dict[str, str]) -> Api:
    return county.login(officer["username"], officer["password"])


def called(api: Api, warning: dict[str, Any]) -> dict[str, Any] | None:
    """The call to this warning that this officer has not answered yet."""
    items = [duty for duty in api.get("/duties", view="mine")["items"] if is_of(duty, warning)]
    return next((duty for duty in items if any(a["verb"] == "answer" and a["allowed"] for a in duty["actions"])), None)


def test_a_wrong_password_is_said_and_what_was_typed_stays(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page()
    page.goto("/login")
    page.get_by_label("用户名").fill(officer["username"])
    page.get_by_label("密码", exact=True).fill("not-the-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对")
    expect(page.get_by_label("用户名")).to_have_value(officer["username"])


def test_a_press_with_nothing_typed_leads_to_the_field(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/login")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_label("用户名")).to_be_focused()
    page.goto("/setup")
    page.get_by_role("button", name="立管理员").click()
    expect(page.get_by_label("设置码")).to_be_focused()


def test_the_login_leads_back_but_never_away(
    open_page: Callable[..., Page], officer: dict[str, str], county: Stack
) -> None:
    page = open_page()
    page.goto("/points?q=x")
    page.wait_for_url("**/login?next=*")
    page.get_by_label("用户名").fill(officer["username"])
    page.get_by_label("密码", exact=True).fill(officer["password"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/points?q=x")
    page.goto("/login?next=//elsewhere.invalid/")
    page.get_by_label("用户名").fill(officer["username"])
    page.get_by_label("密码", exact=True).fill(officer["password"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"{county.url}/")


def test_the_desk_answers_a_call_in_one_press(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], api: Api
) -> None:
    duty = until(lambda: called(api, warning), 60, "an unanswered call")
    page = open_page(login=officer)
    row = page.locator(".duty").filter(has_text=duty["title"]).filter(has=page.get_by_role("button", name="应答")).first
    row.get_by_role("button", name="应答").click()
    until(lambda: api.get(f"/duties/{duty['id']}")["state"] != "called" or None, 10, "the duty answered")
    expect(page.locator(".inkbars")).to_have_count(0)


def test_the_phone_answers_without_scrolling(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], api: Api
) -> None:
    duty = api.get("/duties", view="mine")["items"][0]
    page = open_page(PHONE, login=officer, at=f"/answer/{duty['id']}")
    expect(page.locator(".ahead h1")).to_be_visible()
    acts = page.locator(".answer-acts").bounding_box()
    assert acts is not None
    assert acts["y"] + acts["height"] <= PHONE["height"] + 1
    yes = page.locator(".answer-yes")
    if yes.count():
        box = yes.bounding_box()
        assert box is not None
        assert box["height"] >= 72


def test_clocks_run_on_the_page(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer)
    clock = page.locator(".live")
    first = clock.inner_text()
    expect(clock).not_to_have_text(first, timeout=3000)


def test_a_warning_is_verified_in_order_of_law(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], api: Api
) -> None:
    page = open_page(login=officer, at=f"/warnings/{warning['id']}")
    expect(page.locator(".curve svg").first).to_be_visible()  # what comes late moves what is to be pressed
    bar = page.locator(".actbar-desk")
    close = bar.get_by_role("button", name="关闭")
    expect(close).to_be_disabled()
    expect(bar.locator(".actbar-why")).not_to_be_empty()
    verify = bar.get_by_role("button", name="核实")
    if verify.is_disabled():
        pytest.fail(f"nobody may verify {warning['number']}: {bar.inner_text()}")
    verify.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="核实").click()
    expect(dialog.get_by_role("alert")).to_contain_text("先选核实结果")
    dialog.get_by_text("真警", exact=True).click()
    dialog.get_by_role("textbox").fill("看了相邻测点，读数一致")
    dialog.get_by_role("button", name="核实").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert api.get(f"/warnings/{warning['id']}")["result"] == "real"
    expect(page.locator(".timeline")).to_contain_text("看了相邻测点")


def test_filters_live_in_the_address(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, at="/warnings?tab=all")
    rows = page.locator(".restable tbody tr")
    expect(rows.first).to_be_visible()
    for number, level in ((4, "红色"), (1, "蓝色")):
        page.locator(".levels").get_by_role("button", name=level).click()
        expect(page).to_have_url(re.compile(rf"level={number}"))
        page.reload()
        expect(page.locator(".levels").get_by_role("button", name=level)).to_have_attribute("aria-pressed", "true")
        # A warning may rise meanwhile: what is shown is of the level asked for, or the page says there is none.
        expect(rows.first.or_(page.get_by_text("没有合条件的"))).to_be_visible()
        assert all(level in text for text in rows.all_inner_texts())


def test_the_keyboard_goes_everywhere(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], county: Stack
) -> None:
    page = open_page(login=officer)
    expect(page.locator(".desk-sentence h1")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url("**/warnings")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    page.locator(".restable a").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/warnings/\d+"))
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(f"{county.url}/")
    page.keyboard.press("/")
    page.keyboard.type(warning["number"])
    expect(page.get_by_role("option").first).to_contain_text(warning["number"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/warnings/{warning['id']}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("g d")


def test_the_keyboard_walks_the_desk_and_opens_the_acts(
    open_page: Callable[..., Page],
    officer: dict[str, str],
    warning: dict[str, Any],
    busy: tuple[dict[str, str], dict[str, Any]],
) -> None:
    page = open_page(login=busy[0])
    rows = page.locator(".duty")
    expect(rows.first).to_be_visible()
    page.keyboard.press("j")
    expect(rows.first.locator(":focus")).to_have_count(1)
    if rows.count() > 1:
        page.keyboard.press("j")
        expect(rows.nth(1).locator(":focus")).to_have_count(1)
    page = open_page(login=officer, at=f"/warnings/{warning['id']}")
    allowed = page.locator(".actbar-desk button:enabled").first
    expect(allowed).to_be_visible()
    number = page.locator(".actbar-desk button").all_inner_texts().index(allowed.inner_text()) + 1
    page.keyboard.press(str(number))
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_phone_searches_and_arrives_at_the_top(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(PHONE, login=officer, at="/points")
    expect(page.locator(".restable tbody tr").first).to_be_visible()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    toggle = page.get_by_role("button", name="找", exact=True)
    box = toggle.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 48
    toggle.click()
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type(warning["number"])
    hit = page.get_by_role("option").filter(has_text=warning["number"])
    expect(hit).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    hit.click()
    page.wait_for_url(f"**/warnings/{warning['id']}")
    expect(page.locator(".whead h1")).to_be_in_viewport()
    assert page.evaluate("window.scrollY") == 0
    expect(page.locator("#search")).to_be_hidden()


def test_search_finds_an_enterprise_whose_file_leads_to_its_sites_and_back(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, at="/warnings")
    name = warning["site"]["organisation"]
    page.locator("#search").fill(name)
    hit = page.get_by_role("option").filter(has_text="企业档案").first
    expect(hit).to_contain_text(name)
    hit.click()
    page.wait_for_url("**/enterprises/*")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    # The worst that is open is the first sentence.
    worst = page.locator(".dossier-sentence a").first
    expect(worst).to_contain_text(warning["site"]["name"])
    page.locator(".enterprise-sites").get_by_role("link", name=warning["site"]["name"]).click()
    page.wait_for_url(f"**/sites/{warning['site']['id']}")
    page.locator(".dossier-head").get_by_role("link", name=name).click()
    page.wait_for_url("**/enterprises/*")
    page.get_by_role("tab", name="人和岗位").click()
    expect(page.locator(".ostaff")).to_contain_text("矿长")


def test_a_shift_is_handed_over_by_a_note_and_never_left_to_nobody(
    open_page: Callable[..., Page], officer: dict[str, str], api: Api
) -> None:
    api.try_post("/roster/sign-in")  # at eight the next watch began, and nobody has signed in to it
    page = open_page(login=officer)
    page.locator(".side-mine").get_by_role("link", name="交班").click()
    note = page.get_by_role("dialog")
    expect(note.get_by_role("button", name="签字交班")).to_be_visible()
    assert "hand=" not in page.url, "going back does not open it again"
    states = {row["post"]: row["state"] for row in api.get("/roster/today")["items"]}
    assert states["值班员"] == "on_duty"


def test_the_points_of_one_site_lead_back_to_all(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, at=f"/points?site={warning['site']['id']}")
    page.get_by_role("button", name=f"只看 {warning['site']['name']}").click()
    page.wait_for_url("**/points")
    expect(page.get_by_role("button", name="只看")).to_have_count(0)


def test_the_curve_ends_at_the_newest_reading(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], api: Api
) -> None:
    page = open_page(login=officer, at=f"/points/{warning['point']['id']}")
    told = page.locator(".curve svg[role=img]")
    page.get_by_text("24 小时", exact=True).click()
    expect(told).to_be_visible()
    seen = re.search(r"最新 ([\d.,]+)", told.get_attribute("aria-label") or "")
    assert seen is not None
    stamp = "%Y-%m-%dT%H:%M:%SZ"

    def told_by_the_history() -> bool:
        start, end = (time.strftime(stamp, time.gmtime(time.time() + away)) for away in (-120, 5))
        raw = api.get("/readings", point=warning["point"]["id"], start=start, end=end)["items"]
        return seen.group(1) in {f"{reading['value']:.2f}" for reading in raw if reading["value"] is not None}

    # The page shows a point's latest value a moment before the history has it.
    until(told_by_the_history, 20, f"{seen.group(1)} is among the readings of the last two minutes")


def test_what_others_do_appears_by_itself(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], api: Api
) -> None:
    page = open_page(login=officer, at=f"/warnings/{warning['id']}")
    expect(page.locator(".timeline")).to_be_visible()
    expect(page.locator(".timeline")).not_to_contain_text("停止放矿，开降水井")
    act = next(
        (a for a in api.get(f"/warnings/{warning['id']}")["actions"] if a["allowed"] and a["verb"] == "dispose"), None
    )
    assert act is not None, "a verified warning may be disposed of"
    api.post(f"/warnings/{warning['id']}/dispose", note="停止放矿，开降水井", withdraw=False)
    expect(page.locator(".timeline")).to_contain_text("停止放矿，开降水井", timeout=5000)


def test_a_lost_line_is_said_and_heals(open_page: Callable[..., Page], officer: dict[str, str], county: Stack) -> None:
    page = open_page(login=officer, may_fail=True)
    expect(page.locator(".live")).to_contain_text("实时")
    county.kill("web")
    expect(page.locator(".inkbars")).to_contain_text("断了")
    expect(page.locator(".live")).to_contain_text("实时", timeout=30_000)
    expect(page.locator(".inkbars").filter(has_text="断了")).to_have_count(0)


def test_a_page_without_its_worker_listens_alone(
    open_page: Callable[..., Page], officer: dict[str, str], county: Stack
) -> None:
    """The county may fail between the page and the worker all pages share: then the page said 实时 for ever."""
    page = open_page(may_fail=True)
    page.add_init_script(
        "const Shared = SharedWorker;"
        "window.SharedWorker = class extends Shared { constructor(url, how) { super('/assets/gone.js', how); } };"
    )
    sign_in(page, officer)
    expect(page.locator(".live")).to_contain_text("实时")
    county.kill("web")
    expect(page.locator(".inkbars")).to_contain_text("断了")
    expect(page.locator(".live")).to_contain_text("实时", timeout=30_000)


def test_the_desk_is_usable_within_two_seconds_on_a_slow_machine(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(login=officer)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    taken, pace = [], slowness()
    while len(taken) < 6 and (len(taken) < 3 or min(taken) >= 2.0):
        began = time.monotonic()
        page.goto("/", wait_until="commit")
        page.locator(".desk-sentence h1").wait_for()
        taken.append(time.monotonic() - began)
        pace = max(pace, slowness())
    # Two seconds of a machine that does nothing else; beside another worker as much more as it is slower.
    assert min(taken) < 2.0 or min(taken) < 3.0 * pace, (taken, pace)


def test_menus_and_lists_open_where_motion_is_switched_off(
    open_page: Callable[..., Page], logins: list[dict[str, str]], county: Stack
) -> None:
    """Many office machines switch it off: what waits for the end of an animation that never runs stays away.

    Off the screen it is still "visible": whether it is where one can press it is asked by its place.
    """
    keeper = next(
        one
        for one in logins
        if county.login(one["username"], one["password"]).get("/session")["user"]["role"] == "administrator"
    )
    page = open_page(login=keeper, at="/people/accounts", still=True)
    page.locator(".mypost").click()
    expect(page.get_by_role("menuitem", name="我的账号")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("menuitem", name="我的账号")).to_be_hidden()
    page.get_by_role("button", name="改", exact=True).first.click()
    page.locator(".ant-modal .ant-select").first.click()
    expect(page.locator(".ant-select-item-option").first).to_be_in_viewport(ratio=1)
    page.goto("/licences")
    page.locator("main .ant-select").first.click()
    expect(page.locator(".ant-select-item-option").first).to_be_in_viewport(ratio=1)


def test_a_phone_reaches_the_rooms_behind_more(officer, open_page) -> None:
    page = open_page(PHONE, login=officer)
    page.get_by_role("button", name="更多").click()
    page.get_by_role("dialog").get_by_role("link", name="企业").click()
    page.wait_for_url("**/sites")
    expect(page.get_by_role("dialog")).to_be_hidden()
