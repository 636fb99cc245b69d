"""The desk on an old office machine: a processor four times slower, the first visit and every later one."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack import slowness

pytestmark = [pytest.mark.browser, pytest.mark.full]
PROMISED_MS, LOADS, TIMES_SLOWER = 2_000, 5, 4
# Counted in the page itself, from the moment it was asked for: the driver's own time is not the reader's.
USABLE = """() => new Promise((done) => {
    const look = () => document.querySelector('.desk-sentence h1') && !document.querySelector('.state-loading')
        ? requestAnimationFrame(() => setTimeout(() => done(performance.now()))) : setTimeout(look, 10);
    look();
})"""


@pytest.mark.parametrize("cache", ["cold", "warm"])
def test_the_desk_is_usable_within_two_seconds(
    cache: str, open_page: Callable[..., Page], officer: dict[str, str]
) -> None:
    page = open_page(login=officer)
    expect(page.locator(".desk-sentence h1")).to_be_visible()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": TIMES_SLOWER})
    spent, pace = [], slowness()
    for _ in range(LOADS):
        if cache == "cold":
            cdp.send("Network.clearBrowserCache")
        page.goto("/")
        spent.append(page.evaluate(USABLE))
    pace = max(pace, slowness())
    median = statistics.median(spent)
    print(f"{cache}: {median:.0f} ms of {[round(one) for one in spent]} at a pace of {pace:.1f}")
    assert median < PROMISED_MS * max(1.0, pace), spent
