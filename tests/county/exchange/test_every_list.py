"""Every list of the API goes out as a table, and no table gives more than its list."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.sheets import listed, tables
from shoutu.county.people import services as people
from shoutu.county.places import services as places

DOCUMENT = json.loads((Path(__file__).parents[3] / "web/openapi.json").read_text("utf-8"))
TABLES = {
    "contacts": "/api/v1/contacts",
    "documents": "/api/v1/documents",
    "dues": "/api/v1/obligations/dues",
    "duties": "/api/v1/duties",
    "evacuations": "/api/v1/evacuations",
    "falsified": "/api/v1/falsified",
    "findings": "/api/v1/findings",
    "handovers": "/api/v1/roster/handovers",
    "imports": "/api/v1/imports",
    "leaves": "/api/v1/leaves",
    "ledger": "/api/v1/ledger",
    "licences": "/api/v1/licences",
    "looks": "/api/v1/ledger/looks",
    "licences-lacking": "/api/v1/licences/lacking",
    "numbers": "/api/v1/numbers",
    "obligations": "/api/v1/obligations",
    "orders": "/api/v1/orders",
    "organisations": "/api/v1/organisations",
    "persons": "/api/v1/persons",
    "points": "/api/v1/points",
    "posts": "/api/v1/posts",
    "proposals": "/api/v1/proposals",
    "quality-enterprises": "/api/v1/quality/enterprises",
    "quality-points": "/api/v1/quality/points",
    "reports": "/api/v1/reports",
    "requirements": "/api/v1/requirements",
    "responsibilities": "/api/v1/responsibilities",
    "responsibility-findings": "/api/v1/responsibilities/findings",
    "rules": "/api/v1/rules",
    "shifts": "/api/v1/roster/calendar",
    "signals": "/api/v1/signals",
    "silences": "/api/v1/silences",
    "sites": "/api/v1/sites",
    "sources": "/api/v1/sources",
    "territories": "/api/v1/territories",
    "tokens": "/api/v1/tokens",
    "unclaimed": "/api/v1/unclaimed",
    "users": "/api/v1/users",
    "warnings": "/api/v1/warnings",
    "weather": "/api/v1/weather",
    "weather-messages": "/api/v1/weather/messages",
}
"""Table → the list it is of."""

NO_TABLE = {
    "/api/v1/backups": "the ten newest; each is an entry of the ledger, which goes out",
    "/api/v1/channels": "a handful of settings with their state",
    "/api/v1/channels/kinds": "what the form offers",
    "/api/v1/findings/kinds": "what the filter offers",
    "/api/v1/imports/{id}/rows": "goes out as the file with its errors",
    "/api/v1/items": "what the form offers",
    "/api/v1/noise": "figures of the warnings, which go out",
    "/api/v1/packs": "files of the house",
    "/api/v1/packs/{name}": "a file of the house",
    "/api/v1/readings": "a curve of one point; `shoutu` takes whole histories out",
    "/api/v1/reports/due": "a clock that runs; what was told goes out with the reports",
    "/api/v1/responsibilities/chain": "of one site, by `responsibilities`",
    "/api/v1/responsibilities/matrix": "goes out as `responsibilities`",
    "/api/v1/roster/today": "goes out as `shifts`",
    "/api/v1/screen/sites": "goes out as `sites`",
    "/api/v1/senders": "who is connected now; what they sent goes out by point",
    "/api/v1/settings": "what the server is set to",
    "/api/v1/organisations/{id}/documents": "goes out as `documents`",
    "/api/v1/sites/{id}/documents": "goes out as `documents`",
    "/api/v1/sites/{id}/licences": "goes out as `licences`",
    "/api/v1/sites/{id}/responsible": "of one site, by `responsibilities`",
    "/api/v1/sites/{id}/weather": "goes out as `weather`",
    "/api/v1/superiors": "a handful of settings",
    "/api/v1/tables": "the tables themselves",
    "/api/v1/warning-groups": "of the open warnings, which go out",
    "/api/v1/warnings/{id}/reports": "of one warning, by `reports`",
}
"""Lists without a table, and why."""


def answered(route: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a route answers."""
    content = route["get"]["responses"].get("200", {}).get("content", {}).get("application/json", {})
    schema: dict[str, Any] = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"].get(name, schema)  # type: ignore[no-any-return]


def lists() -> set[str]:
    """The routes that answer rows. The course of one thing is a list of what happened, not of things."""
    found = set()
    for path, route in DOCUMENT["paths"].items():
        schema = answered(route) if "get" in route else {}
        rows = schema.get("type") == "array" or "items" in schema.get("properties", {})
        if rows and not path.endswith("/timeline"):
            found.add(path)
    return found


def test_every_list_goes_out_or_says_why_not() -> None:
    assert {table.name for table in tables.tables()} == set(TABLES)
    assert set(TABLES.values()) - lists() == {"/api/v1/roster/calendar"}  # its rows are days
    assert lists() - set(TABLES.values()) == set(NO_TABLE)


def asked(client: Client, name: str, **query: Any) -> list[list[str]]:
    answer = client.get(f"/api/v1/tables/{name}/export", {"format": "csv", **query})
    content = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code == 200, content.decode()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["admin", "leader", "duty", "mine"])
def test_who_may_read_a_list_may_take_it_out_and_nobody_else(
    login: Callable[[str], Client], county: SimpleNamespace, settings: Any, role: str
) -> None:
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 0)  # all tables within a minute
    names = {"admin": "administrator", "duty": "duty_officer", "mine": "enterprise"}
    client = login(names.get(role, role))
    for name in TABLES:
        seen = client.get(TABLES[name])
        taken = client.get(f"/api/v1/tables/{name}/export")
        assert taken.status_code == seen.status_code, name
        assert taken.status_code in (200, 403), name


@pytest.mark.django_db
def test_a_list_goes_out_whole_over_its_pages_in_its_own_order(
    login: Callable[[str], Client], county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed, "MAX_LIMIT", 2)
    client = login("administrator")
    names = [row["username"] for row in client.get("/api/v1/users", {"limit": 500}).json()["items"]]
    assert len(names) > 4
    head, *rows = asked(client, "users")
    assert head[:3] == ["用户名", "显示名", "角色"]
    assert [row[0] for row in rows] == names
    assert [row[0] for row in asked(client, "users", sort="-username")[1:]] == names[::-1]
    assert [row[0] for row in asked(client, "users", q="leader", limit=1)[1:]] == ["leader"]


@pytest.mark.django_db
def test_a_token_goes_out_by_name_and_never_by_its_text(
    login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    made, text = people.create_api_token(SYSTEM, county.users["leader"], "省平台")
    rows = asked(login("administrator"), "tokens")
    assert [row[:2] for row in rows[1:]] == [["省平台", county.users["leader"].username]]
    assert text not in str(rows)
    assert made.hash not in str(rows)


@pytest.mark.django_db
def test_names_are_masked_in_the_file_as_in_the_list(login: Callable[[str], Client], county: SimpleNamespace) -> None:
    person = people.create_person(SYSTEM, "某甲乙", organisation=county.bureau)
    people.start_leave(SYSTEM, person, "sick", timezone.now() + timedelta(days=3))
    [whole] = [row for row in asked(login("administrator"), "leaves")[1:] if row[0] == "某甲乙"]
    assert whole[3] == "病假"
    masked = asked(login("auditor"), "leaves")
    assert "某甲乙" not in str(masked)
    assert [row[3] for row in masked[1:] if row[0] == "某**"] == [""]


@pytest.mark.django_db
def test_a_list_too_long_for_one_file_is_refused_with_words(
    login: Callable[[str], Client], county: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed, "MAX_ROWS", 2)
    client = login("administrator")
    for name in ("users", "organisations"):
        answer = client.get(f"/api/v1/tables/{name}/export")
        assert answer.status_code == 422
        assert "先查找或筛选，再导出" in answer.json()["detail"]
    for number in range(2):
        places.create_organisation(SYSTEM, f"少数 {number}", "government", county.territory)
    assert len(asked(client, "organisations", q="少数")) == 3
