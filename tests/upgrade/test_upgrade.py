"""A county of the version before, taken over by this one: nothing is lost or raised twice, and the record holds."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shoutu.demo.county import PASSWORD
from tests.clusters import cluster, with_own_database
from tests.integration.gauge import Gauge
from tests.stack import Api, Stack, running, until
from tests.upgrade import on_postgresql
from tests.upgrade.going_on import going_on
from tests.upgrade.keep import HERE, HIGH, SAFE, counted, told

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
# Written anew by migrating or by the start itself.
NOT_RECORDS = {"django_migrations", "sqlite_sequence", "django_content_type", "auth_permission"}


Kept = dict[str, Any]
FILES = sorted(HERE.glob("county-*.tar.xz"))


def unpacked(file: Path, place: Path) -> tuple[Path, Kept]:
    """The county's directory as the version before left it, and what that version told of it."""
    with tarfile.open(file) as archive:
        archive.extractall(place, filter="data")
    return place / "var", json.loads((place / "var/kept.json").read_text("utf-8"))


@dataclass
class Before:
    """A county of the version before; `environment`: where its database is."""

    data: Path
    kept: Kept
    environment: dict[str, str]

    def counted(self) -> dict[str, int]:
        """Rows of every table of the county, which does not run."""
        if url := self.environment.get("SHOUTU_DATABASE_URL"):
            return on_postgresql.counted(url)
        return counted(self.data / "county.sqlite3")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.full)])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty PostgreSQL; empty for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with cluster() as url:
        yield url


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.name[7:-7])
def before(request: pytest.FixtureRequest, database: str, tmp_path_factory: pytest.TempPathFactory) -> Before:
    data, kept = unpacked(request.param, tmp_path_factory.mktemp("before"))
    if not database:
        return Before(data, kept, {})
    environment = with_own_database({"SHOUTU_DATABASE_URL": database})
    on_postgresql.carried(data, environment["SHOUTU_DATABASE_URL"])
    (data / "county.sqlite3").unlink()
    return Before(data, kept, environment)


def test_a_county_is_kept() -> None:
    assert FILES, "python -m tests.upgrade.keep"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[7:-7])
def test_the_engine_goes_on_as_the_version_before_would_have(file: Path, tmp_path: Path) -> None:
    data, kept = unpacked(file, tmp_path)
    assert len(kept["signals"]) > 50
    told = json.loads(json.dumps(going_on(data / "sensing")))
    # What signals tell besides since then is nothing where only kinds of that version are watched.
    assert [
        was | {key: None for key in now if key not in was} for was, now in zip(kept["signals"], told, strict=True)
    ] == told


def test_migrating_loses_no_row_of_any_table(before: Before) -> None:
    assert Stack(before.data, **before.environment).cli("manage", "migrate", "--verbosity", "0") == ""
    now = before.counted()
    was = {name: rows for name, rows in before.kept["tables"].items() if name not in NOT_RECORDS}
    assert sum(1 for rows in was.values() if rows) > 40
    assert {name: now.get(name) for name in was} == was


def test_the_county_goes_on(before: Before) -> None:
    data, kept = before.data, before.kept
    with running(data, SHOUTU_DEMO="1", **before.environment) as county:
        api = county.login("admin", PASSWORD)
        lists = told(api)
        for name, items in kept["lists"].items():
            assert [one for one in items if one not in lists[name]] == [], name
        head = data / "head.note"
        head.write_text(kept["head"] + "\n", "utf-8")
        county.cli("ledger", "verify", "--head", str(head))

        gauge, number = Gauge(county, kept["gauge"]["name"], kept["gauge"]["token"]), kept["gauge"]["warning"]
        until(lambda: gauge.send(HIGH).get("accepted") == 1, 30, "the old token opens the door")
        gauge.send(SAFE)
        until(lambda: standing(gauge, api)[number] == 0, 30, "the reading is judged by what was known")
        assert list(standing(gauge, api)) == [number], "what stood already was not raised anew"


def standing(gauge: Gauge, api: Api) -> dict[str, int]:
    """Warnings of danger at the point that are not closed: the level each stands at now."""
    return {one["number"]: one["current_level"] for one in gauge.warnings(api) if one["category"] != "fault"}
