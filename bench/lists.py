"""Every list of the interface in a county of 5,000 sites, 50,000 points and 100,000 warnings, on both databases.

Each GET route that lists something, and the command screen's, is asked as somebody who sees the whole county, as a
township's officer and as a mine's principal: the first page, the page after it, a search. Figures are medians of
five answers in ms, of the whole of Django without the network. Alone: ``python -m bench.lists [sqlite|postgresql]``.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from bench.machine import ROOT

AGAIN = 5
ALSO = ("/api/v1/status", "/api/v1/territories", "/api/v1/roster/today", "/api/v1/roster/calendar",
        "/api/v1/channels", "/api/v1/noise", "/api/v1/quality", "/api/v1/packs",
        "/api/v1/screen/map", "/api/v1/screen/sites", "/api/v1/screen/now",
        "/api/v1/duties/{id}", "/api/v1/warnings/{id}", "/api/v1/sites/{id}", "/api/v1/points/{id}",
        "/api/v1/sites/{id}/watch", "/api/v1/sites/{id}/responsible")  # fmt: skip


def run() -> dict[str, Any]:
    """The slowest list, and each, on SQLite and on a private PostgreSQL."""
    from tests.clusters import cluster

    with cluster(fsync=True) as url:
        found = {"sqlite": _in_child(""), "postgresql": _in_child(url)}
    for name, figures in found.items():
        slowest = max(figures["lists"], key=figures["lists"].get)
        found[name] = {"slowest_ms": figures["lists"][slowest], "slowest": slowest, **figures}
    return found


def _in_child(url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as data:
        environment = {**os.environ, "SHOUTU_DATA": data, "DJANGO_SETTINGS_MODULE": "shoutu.county.settings"}
        environment["SHOUTU_DATABASE_URL"] = url
        # One account asks for every list again and again.
        environment |= {"SHOUTU_LIMIT_SEARCH": "0", "SHOUTU_LIMIT_READ": "0"}
        environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'src'}"
        child = subprocess.run(
            [sys.executable, "-m", "bench.lists", "--child"], env=environment, check=True, stdout=subprocess.PIPE,
            text=True, cwd=ROOT,
        )  # fmt: skip
    return json.loads(child.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def routes() -> Iterator[str]:
    """GET routes that list something, and those named in ALSO, as the interface description has them."""
    described = json.loads((ROOT / "web" / "openapi.json").read_text("utf-8"))
    for path, methods in described["paths"].items():
        named = {parameter["name"] for parameter in methods.get("get", {}).get("parameters", [])}
        if path in ALSO or {"limit", "cursor"} <= named:
            yield path


def _measure(users: dict[str, Any]) -> dict[str, float]:
    """Route, who and which page → median ms."""
    from django.test import Client

    found: dict[str, float] = {}
    for role, user in users.items():
        client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
        client.force_login(user)
        for route in routes():
            path = route.replace("{id}", str(_newest(client, route)))
            first = client.get(path)
            if first.status_code in (403, 404):
                continue
            if first.status_code != 200:
                raise RuntimeError(f"{path} as {role}: {first.status_code} {first.content[:400]!r}")
            body = first.json()
            pages = {"": path}
            if isinstance(body, dict) and "items" in body:
                pages["q"] = f"{path}?q=0042"
                if body.get("next"):
                    pages["next"] = f"{path}?cursor={body['next']}"
            for page, address in pages.items():
                found[f"{route} {role} {page}".strip()] = round(statistics.median(_ask(client, address)), 1)
    return found


def _newest(client: Any, route: str) -> int:
    """An id for a route about one thing: the first of its list."""
    if "{id}" not in route:
        return 0
    items = client.get(route.split("/{id}")[0]).json().get("items", [])
    return int(items[0]["id"]) if items else 0


def _ask(client: Any, address: str) -> Iterator[float]:
    for _ in range(AGAIN):
        begun = time.perf_counter()
        answer = client.get(address)
        spent = (time.perf_counter() - begun) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:400]!r}")
        yield spent


def child() -> dict[str, Any]:
    """What `run` runs for one database."""
    from django.db import connection

    from bench.big_county import build
    from shoutu.county.setup import migrate, ready

    ready()
    migrate()
    begun = time.perf_counter()
    users = build()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    built = time.perf_counter() - begun
    # As the web process does: what the building left behind is not gone through at every collection.
    gc.collect()
    gc.freeze()
    return {"build_s": round(built, 1), "lists": _measure(users)}


if __name__ == "__main__":
    if "--child" in sys.argv:
        print(json.dumps(child()))
    elif "sqlite" in sys.argv:
        json.dump(_in_child(""), sys.stdout, indent=1)
    else:
        json.dump(run(), sys.stdout, indent=1)
