"""What the face says and keeps when something fails: a part that does not come, a photograph lost, an old answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, STILL, my_menu, sign_in
from tests.browser.test_people import login_of
from tests.stack import Stack

pytestmark = pytest.mark.browser


def photograph(shade: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), (shade, shade, shade)).save(out, "JPEG")
    return out.getvalue()


def test_a_part_that_does_not_come_leaves_the_bar_and_comes_when_asked_again(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(login=officer, may_fail=True)
    expect(page.locator(".topbar")).to_be_visible()
    page.route("**/assets/Sites-*.js", lambda route: route.abort())
    page.evaluate("window.here = true")
    sites = page.locator("nav a[href='/sites']").first
    sites.click()
    said = page.get_by_role("main").get_by_role("alert")
    expect(said).to_contain_text("这一页没取到")
    expect(page.locator(".topbar .counts a")).to_have_count(4)
    page.unroute("**/assets/Sites-*.js")
    # Elsewhere all works, without loading anew.
    page.locator("nav a[href='/warnings']").first.click()
    expect(page.locator(".restable")).to_be_visible()
    assert page.evaluate("window.here"), "the page was loaded anew"
    sites.click()
    retry = page.get_by_role("button", name="重新载入")
    # Until the next page is here the last one stands, and it has a heading too.
    listed = page.locator("main h1:not(.unseen)")
    expect(listed.or_(retry).first).to_be_visible()
    if retry.is_visible():  # an engine that keeps a failed module: only loading anew fetches it
        retry.click()
    expect(listed).to_be_visible()


def test_a_part_of_an_old_build_is_helped_by_the_new_one(
    open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(login=officer, may_fail=True)

    def renewed(route: Route) -> None:
        if route.request.resource_type == "fetch":
            route.fulfill(body='<script type="module" src="/assets/index-new.js"></script>', content_type="text/html")
        else:
            route.continue_()

    page.route(re.compile(r"//[^/]+/$"), renewed)
    page.route("**/assets/Sites-*.js", lambda route: route.abort(), times=1)
    expect(page.locator(".topbar")).to_be_visible()
    page.evaluate("window.here = true")
    page.locator("nav a[href='/sites']").first.click()
    expect(page.locator(".restable")).to_be_visible()
    assert page.evaluate("window.here === undefined"), "the page was loaded anew"


def test_a_page_that_crashes_leaves_the_bar_and_the_other_pages(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, may_fail=True)
    page.route(f"**/api/v1/warnings/{warning['id']}", lambda route: route.fulfill(json={"id": warning["id"]}))
    page.goto(f"/warnings/{warning['id']}")
    said = page.get_by_role("main").get_by_role("alert")
    expect(said).to_contain_text("这一页出错了")
    expect(page.locator(".topbar .counts a")).to_have_count(4)
    page.unroute(f"**/api/v1/warnings/{warning['id']}")
    page.locator("nav a[href='/warnings']").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(said).to_have_count(0)


def unreachable(page: Page, only: str = "") -> None:
    """Photographs do not get through any more; with `only`, those of this SHA-256."""
    page.route(
        re.compile(rf"/evidence/{only}"),
        lambda route: route.abort() if route.request.method == "PUT" else route.continue_(),
    )


def choose(page: Page, *shades: int) -> None:
    files = [{"name": f"现场{n}.jpg", "mimeType": "image/jpeg", "buffer": photograph(n)} for n in shades]
    page.get_by_label("选照片").set_input_files(files)  # type: ignore[arg-type]


def on_device(page: Page) -> int:
    """How many photographs lie in this browser's own database, asked past the face."""
    return int(
        page.evaluate(
            """() => new Promise((resolve, reject) => {
              const asked = indexedDB.open("shoutu.outbox");
              asked.onerror = () => reject(asked.error);
              asked.onsuccess = () => {
                const count = asked.result.transaction("photographs").objectStore("photographs").count();
                count.onsuccess = () => { asked.result.close(); resolve(count.result); };
              };
            })"""
        )
    )


def test_a_photograph_that_is_lost_is_named_and_sent_again(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(PHONE, login=officer, may_fail=True, at=f"/warnings/{warning['id']}")
    expect(page.get_by_role("button", name="选照片")).to_be_visible()
    before = page.locator(".evidence img").count()
    unreachable(page, only=hashlib.sha256(photograph(12)).hexdigest())
    choose(page, 11, 12, 13)
    lost = page.locator(".evidence-lost")
    expect(lost).to_contain_text("1 张没传到县里")
    expect(lost).to_contain_text("现场12.jpg")
    expect(lost.locator("li")).to_have_count(1)
    expect(page.locator(".evidence img")).to_have_count(before + 2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    for button in (lost.get_by_role("button", name="再传"), lost.get_by_role("button", name="删掉")):
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    page.unroute_all()
    lost.get_by_role("button", name="再传").click()
    expect(lost).to_have_count(0)
    expect(page.locator(".evidence img")).to_have_count(before + 3)
    assert on_device(page) == 0, "what the county has lies here no longer"


def test_photographs_outlive_the_page_and_are_not_left_behind_unsaid(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any], county: Stack
) -> None:
    page = open_page(PHONE, login=officer, may_fail=True)
    api = county.login(officer["username"], officer["password"])

    def there() -> set[str]:
        return {one["sha256"] for one in api.get(f"/warnings/{warning['id']}")["evidence"]}

    page.goto(f"/warnings/{warning['id']}")
    unreachable(page)
    choose(page, 21, 22)
    expect(page.locator(".evidence-lost")).to_contain_text("2 张没传到县里")
    page.goto("/")
    expect(page.locator(".inkbars")).to_contain_text("2 张照片还没传到县里")
    page.locator(".inkbars p", has_text="照片还没传到县里").get_by_role("link", name="去看").click()
    expect(page.locator(".evidence-unsent li")).to_have_count(2)
    # Who leaves is told, and nothing is cleared by looking.
    my_menu(page, "退出")
    box = page.get_by_role("dialog")
    expect(box).to_contain_text("2 张照片")
    expect(box).to_contain_text("找不回来")
    page.wait_for_function(STILL)
    assert on_device(page) == 2
    page.unroute_all()
    box.get_by_role("button", name="先传").click()
    expect(box).to_contain_text("都传到县里了")
    assert {hashlib.sha256(photograph(n)).hexdigest() for n in (21, 22)} <= there()
    assert on_device(page) == 0
    box.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login*")


def test_leaving_anyway_leaves_nothing_on_this_machine(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, may_fail=True, at=f"/warnings/{warning['id']}")
    unreachable(page)
    choose(page, 31)
    expect(page.locator(".evidence-lost")).to_be_visible()
    my_menu(page, "退出")
    box = page.get_by_role("dialog")
    page.route("**/api/v1/session/oidc/end", lambda route: route.abort())
    expect(box.get_by_role("button", name="清掉并退出")).to_be_visible()
    page.wait_for_function(STILL)
    box.get_by_role("button", name="清掉并退出").click()
    expect(box.get_by_role("alert")).to_contain_text("没退出")
    assert on_device(page) == 1, "who could not sign out keeps what is theirs"
    page.unroute_all()
    unreachable(page)
    box.get_by_role("button", name="清掉并退出").click()
    page.wait_for_url("**/login*")
    assert on_device(page) == 0
    sign_in(page, officer)
    page.goto(f"/warnings/{warning['id']}")
    expect(page.get_by_role("button", name="选照片")).to_be_visible()
    expect(page.locator(".evidence-unsent")).to_have_count(0)


def test_a_photograph_carries_when_and_where_it_was_taken(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(PHONE, login=officer)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 111.962, "latitude": 36.028, "accuracy": 12})
    page.goto(f"/warnings/{warning['id']}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="拍照").click()
    chooser.value.set_files({"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photograph(41)})
    shown = page.locator(".evidence li").filter(has_text=hashlib.sha256(photograph(41)).hexdigest()[:8])
    expect(shown).to_contain_text("36.0280, 111.9620 ±12 m")
    expect(shown).to_contain_text("现场拍摄")


def test_coming_back_says_why_it_did_not(
    open_page: Callable[..., Page], county: Stack, logins: list[dict[str, str]]
) -> None:
    admin = login_of(county, logins, "administrator")
    api = county.login(admin["username"], admin["password"])
    person = next(one for one in api.get("/persons", limit=100)["items"] if one["organisation"] and one["posts"])
    leave = api.post("/leaves", person=person["id"], reason="trip", until="2099-01-01T00:00:00+08:00")
    page = open_page(login=admin, may_fail=True)
    page.goto(f"/people/organisations?organisation={person['organisation']['id']}")
    line = page.locator("li.person").filter(has_text=person["name"]).first
    back = line.get_by_role("button", name=re.compile("回岗"))
    back.click()
    page.route("**/end", lambda route: route.abort())
    back.click()
    expect(line.get_by_role("alert")).to_contain_text("网络断了")
    page.unroute("**/end")
    api.post(f"/leaves/{leave['id']}/end")
    page.route("**/api/v1/persons*", lambda route: route.abort())
    back.click()
    expect(line.get_by_role("alert")).to_contain_text("现在没有在休的假")


def test_a_file_that_cannot_be_asked_after_is_no_endless_loading(
    open_page: Callable[..., Page], county: Stack, logins: list[dict[str, str]]
) -> None:
    page = open_page(login=login_of(county, logins, "administrator"), may_fail=True, at="/people/organisations")
    page.route(re.compile(r"/api/v1/imports/\d+$"), lambda route: route.abort())
    page.get_by_role("button", name="导入组织").or_(page.get_by_role("button", name="导入")).first.click()
    box = page.get_by_role("dialog")
    box.locator("input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": "名称\n某某镇\n".encode()}
    )
    expect(box.get_by_role("button", name="再试一次")).to_be_visible(timeout=30_000)
    page.unroute(re.compile(r"/api/v1/imports/\d+$"))
    box.get_by_role("button", name="再试一次").click()
    expect(box.get_by_role("button", name="再试一次")).to_have_count(0)
    expect(box.get_by_text("a.csv")).to_be_visible()


def test_weather_that_cannot_be_fetched_is_not_no_weather(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, may_fail=True)
    page.route("**/api/v1/sites/*/weather*", lambda route: route.abort())
    page.goto(f"/sites/{warning['site']['id']}")
    expect(page.get_by_role("main").get_by_text("没取到气象")).to_be_visible(timeout=30_000)


def test_a_report_written_before_is_offered_by_its_time_and_kept_by_kind(
    open_page: Callable[..., Page], officer: dict[str, str], county: Stack, warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, may_fail=True)
    address = f"/warnings/{warning['id']}/report"
    page.goto(address)
    text = page.get_by_label("内容", exact=True)
    expect(text).not_to_be_empty()
    # Opened and left: nothing was written, so nothing is kept.
    page.reload()
    expect(text).not_to_be_empty()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('kept:'))") == []
    text.fill("坝顶有人看守。")
    kinds = page.locator(".report-kinds button")
    others = kinds.count()
    if others > 1:
        own = page.locator(".report-kinds button[aria-checked=true]").inner_text()
        page.locator(".report-kinds button[aria-checked=false]").first.click()
        expect(text).not_to_have_value("坝顶有人看守。")
        text.fill("另一种。")
        kinds.filter(has_text=own).click()
        expect(text).to_have_value("坝顶有人看守。")
    page.goto("/")
    page.goto(address)
    expect(page.get_by_text("上次写的还没报")).to_be_visible()
    expect(page.locator(".report-before")).to_contain_text("坝顶有人看守。")
    page.get_by_role("button", name="重拟").click()
    expect(text).to_have_value(re.compile(re.escape(warning["number"])))
    page.reload()
    page.get_by_role("button", name=re.compile("^接着写")).click()
    expect(text).to_have_value("坝顶有人看守。")
    my_menu(page, "退出")
    box = page.get_by_role("dialog")
    expect(box).to_contain_text("没报出的草稿")
    page.wait_for_function(STILL)
    box.get_by_role("button", name="清掉并退出").click()
    page.wait_for_url("**/login*")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('kept:'))") == []
    sign_in(page, officer)
    page.goto(address)
    expect(text).to_have_value(re.compile(re.escape(warning["number"])))


def test_a_report_whose_answer_was_lost_is_not_recorded_twice_and_its_correction_is_not_lost_silently(
    open_page: Callable[..., Page], officer: dict[str, str], county: Stack, warning: dict[str, Any]
) -> None:
    api = county.login(officer["username"], officer["password"])
    before = len(api.get(f"/warnings/{warning['id']}/reports")["items"])
    page = open_page(login=officer, may_fail=True, at=f"/warnings/{warning['id']}/report")
    text = page.get_by_label("内容", exact=True)
    text.fill("坝顶有人看守，撤出 30 人。")
    for field in page.get_by_label(re.compile("：报给谁、号码$")).all():
        field.fill("值班室")

    def answer_lost(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/reports", answer_lost)
    send = page.get_by_role("button", name="上报", exact=True)
    send.click()
    said = page.locator(".report-side .notsaved")
    expect(said).to_contain_text("网络断了")
    page.unroute("**/reports")
    text.fill("坝顶有人看守，撤出 35 人。")
    send.click()
    expect(said).to_contain_text("这次没记")
    assert len(api.get(f"/warnings/{warning['id']}/reports")["items"]) == before + 1
    # What was written is still there, and what was recorded is one press away.
    expect(text).to_have_value("坝顶有人看守，撤出 35 人。")
    said.get_by_role("link", name="看已记下的").click()
    page.wait_for_url(re.compile(r"/reports/\d+$"))
    expect(page.locator(".report-paper")).to_contain_text("撤出 30 人")


def test_a_report_whose_facts_have_changed_is_held_back_and_says_what(
    open_page: Callable[..., Page], officer: dict[str, str], warning: dict[str, Any]
) -> None:
    page = open_page(login=officer, may_fail=True, at=f"/warnings/{warning['id']}/report")
    text = page.get_by_label("内容", exact=True)
    text.fill("坝顶有人看守。")
    for field in page.get_by_label(re.compile("：报给谁、号码$")).all():
        field.fill("值班室")
    told = {"status": 409, "code": "report.stale", "detail": "拟稿之后情况有变。共12人。", "facts": {"people": "now"}}

    def stale(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(told))
        else:
            route.continue_()

    page.route("**/reports", stale)

    def sent(name: str) -> dict[str, Any]:
        """What pressing it sends."""
        with page.expect_request(lambda one: one.method == "POST" and one.url.endswith("/reports")) as asked:
            # The sign that it is under way may still be on it when the answer comes at once.
            page.get_by_role("button", name=re.compile(f"{name}$")).click()
        body: dict[str, Any] = asked.value.post_data_json
        return body

    assert set(sent("上报")["facts"]) == {"state", "people", "verified", "steps"}
    said = page.locator(".report-side .notsaved")
    expect(said).to_contain_text("共12人")
    said.get_by_role("button", name="换成新稿").click()
    expect(text).to_have_value(re.compile(re.escape(warning["number"])))
    expect(said).to_have_count(0)
    sent("上报")
    expect(said).to_contain_text("共12人")
    # Whoever reads what changed and corrects the text themselves sends it knowing that.
    text.fill("坝顶有人看守，共12人。")
    own = sent("上报")
    assert (own["facts"], own["as_it_stands"]) == ({"people": "now"}, False)
    assert sent("照原稿报出")["as_it_stands"] is True
