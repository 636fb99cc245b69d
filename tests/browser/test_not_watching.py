"""Nobody watches: every page a called person may have open says so, since when and what stopped, until it goes on."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.stack import Api, Stack, until

pytestmark = pytest.mark.browser

NEWEST_LINK = (
    "from shoutu.county.duties.models import Notice; from shoutu.county.duties.services.links import token_of; "
    "print(token_of(Notice.objects.filter(call__isnull=False).latest('id')))"
)


def stopped(api: Api) -> list[str]:
    """The parts that do not watch."""
    return [part["name"] for part in api.get("/status")["watching"]["parts"] if not part["ok"]]


@pytest.mark.full
def test_stopped_worker_shows_on_desk_and_answer_pages_and_goes_when_it_goes_on(
    county: Stack, open_page: Callable[..., Page], busy: tuple[dict[str, str], dict[str, Any]]
) -> None:
    login, duty = busy
    api = county.login(login["username"], login["password"])
    until(lambda: api.get("/status")["watching"]["ok"], 60, "all is watched before")
    token = county.cli("manage", "shell", "-v", "0", "-c", NEWEST_LINK).splitlines()[-1]
    desk, answer, link = open_page(login=login), open_page(size=PHONE, login=login), open_page(size=PHONE)
    answer.goto(f"/answer/{duty['id']}")
    link.goto(f"/a/{token}")
    pages = {"desk": desk, "answer": answer, "link": link}
    for page in pages.values():
        expect(page.locator("h1, h2").first).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="没人在看")).to_have_count(0)

    pid = county.pid("worker")
    os.kill(pid, signal.SIGSTOP)
    try:
        # Stopped while it writes, the worker keeps the other parts from writing that they live.
        until(lambda: "worker" in stopped(api), 60, "the stop is seen")
        for name, page in pages.items():
            bar = page.get_by_role("alert").filter(has_text="没人在看")
            expect(bar, name).to_contain_text(re.compile("叫应进程.*停了"), timeout=60_000)
            expect(bar, name).to_be_in_viewport()
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: api.get("/status")["watching"]["ok"], 60, "watched again")
    for name, page in pages.items():
        expect(page.get_by_role("alert").filter(has_text="没人在看"), name).to_have_count(0, timeout=60_000)
