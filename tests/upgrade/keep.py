"""``python -m tests.upgrade.keep``: keep a county of this version, for later versions to be upgraded from.

Run it when a version is released, or where a change of the engine means what it does: it is the demo county as it
stands after a start, with a point of our own in danger, and beside it what that version told of it. Its keys and
passwords are those of a demo.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shoutu.demo.county import PASSWORD
from tests.integration.gauge import Gauge
from tests.stack import Api, Stack, plain_environment, running, until
from tests.upgrade.going_on import going_on

HERE = Path(__file__).parent
LEFT_OUT = {"log", "run"}
SAFE, HIGH = 1.0, 35.0
LISTS = {
    "warnings": ("number", "category", "site", "item", "point"),
    "organisations": ("id", "name", "kind", "territory"),
    "users": ("id", "username", "role"),
    "posts": ("id", "title", "organisation"),
    "persons": ("id", "name", "organisation"),
    "responsibilities": ("id", "post", "kind", "site", "valid_from"),
    "sites": ("id", "name", "kind", "organisation"),
    "sources": ("id", "name", "site"),
    "points": ("id", "address", "source", "site", "item"),
    "rules": ("id", "kind", "title", "levels", "site"),
    "licences": ("id", "kind", "number", "valid_from"),
}
"""Lists an administrator sees, with what of an item never changes."""
# The demo's week fills the store with what its own tests look at; the last hours are enough here.
LOAD = """
import shoutu.demo.week as week
lay = week.lay_prehistory
week.lay_prehistory = lambda folder, columns: lay(folder, columns.take(columns.ts > columns.ts.max() - 3 * 3_600_000))
from shoutu.cli import cli
cli(["demo"])
"""


def told(api: Api) -> dict[str, list[dict[str, Any]]]:
    """What the lists say."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, fields in LISTS.items():
        items = api.get(f"/{name}", limit=500)["items"]
        assert items, name
        found[name] = [{field: one[field] for field in fields} for one in items]
    return found


def counted(database: Path) -> dict[str, int]:
    """Rows of every table; the county must not run."""
    with sqlite3.connect(database) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _kept(data: Path) -> dict[str, Any]:
    county = Stack(data, demo=True)
    environment = {**plain_environment(), **county.environment}
    subprocess.run([sys.executable, "-c", LOAD], env=environment, check=True)
    with running(data, demo=True) as county:
        gauge = Gauge(county, "U1")
        api = county.login("admin", PASSWORD)
        gauge.send(HIGH)
        until(lambda: gauge.warnings(api), 30, "the warning")
        lists = told(api)
        number = gauge.warnings(api)[0]["number"]
        head = county.cli("ledger", "head", "--seal")
    return {
        "version": version("shoutu"), "head": head, "lists": lists, "tables": counted(data / "county.sqlite3"),
        "gauge": {"token": gauge.token, "point": gauge.point, "name": gauge.name, "warning": number},
        "signals": going_on(data / "sensing"),
    }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "var"
        kept = _kept(data)
        for folder in LEFT_OUT:
            shutil.rmtree(data / folder, ignore_errors=True)
        (data / "kept.json").write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        file = HERE / f"county-{kept['version']}.tar.xz"
        with tarfile.open(file, "w:xz", preset=9) as archive:
            archive.add(data, "var")
    print(file, os.path.getsize(file))


if __name__ == "__main__":
    main()
