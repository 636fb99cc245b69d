"""Errors, states, paging, database URLs, permissions: the small pieces everything stands on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.config import SettingError
from shoutu.county.kit.actors import SYSTEM, Actor, wing
from shoutu.county.kit.database import POSTGRESQL_INIT, databases
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany, Unavailable
from shoutu.county.kit.paging import decode, encode
from shoutu.county.kit.permissions import EVERY, ROLES, TABLE, permissions_of
from shoutu.county.kit.states import StateTable, Transition

TEA = StateTable(
    [
        Transition("empty", "fill", "full", "duty.act"),
        Transition(("full", "cold"), "drink", "empty", guard=lambda cup, _who: "太烫" if cup.hot else None),
        Transition("full", "wait", "cold"),
        Transition("cold", "look", None),
    ],
    {"empty": "空"},
)
OFFICER = Actor(kind="user", label="值班员", role="duty_officer", permissions=permissions_of("duty_officer"))
NOBODY = Actor(kind="user", label="x", role="auditor", permissions=permissions_of("auditor"))
CUP = SimpleNamespace(hot=False)


def test_state_table_steps_and_refuses() -> None:
    assert TEA.step("empty", "fill", OFFICER, CUP) == "full"
    assert TEA.step("cold", "look", OFFICER, CUP) == "cold"
    assert TEA.step("cold", "drink", OFFICER, CUP) == "empty"
    with pytest.raises(NotAllowed):
        TEA.step("empty", "fill", NOBODY, CUP)
    with pytest.raises(Conflict, match="空"):
        TEA.step("empty", "drink", OFFICER, CUP)
    with pytest.raises(Conflict, match="太烫"):
        TEA.step("full", "drink", OFFICER, SimpleNamespace(hot=True))


def test_state_table_says_why_not_as_the_step_would() -> None:
    for state in TEA.states:
        for verb in TEA.verbs:
            for who in (OFFICER, NOBODY):
                for cup in (CUP, SimpleNamespace(hot=True)):
                    why = TEA.why_not(state, verb, who, cup)
                    if why is None:
                        TEA.step(state, verb, who, cup)
                    else:
                        with pytest.raises((Conflict, NotAllowed)):
                            TEA.step(state, verb, who, cup)


def test_state_table_lists_what_is_forbidden() -> None:
    assert TEA.states == ["empty", "full", "cold"]
    assert ("empty", "drink") in TEA.forbidden()
    assert len(TEA.forbidden()) == 3 * 4 - 5


def test_two_ways_by_one_verb_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two transitions"):
        StateTable([Transition("a", "go", "b"), Transition(("c", "a"), "go", "c")])


@pytest.mark.parametrize(
    ("error", "status", "extra"),
    [
        (NotFound("site", 3), 404, {}),
        (NotAllowed("rule.edit"), 403, {"permission": "rule.edit"}),
        (Conflict("已关闭"), 409, {}),
        (Invalid("level", "0…4"), 422, {"field": "level", "expected": "0…4"}),
        (TooMany("慢一点", 60), 429, {}),
        (Unavailable("管道没有应答"), 503, {}),
    ],
)
def test_problems(error, status, extra) -> None:
    body = error.problem()
    assert body["status"] == status
    assert body["type"].startswith("urn:shoutu:problem:")
    assert body["title"]
    assert body["detail"]
    assert {key: body[key] for key in extra} == extra


@given(
    st.lists(st.integers() | st.text() | st.floats(allow_nan=False) | st.datetimes(timezones=st.just(UTC)), max_size=4)
)
def test_cursor_carries_any_sort_values(values) -> None:
    assert decode(encode("-at", values), "-at", len(values)) == values


@given(st.text(max_size=60))
def test_any_other_cursor_is_refused(text) -> None:
    with pytest.raises(Invalid):
        decode(text, "-at", 2)


def test_cursor_of_another_sort_is_refused() -> None:
    with pytest.raises(Invalid):
        decode(encode("at", [datetime(2026, 1, 1, tzinfo=UTC), 3]), "-at", 2)


def test_permissions_name_known_roles_only_and_each_role_has_some() -> None:
    people = {*ROLES} - {"principal", "safety_officer"} | {"enterprise"}  # the two share one column
    assert {role for roles in TABLE.values() for role in roles} == {*people, "wing"}
    assert all(permissions_of(role) for role in ROLES)
    assert permissions_of("king") == frozenset()
    assert SYSTEM.permissions == EVERY
    assert wing("sensing").may("signal.deliver")
    assert not wing("sensing").may("site.read")


def test_an_auditor_changes_nothing() -> None:
    changing = ("edit", "create", "act", "verify", "close", "manage", "dispose", "feedback", "recall", "adopt", "erase")
    may = {name for name in permissions_of("auditor") if name.split(".")[1] in changing} - {"token.create"}
    assert may == set()


def test_database_urls(tmp_path: Path) -> None:
    file = tmp_path / "county.sqlite3"
    assert databases("", file)["default"]["NAME"] == str(file)
    there = databases("postgresql://me:p%40ss@db.local:5433/county?sslmode=require", file)["default"]
    assert (there["USER"], there["PASSWORD"], there["HOST"], there["PORT"], there["NAME"]) == (
        "me", "p@ss", "db.local", "5433", "county",
    )  # fmt: skip
    assert there["OPTIONS"] == {"sslmode": "require", "options": POSTGRESQL_INIT}
    own = databases("postgresql:///county?options=-c%20jit%3Don", file)["default"]
    assert own["OPTIONS"] == {"options": f"{POSTGRESQL_INIT} -c jit=on"}
    assert databases("postgresql:///county?host=/run/pg&port=5", file)["default"]["HOST"] == "/run/pg"
    for wrong in ("mysql://x/y", "postgresql://host", "nonsense"):
        with pytest.raises(SettingError, match="SHOUTU_DATABASE_URL"):
            databases(wrong, file)


def test_sqlite_is_durable_and_waits_for_its_turn(db) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        found = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert found == ["wal", 2, 20000]
    assert connection.transaction_mode == "IMMEDIATE"
