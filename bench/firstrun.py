"""``make run`` in a clean clone, as a newcomer meets it: the first time, the second time, and the face's first load.

Each run clones this repository's committed state, starts ``make run`` on free ports and waits for the line that says
it is up (first: virtual environment, packages and face from the registries' caches of this machine; second: the same
clone again). The face is opened in a Chromium that has nothing cached: ``first_load_ms`` until the login form can be
used. Alone: ``python -m bench.firstrun [RUNS]``; takes over a minute a run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.machine import ROOT
from tests.stack import free_ports, plain_environment

PATIENCE_S = 900.0
STOP_S = 60.0


def environment(ports: list[int]) -> dict[str, str]:
    """As a newcomer's shell has it: nothing of ours on the path, only the ports set."""
    names = ("SHOUTU_PORT", "SHOUTU_INGEST_PORT", "SHOUTU_MQTT_PORT", "SHOUTU_MQTTS_PORT")
    ours = plain_environment() | dict(zip(names, map(str, ports), strict=True)) | {"PYTHONUNBUFFERED": "1"}
    return {name: value for name, value in ours.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


@contextmanager
def make_run(clone: Path, ports: list[int]) -> Iterator[float]:
    """``make run`` until it says that it is up: the seconds that took. Stopped as Ctrl-C does."""
    log = clone.parent / "make-run.log"
    begun = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment(ports), stdout=output, stderr=output, start_new_session=True
        )
    try:
        while "up in" not in log.read_text("utf-8", "replace"):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE_S:
                raise RuntimeError(f"make run did not come up: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)
        yield time.perf_counter() - begun
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def first_load(browser: Browser, port: int) -> dict[str, float]:
    """A new visitor's first page: ms until the form can be used, and what was fetched for it, in KB of 1024 bytes."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}/")
    page.locator("input[type=password]").wait_for(state="visible", timeout=60_000)
    usable = (time.perf_counter() - begun) * 1000
    fetched = page.evaluate("performance.getEntriesByType('resource').reduce((sum, r) => sum + r.transferSize, 0)")
    painted = page.evaluate("(performance.getEntriesByName('first-contentful-paint')[0] || {startTime: 0}).startTime")
    context.close()
    return {"first_load_ms": usable, "first_paint_ms": painted, "first_load_kb": fetched / 1024}


def once(folder: Path, browser: Browser) -> dict[str, float]:
    clone, ports = folder / "shoutu", free_ports(4)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    with make_run(clone, ports) as first:
        found = first_load(browser, ports[0])
    with make_run(clone, ports) as second:
        pass
    return {"first_run_s": first, "second_run_s": second, **found}


def run(repeats: int = 5) -> dict[str, Any]:
    """Medians of ``repeats`` clones."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is missing: apt-get install chromium")
    runs = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(repeats):
            with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder:
                runs.append(once(Path(folder), browser))
        browser.close()
    return {name: round(statistics.median(r[name] for r in runs), 1) for name in runs[0]}


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5), sys.stdout, indent=1)
