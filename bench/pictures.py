"""``make pictures``: the pictures of README and guides, taken of the running demo county, so that they never age.

    python -m bench.pictures                       all, into docs/pictures
    python -m bench.pictures warning desk-phone    these
    python -m bench.pictures --into FOLDER         elsewhere
    python -m bench.pictures --at URL              of a demo that runs already; it must have its red warning

A demo county is started in a directory that is thrown away. Its story begins about two minutes after the start: the
third section of a tailings pond climbs over its red line, and the people it concerns are called. Nobody answers, so
that the pictures show calls as they ring. Needs Debian's chromium (``make system``).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.machine import ROOT
from tests.stack import Api, running, until

FOLDER = ROOT / "docs" / "pictures"
WIDE = (1440, 900)
WALL = (1920, 1080)
PHONE = (390, 844)
ALL_KB = 3000
"""What all pictures together may weigh."""

Act = Callable[[Page], None]


@dataclass(frozen=True)
class Shot:
    """One picture: who is signed in, where, on what, and by what one sees that the page is there."""

    name: str
    login: str
    at: str
    ready: str
    size: tuple[int, int] = PHONE
    tone: str = "light"
    act: Act | None = None


def _press(name: str) -> Act:
    """Press the first button of this name and wait for what opens."""

    def act(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()
        page.locator(".ant-modal-content, .ant-drawer-content, .ant-modal-container, .ant-drawer-body").first.wait_for()

    return act


SHOTS = (
    # The three that explain the product.
    Shot("warning", "duty", "/warnings/{warning}", ".curve svg", WIDE),
    Shot("desk-phone", "mine1", "/", ".desk-sentence h1"),
    Shot("screen", "leader", "/screen", ".map-raised", WALL, "dark"),
    # Guides of roles.
    Shot("answer-phone", "mine1", "/answer/{call}", ".answer h2"),
    Shot("desk", "duty", "/", ".desk-sentence h1", WIDE),
    Shot("leader-phone", "leader", "/", ".desk-sentence h1"),
    Shot("verify-phone", "inspector", "/warnings/{warning}", ".curve svg", act=_press("核实")),
    Shot("inspector-phone", "inspector", "/", ".desk-sentence h1"),
    Shot("watch", "inspector", "/sites/{site}/watch", ".rules-list", WIDE),
    Shot("department-phone", "water", "/sites", ".restable"),
    Shot("township-phone", "town1", "/", ".desk-sentence h1"),
    Shot("principal-phone", "head1", "/", ".desk-sentence h1"),
    Shot("headcount-phone", "head1", "/warnings/{warning}", ".curve svg", act=_press("报人数")),
    Shot("dossier-phone", "mine1", "/sites/{site}", ".dossier .map-raised"),
    Shot("rescue-phone", "rescue", "/", ".desk-sentence h1"),
    Shot("ledger-phone", "auditor", "/ledger", ".restable"),
    Shot("admin", "admin", "/admin", "main h1, main h2", WIDE),
    Shot("findings", "admin", "/people", ".restable", WIDE),
)


class County:
    """The demo county as the pictures need it: its logins, its red warning, the call that rings."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.logins = {one["username"]: one for one in Api(url).get("/hello")["demo_users"]}
        officer = self.api("duty")
        self.warning = until(lambda: self._red(officer), 420, "an open red warning of a point")
        mine = self.api("mine1")
        self.call = until(lambda: self._ringing(mine), 60, "the mine is called")

    def api(self, login: str) -> Api:
        api = Api(self.url)
        api.login(login, self.logins[login]["password"])
        return api

    def _red(self, api: Api) -> dict[str, Any] | None:
        items = api.get("/warnings", state="open")["items"]
        return next((item for item in items if item["point"] and item["current_level"] == 4), None)

    def _ringing(self, api: Api) -> dict[str, Any] | None:
        items = api.get("/duties", view="mine")["items"]
        return next((one for one in items if one["subject"] == {**one["subject"], "id": self.warning["id"]}), None)

    def address(self, shot: Shot) -> str:
        return shot.at.format(warning=self.warning["id"], site=self.warning["site"]["id"], call=self.call["id"])


@contextlib.contextmanager
def signed_in(browser: Browser, county: County, shot: Shot) -> Iterator[Page]:
    """A browser of the size and tone of this picture, signed in."""
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        device_scale_factor=1.5 if shot.size == PHONE else 1,
        color_scheme="dark" if shot.tone == "dark" else "light",
        reduced_motion="reduce",
        base_url=county.url,
        locale="zh-CN",
    )
    cookies = county.api(shot.login).client.cookies
    context.add_cookies([{"name": one, "value": cookies[one], "url": county.url} for one in cookies])
    page = context.new_page()
    page.set_default_timeout(45_000)
    try:
        yield page
    finally:
        context.close()


def take(browser: Browser, county: County, shot: Shot) -> bytes:
    """The picture as WebP."""
    with signed_in(browser, county, shot) as page:
        page.goto(county.address(shot))
        page.locator(shot.ready).first.wait_for()
        # What comes after the page itself: the map's tiles, curves, counts.
        page.wait_for_load_state("load")
        page.wait_for_timeout(2_500)
        if shot.act is not None:
            shot.act(page)
            page.wait_for_timeout(800)
        taken = page.screenshot()
    packed = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").save(packed, "WEBP", quality=80, method=6)
    return packed.getvalue()


@contextlib.contextmanager
def demo(url: str | None) -> Iterator[County]:
    """The county at `url`, or one started for the pictures."""
    if url is not None:
        yield County(url)
        return
    with (
        tempfile.TemporaryDirectory(prefix="shoutu-pictures-") as folder,
        running(Path(folder) / "var", demo=True) as stack,
    ):
        yield County(stack.url)


def run(names: list[str], into: Path, url: str | None) -> list[Path]:
    """Take these pictures (all when none is named); each is written as soon as it is taken."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is missing: make system, or apt-get install chromium")
    if not (ROOT / "web" / "dist" / "index.html").is_file():
        raise SystemExit("web/dist is missing: build the face first (make setup)")
    into.mkdir(parents=True, exist_ok=True)
    written = []
    with demo(url) as county, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for shot in SHOTS:
            if names and shot.name not in names:
                continue
            path = into / f"{shot.name}.webp"
            path.write_bytes(take(browser, county, shot))
            written.append(path)
            print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()
    return written


def main(arguments: list[str]) -> int:
    """Take pictures; 1 when all of them together have become too heavy."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description="Take the pictures of the guides.")
    parser.add_argument("names", nargs="*", choices=[[], *(shot.name for shot in SHOTS)], metavar="NAME")
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--at", metavar="URL", help="a demo that runs already")
    given = parser.parse_args(arguments)
    run(given.names, given.into, given.at)
    weight = sum(path.stat().st_size for path in given.into.glob("*.webp")) / 1000
    print(f"together {weight:.0f} kB of at most {ALL_KB}")
    return int(weight > ALL_KB)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
