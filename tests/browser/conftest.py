"""A real browser over a real county: `shoutu up --demo` in a directory of its own, Chromium without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect, sync_playwright

from tests.stack import Api, Stack, free_ports, running, until

DIST = Path(__file__).resolve().parents[2] / "web" / "dist"
WIDE = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
# What is looked for comes at once or not at all; a machine busy with other work may take its time.
expect.set_options(timeout=15_000)


FIRST = ("test_pages.py", "test_roles.py")
"""What changes nothing: the first two workers of a run begin with these, the longest, and none waits for the story."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order of files in every run, whoever of several workers takes which: those that only look, then by name.

    Each worker has a county of its own and a part of the files; what one leaves there is found by later names only.
    """

    def place(item: pytest.Item) -> tuple[int, str]:
        name = item.path.name
        return (FIRST.index(name) if name in FIRST else len(FIRST), name)

    here = Path(__file__).parent
    ours = [number for number, item in enumerate(items) if item.path.parent == here]
    ordered = sorted((items[number] for number in ours), key=place)
    for number, item in zip(ours, ordered, strict=True):
        items[number] = item


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo county, running until the last browser test has ended."""
    if not (DIST / "index.html").is_file():
        pytest.fail("web/dist is missing: build the face first (make setup)")
    # Who may show pages of it in a frame (test_embed.py).
    platform = f"http://localhost:{free_ports(1)[0]}"
    with running(tmp_path_factory.mktemp("browser") / "var", demo=True, SHOUTU_EMBED_ORIGINS=platform) as stack:
        yield stack


@pytest.fixture(scope="session")
def logins(county: Stack) -> list[dict[str, str]]:
    """The demo's logins, as its login page lists them."""
    found: list[dict[str, str]] = Api(county.url).get("/hello")["demo_users"]
    assert found, "a demo on the loopback address lists its logins"
    return found


@pytest.fixture(scope="session")
def officer(county: Stack, logins: list[dict[str, str]]) -> dict[str, str]:
    """The login that sees the whole county and is called by its warnings: the county's duty officer."""
    for login in logins:
        if county.login(login["username"], login["password"]).get("/session")["user"]["role"] == "duty_officer":
            return login
    pytest.fail(f"no duty officer among the demo logins: {[login['post'] for login in logins]}")


@pytest.fixture(scope="session")
def warning(county: Stack, officer: dict[str, str]) -> dict[str, Any]:
    """The story's warning: the simulated sensor of 甲铁矿尾矿库 crosses its red limit soon after the start."""
    api = county.login(officer["username"], officer["password"])

    def found() -> dict[str, Any] | None:
        items = api.get("/warnings", state="open")["items"]
        return next((item for item in items if item["point"] and item["current_level"] == 4), None)

    return until(found, 360, "an open red warning of a point")


@pytest.fixture
def busy(county: Stack, logins: list[dict[str, str]], warning: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """A login with something to do now, and that duty: of the story's warning, while somebody has one."""
    apis = [(login, county.login(login["username"], login["password"])) for login in logins]

    def found() -> tuple[dict[str, str], dict[str, Any]] | None:
        held = [(login, duty) for login, api in apis for duty in api.get("/duties", view="mine")["items"]]
        return next((one for one in held if is_of(one[1], warning)), held[0] if held else None)

    return until(found, 60, f"somebody has a duty, after {warning['number']}")


def is_of(duty: dict[str, Any], warning: dict[str, Any]) -> bool:
    """Whether this duty is about this warning."""
    return bool(duty["subject"]["type"] == "warning" and duty["subject"]["id"] == warning["id"])


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def whole_chromium() -> str:
    whole = shutil.which("chromium")
    if whole is None:
        pytest.fail("chromium is missing: apt-get install chromium")
    return whole


def chromium() -> str:
    """The browser's program: where there is one, that without windows, which costs half the processor time a page."""
    if shell := shutil.which("chromium-headless-shell"):
        return shell
    whole = whole_chromium()
    # The driver's own download of Chromium keeps the other beside it.
    beside = Path(whole).resolve().parents[2].glob("chromium_headless_shell-*/*/*headless*shell")
    return str(max((one for one in beside if os.access(one, os.X_OK)), default=whole))


@pytest.fixture(scope="session")
def browser(_playwright: Playwright) -> Iterator[Browser]:
    found = _playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    yield found
    found.close()


def _is_expected(url: str, text: str) -> bool:
    """Asking who I am while signed out is answered 401, which Chromium reports as an error of the page.

    A map drawn without a graphics card makes Chromium remark on its own driver. Pages without a service worker are kept
    from registering one by the driver, which says so.
    """
    session = url.endswith("/api/v1/session") and "401" in text
    return session or "GL Driver Message" in text or "Service Worker registration blocked by Playwright" in text


@pytest.fixture
def open_page(browser: Browser, county: Stack, _playwright: Playwright) -> Iterator[Callable[..., Page]]:
    """Opens pages, signed in where a login is given; whatever they were used for, none may have said an error.

    What the login page does is told by its own tests: here a session of the server's own is put into the browser.
    """
    contexts: list[BrowserContext] = []
    others: list[Browser] = []
    said: list[str] = []

    def opened(
        size: dict[str, int] = WIDE,
        tone: str = "light",
        login: dict[str, str] | None = None,
        may_fail: bool = False,
        at: str = "/",
        worker: bool = False,  # with one, what the device keeps of the build is asked past the test's routes
        whole: bool = False,  # the Chromium with windows, which alone has notifications
        still: bool = False,  # a machine that asks for less motion
    ) -> Page:
        if whole:
            others.append(_playwright.chromium.launch(executable_path=whole_chromium(), args=ARGUMENTS))
        context = (others[-1] if whole else browser).new_context(
            service_workers="allow" if worker else "block",
            viewport=size,  # type: ignore[arg-type]
            color_scheme=tone,  # type: ignore[arg-type]
            base_url=county.url,
            locale="zh-CN",
            reduced_motion="reduce" if still else "no-preference",
        )
        contexts.append(context)
        page = context.new_page()
        if not may_fail:  # else the test takes the server away: failed requests are what it is about
            page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
            page.on(
                "console",
                lambda message: (
                    said.append(f"{page.url}: {message.text}")
                    if message.type in {"error", "warning"}
                    and not _is_expected(message.location.get("url", ""), message.text)
                    else None
                ),
            )
        if login is not None:
            signed_in = county.login(login["username"], login["password"]).client.cookies
            context.add_cookies([{"name": one, "value": signed_in[one], "url": county.url} for one in signed_in])
            page.goto(at)
        return page

    yield opened
    for opened_one in (*contexts, *others):
        opened_one.close()
    assert said == []


def sign_in(page: Page, login: dict[str, str]) -> None:
    """Through the login page, as a person does."""
    page.goto("/login")
    page.get_by_label("用户名").fill(login["username"])
    page.get_by_label("密码", exact=True).fill(login["password"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


STILL = """() => {
  if (document.querySelector('[class*="ant-zoom-"], [class*="ant-slide-"], [class*="ant-fade-"]')) return false;
  const over = '.ant-dropdown, .ant-popover, .ant-select-dropdown, .ant-picker-dropdown, .ant-modal, .ant-drawer';
  const boxes = [...document.querySelectorAll(over)].map((one) => one.getBoundingClientRect());
  const stand = boxes.map((box) => [box.x, box.y, box.width, box.height]).join();
  const now = performance.now();
  if (window.stood?.stand !== stand) window.stood = { stand, since: now };
  return stand === '' || now - window.stood.since >= 100;
}"""
"""Nothing opens, closes or finds its place: on a busy machine what is pressed while it still moves is left under the
pointer's pressing and away at its letting go, 13 ms later."""

_press = Locator.click


def _press_still(self: Locator, **how: Any) -> None:
    self.wait_for()  # first there, then still: what is not yet open does not move
    self.page.wait_for_function(STILL)
    _press(self, **how)


Locator.click = _press_still  # type: ignore[method-assign]


def my_menu(page: Page, entry: str) -> None:
    """Press an entry of the menu behind my post."""
    page.locator(".mypost").click()
    page.get_by_role("menuitem", name=entry).click()
