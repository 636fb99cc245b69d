"""The face on a telephone: installed, opened without a line, used there, and what it then says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, my_menu
from tests.stack import Api, Stack, until

pytestmark = pytest.mark.browser
READY = """() => Promise.race([
  navigator.serviceWorker.ready.then(() => true),
  new Promise((resolve) => setTimeout(resolve, 30_000, false)),
])"""
KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("shoutu.answers");
  asked.onsuccess = () => {
    const names = asked.result.objectStoreNames;
    if (!names.contains("answers")) return resolve([]);
    const all = asked.result.transaction("answers").objectStore("answers").getAll();
    all.onsuccess = () => { asked.result.close(); resolve(all.result.map((one) => one.id)); };
  };
})"""
HOLDS = f"""([mine, others]) => ({KEPT})().then((ids) => {{
  const of = ids.filter((id) => id.startsWith(`${{mine}}:`));
  return others ? ids.length > of.length && of.length === 0 : of.length > 0;
}})"""


def test_it_can_be_installed_by_the_countys_name(county: Stack, open_page: Callable[..., Page]) -> None:
    name = Api(county.url).get("/hello")["county"]["name"]
    page = open_page(PHONE, worker=True)
    page.goto("/login")
    told = page.evaluate(
        """async () => {
          const link = document.querySelector('link[rel=manifest]').href;
          const manifest = await (await fetch(link)).json();
          const icons = await Promise.all(manifest.icons.map(async ({ src, sizes }) => {
            const image = new Image(); image.src = src; await image.decode();
            return `${image.naturalWidth}x${image.naturalHeight}` === sizes;
          }));
          return { manifest, icons };
        }"""
    )
    assert told["manifest"]["name"] == f"守土 {name}"
    assert told["manifest"]["display"] == "standalone"
    assert told["icons"] == [True, True, True]
    assert {icon["purpose"] for icon in told["manifest"]["icons"]} == {"any", "maskable"}
    assert page.evaluate(READY)


def test_my_work_is_read_without_a_line_as_old_and_goes_when_i_leave(
    open_page: Callable[..., Page], busy: tuple[dict[str, str], dict[str, Any]]
) -> None:
    login, duty = busy
    page = open_page(PHONE, login=login, worker=True, may_fail=True)  # requests without a line fail
    sentence = page.get_by_role("heading", level=1)
    expect(sentence).to_be_visible()
    assert page.evaluate(READY)
    page.goto(f"/answer/{duty['id']}")
    heading = page.get_by_role("heading", level=2)
    expect(heading).to_be_visible()
    until(lambda: any(f'"one",{duty["id"]}' in one for one in page.evaluate(KEPT)), 15, "the duty is kept")

    page.route(re.compile(rf"/api/v1/duties/{duty['id']}$"), lambda route: route.abort())
    page.reload()
    expect(heading).to_be_visible()  # who I am was answered, this was not
    expect(page.get_by_role("alert").filter(has_text="停在")).to_be_visible()
    page.unroute_all()

    page.context.set_offline(True)
    page.reload()
    expect(heading).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="连不上县里")).to_contain_text(re.compile(r"停在 .*前的样子"))
    page.goto("/")
    expect(sentence).not_to_be_empty()
    expect(page.get_by_role("alert").filter(has_text="停在")).to_be_visible()

    page.context.set_offline(False)
    expect(page.get_by_role("alert").filter(has_text="停在")).to_have_count(0)
    my_menu(page, "退出")
    page.wait_for_url("**/login")
    assert page.evaluate(KEPT) == [], "nothing of mine stays on this device"
    page.context.set_offline(True)
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("网络断了")
    expect(page.locator(".shell, .answer")).to_have_count(0)


def test_what_one_left_is_not_anothers_and_an_ended_session_shows_nothing(
    county: Stack, open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    first, second = logins[0], logins[1]
    page = open_page(PHONE, login=first, worker=True, may_fail=True)
    assert page.evaluate(READY)
    mine = county.login(first["username"], first["password"]).get("/session")["user"]["id"]
    until(lambda: page.evaluate(HOLDS, [mine, False]), 15, "mine is kept")
    other = county.login(second["username"], second["password"]).client.cookies
    page.context.add_cookies([{"name": one, "value": other[one], "url": county.url} for one in other])
    page.reload()
    until(lambda: page.evaluate(HOLDS, [mine, True]), 15, "the other's is kept, and mine is gone")
    page.context.clear_cookies()
    page.reload()
    page.wait_for_url("**/login**")
    until(lambda: page.evaluate(KEPT) == [], 15, "nothing is kept")


def test_a_call_answered_without_a_line_is_held_told_once_and_kept_with_both_times(
    county: Stack, open_page: Callable[..., Page], logins: list[dict[str, str]], warning: dict[str, Any]
) -> None:
    found = None
    for login in logins:
        items = county.login(login["username"], login["password"]).get("/duties", view="mine")["items"]
        may = [one for one in items if any(act["verb"] == "answer" and act["allowed"] for act in one["actions"])]
        if may:
            found = login, may[-1]
            break
    assert found is not None, f"somebody is called, after {warning['number']}"
    login, duty = found
    page = open_page(PHONE, login=login, worker=True, may_fail=True, at=f"/answer/{duty['id']}")
    yes = page.get_by_role("button", name="应答，我来处置")
    expect(yes).to_be_visible()
    assert page.evaluate(READY)
    page.context.set_offline(True)
    yes.click()
    held = page.locator(".held")
    expect(held).to_contain_text("还没送到县里")
    expect(yes).to_have_count(0)
    api = county.login(login["username"], login["password"])
    assert api.get(f"/duties/{duty['id']}")["state"] == "called", "the county does not know, and nobody says it does"
    # Closed and opened again without a line: still there, and leaving warns.
    page.goto("/")
    expect(held).to_contain_text("应答")
    my_menu(page, "退出")
    expect(page.get_by_role("dialog")).to_contain_text("只在这台机器上")
    page.keyboard.press("Escape")

    page.context.set_offline(False)
    until(lambda: api.get(f"/duties/{duty['id']}")["state"] != "called", 40, "the answer has come")
    expect(held).to_have_count(0)
    lines = [line["text"] for line in api.get(f"/duties/{duty['id']}")["timeline"] if "应答（" in line["text"]]
    assert len(lines) == 1, "once, however often it was sent"


def test_leaving_asks_where_the_disk_does_not_say_what_lies_there(
    open_page: Callable[..., Page], logins: list[dict[str, str]]
) -> None:
    page = open_page(PHONE, login=logins[0])
    page.add_init_script(
        """const open = IDBFactory.prototype.open;
        IDBFactory.prototype.open = function (name, ...rest) {
          const asked = open.call(this, name, ...rest);
          if (name === "shoutu.outbox") asked.addEventListener("success", (event) => event.stopImmediatePropagation());
          return asked;
        };"""
    )
    page.reload()
    my_menu(page, "退出")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("现在读不出来")
    dialog.get_by_role("button", name="清掉并退出").click()
    page.wait_for_url("**/login")


def test_a_call_is_shown_outside_the_page_when_nobody_looks_at_it_and_a_press_opens_it(
    county: Stack,
    open_page: Callable[..., Page],
    officer: dict[str, str],
    logins: list[dict[str, str]],
    warning: dict[str, Any],
) -> None:
    found = None
    for login in logins:
        items = county.login(login["username"], login["password"]).get("/duties", view="mine")["items"]
        may = [
            one
            for one in items
            if one["subject"]["type"] == "warning"
            and any(act["verb"] == "answer" and act["allowed"] for act in one["actions"])
        ]
        if may and login["username"] != officer["username"]:
            found = login, may[0]
            break
    assert found is not None, f"somebody is called, after {warning['number']}"
    login, duty = found
    page = open_page(PHONE, login=login, worker=True, whole=True)
    page.context.grant_permissions(["notifications"])
    assert page.evaluate(READY)
    page.goto("/mine")
    page.get_by_role("button", name="开提醒").click()
    expect(page.get_by_role("button", name="关提醒")).to_be_visible()
    page.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    shown = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
        .map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url }))"""
    assert page.evaluate(shown) == []
    again = county.login(officer["username"], officer["password"])
    until(lambda: again.try_post(f"/duties/{duty['id']}/recall").is_success, 45, "called again")
    tag = f"call-{duty['id']}"
    mine = until(lambda: next((one for one in page.evaluate(shown) if one["tag"] == tag), None), 30, "it is shown")
    assert mine["url"] == f"/answer/{duty['id']}"
    assert mine["title"].endswith("预警，等你应答")
    # What the service worker sends the page when it is pressed.
    worker = page.context.service_workers[0]
    worker.evaluate(
        "async (open) => { for (const one of await self.clients.matchAll()) one.postMessage({ open }); }", mine["url"]
    )
    page.wait_for_url(f"**/answer/{duty['id']}")
    county.login(login["username"], login["password"]).post(f"/duties/{duty['id']}/answer")
    until(lambda: all(one["tag"] != tag for one in page.evaluate(shown)), 30, "it is taken back")
