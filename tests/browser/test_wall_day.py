"""The wall for a day: ten thousand events over the real stream, its pages turned the while, and the page holds no more
at the end than early on.

A busy day of the demo county has some hundreds of events; ten thousand are more than any day's, and a leak of one
object an event would show. What changes is real, too: levels of real points go up and down through the wing's door.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import CDPSession, Page, Playwright, expect

from bench.machine import memory
from tests.browser.conftest import DIST, WIDE
from tests.stack import Api, Stack, running, until

pytestmark = [pytest.mark.browser, pytest.mark.full]
STAGE, STAGES = 2_000, 5
PER_SECOND = 50
POINTS = 6
ROWS = 6
PAGES = 6
"""So many of the warnings stand on the wall, the others are counted."""
PLAIN = {"sites_watched", "duties_today", "duties_late", "warnings_today", "findings"}

PUSH = """
import itertools, sys, time
from shoutu.county.setup import ready
ready()
from django.db import transaction
from shoutu.county.duties.models import Duty
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import COUNTY, ref
from shoutu.county.places.models import Site
from shoutu.county.warnings.models import Warning

count, pace = int(sys.argv[1]), float(sys.argv[2])
told = [("duty.receipt", ref(one)) for one in Duty.objects.order_by("-id")[:7]]
told += [("screen.sound_acknowledged", ref(one)) for one in Warning.objects.order_by("-id")[:7]]
told += [("site.located", ref(one)) for one in Site.objects.order_by("id")[:7]]
told += [("status.alarm", COUNTY), ("point.unclaimed", COUNTY)]
turn, begun, sent = itertools.cycle(told), time.monotonic(), 0
while sent < count:
    time.sleep(max(0.0, begun + sent / pace - time.monotonic()))
    with transaction.atomic():
        for _ in range(min(10, count - sent)):
            emit(*next(turn))
            sent += 1
"""
"""Events of every kind the wall listens to, as the services emit them, in small transactions."""

HEARD = """
window.heard = 0;
const given = window.SharedWorker;
window.SharedWorker = class extends given {
  constructor(...how) {
    super(...how);
    this.port.addEventListener("message", (event) => { if (event.data.kind === "change") window.heard += 1; });
  }
};
"""


@pytest.fixture
def wall(tmp_path: Path, _playwright: Playwright) -> Iterator[tuple[Stack, Page, list[str]]]:
    """A county of its own, and its screen in a browser that tells what it holds."""
    if not (DIST / "index.html").is_file():
        pytest.fail("web/dist is missing: build the face first (make setup)")
    chromium = shutil.which("chromium")
    assert chromium is not None, "chromium is missing: apt-get install chromium"
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc"]
    with running(tmp_path / "var", demo=True) as stack:
        browser = _playwright.chromium.launch(executable_path=chromium, args=arguments)
        context = browser.new_context(viewport=WIDE, base_url=stack.url, locale="zh-CN")  # type: ignore[arg-type]
        page, said = context.new_page(), []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.add_init_script(HEARD)
        cookies = officer(stack).client.cookies
        context.add_cookies([{"name": one, "value": cookies[one], "url": stack.url} for one in cookies])
        page.goto("/screen?kiosk")
        expect(page.locator(".map-raised").first).to_be_visible(timeout=120_000)
        yield stack, page, said
        browser.close()


def officer(stack: Stack) -> Api:
    """The county's duty officer, who sees all."""
    login = next(one for one in Api(stack.url).get("/hello")["demo_users"] if one["username"] == "duty")
    return stack.login(login["username"], login["password"])


def holds(cdp: CDPSession) -> dict[str, int]:
    """What the page holds once what is no longer needed has gone."""
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
        time.sleep(0.3)
    told = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return {name: int(told[name]) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners", "Documents")}


class Levels:
    """Signals of some points of the demo, as the pipeline hands them over: all up, all down."""

    def __init__(self, stack: Stack, api: Api) -> None:
        token = (stack.data / "secrets" / "wing.token").read_text().strip()
        self.wing = httpx.Client(
            base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )
        self.seq = 0
        self.rows: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for row in reversed(api.get("/points", limit=200)["items"]):
            rule = next((r for r in api.get(f"/points/{row['id']}")["rules"] if r["kind"] == "threshold"), None)
            if rule is not None and row["site"]["id"] not in {point["site"]["id"] for point, _ in self.rows}:
                self.rows.append((row, rule))
            if len(self.rows) == POINTS:
                break

    def go(self, before: int, after: int) -> None:
        now, signals = time.time_ns() // 1_000_000, []
        for row, rule in self.rows:
            self.seq += 1
            signals.append({
                "id": f"{self.seq:032x}", "shard": 9, "seq": self.seq, "ordinal": 0, "rule": rule["id"],
                "rule_version": rule["version"], "point": row["id"], "site": row["site"]["id"], "item": row["item"],
                "kind": "threshold", "category": "risk", "type": "level", "from": before, "to": after,
                "event_ts": now, "received_ts": now, "value": 1.0, "threshold": 1.0, "window_start": now,
                "aux": 0.0, "flags": [],
            })  # fmt: skip
        self.wing.post("/internal/v1/signals", json={"signals": signals}).raise_for_status()


def push(stack: Stack, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PUSH, str(count), str(PER_SECOND)], env=stack.environment)


def day(stack: Stack, page: Page) -> list[dict[str, int]]:
    """Stage after stage, what the page holds after each."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    cdp.send("HeapProfiler.enable")
    levels, found = Levels(stack, officer(stack)), []
    assert len(levels.rows) == POINTS
    levels.go(0, 3)
    for stage in range(1, STAGES + 1):
        pushing, before = push(stack, STAGE), 3
        while pushing.poll() is None:
            after = 1 if before == 3 else 3
            levels.go(before, after)
            before = after
            round_the_pages(page)
            page.wait_for_timeout(1_800)
        assert pushing.returncode == 0
        if before != 3:
            levels.go(before, 3)
        until(lambda due=stage * STAGE: page.evaluate("window.heard") >= due, 60, "the page heard all of the stage")
        page.wait_for_timeout(3_000)
        found.append({**holds(cdp), "heard": page.evaluate("window.heard"), "web_mb": int(web_mb(stack))})
        print(json.dumps(found[-1]))
    return found


def round_the_pages(page: Page) -> None:
    """Each page of the wall once, as the carousel shows them on a calm day, and back to what is happening."""
    for _ in range(PAGES):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(200)
    # A red that begins meanwhile has taken the wall back to it: the keys then end on another page.
    page.get_by_role("button", name="总览").click()
    expect(page.locator(".scr-main-now")).to_be_visible()


def web_mb(stack: Stack) -> float:
    return memory(stack.pid("web"))["rss_mb"]


@pytest.mark.timeout(900)
def test_a_day_of_events_leaves_nothing_behind(wall: tuple[Stack, Page, list[str]]) -> None:
    stack, page, said = wall
    found = day(stack, page)
    assert said == []
    first, last = found[1], found[-1]  # by 4,000 every list has been filled and every cache warmed
    events = last["heard"] - first["heard"]
    assert events >= STAGE * (STAGES - 2)
    # One small object kept for each event (a closure, a list's row) is 100 bytes at the least.
    grown = (last["JSHeapUsedSize"] - first["JSHeapUsedSize"]) / events
    assert grown < 100, f"{grown:.0f} bytes an event are kept: {found}"
    # One node or listener kept at every refresh (four a second at most) would be hundreds.
    assert last["Nodes"] - first["Nodes"] < 150, found
    assert last["JSEventListeners"] - first["JSEventListeners"] < 30, found
    assert last["web_mb"] - first["web_mb"] < 25, found
    right(stack, page)


def right(stack: Stack, page: Page) -> None:
    """What stands on the wall is what the county says now."""
    api = officer(stack)

    def differs() -> list[str]:
        now = api.get("/screen/now")
        told = page.locator(".scr-figures a").all_inner_texts()
        shown = dict(zip([one["key"] for one in now["figures"]], told, strict=True))
        wrong = [
            f"{one['key']}: {shown[one['key']]!r} is not {one['value']}"
            for one in now["figures"]
            if one["key"] in PLAIN and str(int(one["value"])) not in shown[one["key"]].replace(",", "").split()
        ]
        rows = page.locator(".scr-rows > li a").evaluate_all("rows => rows.map((row) => row.getAttribute('href'))")
        wanted = [f"/warnings/{one['id']}" for one in now["rows"][:ROWS]]
        return wrong + ([f"{rows}, not {wanted}"] if rows != wanted else [])

    seen: list[list[str]] = []
    until(lambda: seen.append(differs()) or not seen[-1], 30, "the wall's figures are those of the county")
    assert page.locator(".scr-live-lost").count() == 0
