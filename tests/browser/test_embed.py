"""嵌入页面: the platform that is named shows what is happening, and nothing leads further; another shows nothing."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Frame, Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def platform(county: Stack) -> Iterator[str]:
    """Another house's page with one frame, at the origin that may embed; its port answers to 127.0.0.1 as well."""

    class Outer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            inner = parse_qs(urlsplit(self.path).query).get("src", ["about:blank"])[0]
            head = '<!doctype html><title>指挥平台</title><link rel="icon" href="data:,">'
            page = f'{head}<iframe src="{html.escape(inner)}" width="1200" height="800"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_words: Any) -> None:
            pass

    origin = county.environment["SHOUTU_EMBED_ORIGINS"]
    with ThreadingHTTPServer(("127.0.0.1", int(origin.rsplit(":", 1)[1])), Outer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield origin
        server.shutdown()
        thread.join()


def address(county: Stack, token: str, **wanted: Any) -> str:
    """What the platform's server is given for its page."""
    asked = httpx.post(
        f"{county.url}/api/v1/embeds", json=wanted, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    assert asked.status_code == 201, asked.text
    return str(asked.json()["address"])


def framed(page: Page, origin: str, inner: str) -> Frame:
    page.goto(f"{origin}/?src={quote(inner, safe='')}")
    return page.frames[1]


def test_a_page_is_shown_in_the_named_platform_and_leads_nowhere(
    county: Stack, officer: dict[str, str], warning: dict[str, Any], platform: str, open_page: Callable[..., Page]
) -> None:
    token = county.cli("token", "create", "指挥平台", "--scope", "api", "--as", officer["username"]).split()[-1]
    inner = address(county, token, page="warnings")
    page = open_page()
    frame = framed(page, platform, inner)
    row = frame.get_by_role("row").filter(has_text=warning["site"]["name"]).first
    expect(row).to_be_visible()
    at = frame.url
    assert "#" not in at, "the ticket is gone from the address"
    with page.expect_response(lambda answer: "/api/v1/warnings" in answer.url, timeout=30_000) as again:
        pass
    assert again.value.status == 200, "it asks again by itself"
    row.get_by_role("link").first.click()
    row.click()
    expect(row).to_be_visible()
    assert (frame.url, len(page.context.pages)) == (at, 1)
    frame.get_by_role("tab", name="已关闭").click()
    expect(frame.get_by_role("tab", name="已关闭")).to_have_attribute("aria-selected", "true")
    expect(frame.get_by_role("button", name="导出")).to_have_count(0)
    assert page.context.cookies() == []
    spent = open_page(may_fail=True)
    expect(framed(spent, platform, inner).get_by_text("这个地址打不开了")).to_be_visible()


def test_other_pages_and_other_platforms_get_no_frame(
    county: Stack, officer: dict[str, str], platform: str, open_page: Callable[..., Page]
) -> None:
    token = county.cli("token", "create", "指挥平台二", "--scope", "api", "--as", officer["username"]).split()[-1]
    page = open_page(may_fail=True)
    for origin, inner in (
        (platform, f"{county.url}/login"),
        (platform, f"{county.url}/screen"),
        (platform.replace("localhost", "127.0.0.1"), address(county, token, page="map")),
    ):
        with page.expect_console_message(lambda said: "frame" in said.text.lower()):
            frame = framed(page, origin, inner)
        assert frame.url.startswith("chrome-error://"), inner
