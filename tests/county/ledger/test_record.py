"""Entries and services: recorded with the change, or neither."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import rfc8785
from django.db import Error, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import COUNTY, SubjectRef
from shoutu.county.ledger.canonical import canonical, personal_digest, plain
from shoutu.county.ledger.models import Entry, Personal, Unsealed, Witness
from shoutu.county.ledger.services import record, record_many, service, unchanged
from shoutu.county.ledger.services.personal import erase
from shoutu.county.ledger.services.record import Draft, Unrecorded


def witness(name: str) -> Witness:
    return Witness.objects.create(name=name, kind="folder", target="/")


@service
def careful(name: str) -> Witness:
    made = witness(name)
    record(SYSTEM, "witness.added", SubjectRef("witness", made.pk), {"name": name})
    return made


@service
def careless(name: str) -> Witness:
    return witness(name)


@service
def outer(inner, fail: bool = False) -> None:
    inner(f"里{Witness.objects.count()}")
    if fail:
        record(SYSTEM, "x.done", COUNTY)
        raise ValueError("after all")


def test_service_records_in_its_transaction(db) -> None:
    careful("甲")
    entry = Entry.objects.get()
    assert (entry.verb, entry.actor, entry.payload) == ("witness.added", "系统", {"name": "甲"})
    assert Unsealed.objects.get().entry == entry


def test_service_that_records_nothing_is_undone_and_named(db) -> None:
    with pytest.raises(Unrecorded, match="careless"):
        careless("乙")
    assert not Witness.objects.exists()


def test_outer_service_counts_what_the_inner_recorded(db) -> None:
    outer(careful)
    assert Entry.objects.count() == 1
    with pytest.raises(Unrecorded):
        outer(careless)


def test_failure_undoes_change_and_entry(db) -> None:
    with pytest.raises(ValueError, match="after all"):
        outer(careful, fail=True)
    assert not Entry.objects.exists()
    assert not Witness.objects.exists()


def test_a_caught_inner_failure_leaves_no_credit(db) -> None:
    @service
    def forgiving() -> None:
        with suppress(ValueError):
            outer(careful, fail=True)

    with pytest.raises(Unrecorded, match="forgiving"):
        forgiving()


def test_unchanged_lets_a_repeat_pass(db) -> None:
    @service
    def again() -> str:
        unchanged()
        return "same"

    assert again() == "same"
    assert not Entry.objects.exists()
    with pytest.raises(RuntimeError, match="outside"):
        unchanged()


@pytest.mark.django_db(transaction=True)
def test_record_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record(SYSTEM, "x.done", COUNTY)


@pytest.mark.parametrize("table", ["entry", "leaf", "node", "treehead", "epoch"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_database_refuses_to_change_what_is_recorded(write, table, verb) -> None:
    write(5)
    column = {"entry": "verb", "leaf": "hash", "node": "hash", "treehead": "note", "epoch": "reason"}[table]
    sql = f"UPDATE ledger_{table} SET {column} = {column}" if verb == "UPDATE" else f"DELETE FROM ledger_{table}"
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_personal_values_stay_out_of_the_entry(db) -> None:
    with transaction.atomic():
        entry = record(SYSTEM, "person.created", SubjectRef("person", 3), {"a": 1}, {"phone": "13800000000"})
    kept = Personal.objects.get()
    assert b"13800000000" not in bytes(entry.canonical)
    assert entry.body["personal"] == {"phone": personal_digest(kept.salt, "13800000000")}


def test_erasing_removes_value_and_salt_and_is_recorded(db) -> None:
    with transaction.atomic():
        record(SYSTEM, "person.created", SubjectRef("person", 3), {}, {"phone": "138", "name": "某"})
        record(SYSTEM, "person.created", SubjectRef("person", 4), {}, {"phone": "139"})
    assert erase(SYSTEM, SubjectRef("person", 3), "依申请") == 2
    assert erase(SYSTEM, SubjectRef("person", 3), "依申请") == 0
    gone = Personal.objects.filter(entry__subject_id=3)
    assert [(row.value, row.salt) for row in gone] == [(None, ""), (None, "")]
    assert Personal.objects.get(entry__subject_id=4).value == "139"
    assert Entry.objects.filter(verb="personal.erased").count() == 1


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
TIMES = st.datetimes(timezones=st.just(UTC))
JSON = st.recursive(
    PLAIN | TIMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_payload_becomes_canonical_json_that_reads_back(payload) -> None:
    raw = canonical("ab", datetime(2026, 11, 24, tzinfo=UTC), SYSTEM, "x", COUNTY, payload, {})
    body = json.loads(raw)
    assert rfc8785.dumps(body) == raw
    assert b"\n" not in raw
    assert body["at"] == "2026-11-24T00:00:00.000000Z"


def test_values_without_a_json_form() -> None:
    assert plain({"n": float("nan"), "d": Decimal("1.10"), "big": 2**60}) == {
        "n": "nan",
        "d": "1.10",
        "big": str(2**60),
    }
    with pytest.raises(TypeError, match="bytes"):
        plain({"x": b"raw"})


def test_record_many_keeps_order_and_costs_few_queries(db, django_assert_num_queries) -> None:
    drafts = [Draft(SYSTEM, "x.done", SubjectRef("duty", n), {"n": n}) for n in range(30)]
    with transaction.atomic(), django_assert_num_queries(2):
        made = record_many(drafts)
    assert [entry.payload["n"] for entry in Entry.objects.order_by("id")] == list(range(30))
    assert all(entry.pk for entry in made)
