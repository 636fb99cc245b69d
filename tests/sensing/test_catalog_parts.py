"""A catalog told in parts: all of it or nothing is in force, whatever is told twice, out of turn, or dies between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.engine import warm_up
from shoutu.sensing import core as core_module
from shoutu.sensing.catalog import Catalog, Delta, OutOfTurn, Removed, read_delta
from shoutu.sensing.journal_records import Record, Switch
from tests.engine.journals import journals
from tests.sensing.test_catalog_follow import switches
from tests.sensing.test_core import T, catalog, readings, running, told, until
from tests.sensing.test_scale import laws, records_of, said_by_one, said_by_shards

entries = st.lists(
    st.fixed_dictionaries({"id": st.integers(1, 900), "name": st.text(max_size=4)}),
    max_size=40,
    unique_by=lambda entry: entry["id"],
)
catalogs = st.builds(
    lambda version, sources, points, rules: Catalog().merged(
        Delta(version, True, tuple(sources), tuple(points), tuple(rules))
    ),
    st.integers(1, 99), entries, entries, entries,
)  # fmt: skip
deltas = st.builds(
    lambda version, points, rules, gone: Delta(
        version, False, (), tuple(points), tuple(rules), Removed(points=tuple(gone - {e["id"] for e in points}))
    ),
    st.integers(1, 99), entries, entries, st.sets(st.integers(1, 900), max_size=9),
)  # fmt: skip


def force(one: Catalog) -> tuple[Any, ...]:
    return one.version, one.sources, one.points, one.rules


@settings(max_examples=80, deadline=None)
@given(catalogs, catalogs, st.integers(1, 3000))
def test_parts_make_the_catalog_out_of_any_other_and_nothing_before_the_last(
    before: Catalog, wanted: Catalog, most: int
) -> None:
    parts = list(wanted.parts(most))
    now = before
    for raw in parts[:-1]:
        now = Catalog.decode(now.taken(read_delta(raw)).pack())
        assert force(now) == force(before)
    last = read_delta(parts[-1])
    made = now.taken(last)
    assert (force(made), made.waiting) == (force(wanted), None)
    differ = {key for key in {*wanted.points, *before.points} if wanted.points.get(key) != before.points.get(key)}
    assert made.changed_since(before, last)[0] == differ


@settings(max_examples=80, deadline=None)
@given(catalogs, deltas, st.integers(1, 1500))
def test_a_delta_cut_up_is_the_delta(before: Catalog, delta: Delta, most: int) -> None:
    now = before
    for raw in delta.cut(most):
        now = now.taken(read_delta(raw))
    assert force(now) == force(before.merged(delta))


@settings(max_examples=60, deadline=None)
@given(catalogs, catalogs, st.integers(1, 300), st.data())
def test_what_was_not_told_to_its_end_may_begin_again_and_only_there(
    before: Catalog, wanted: Catalog, most: int, data: st.DataObject
) -> None:
    first, again = list(wanted.parts(most)), list(wanted.parts(most))
    told_first = data.draw(st.integers(0, len(first) - 1))
    now = before
    for raw in first[:told_first]:
        now = now.taken(read_delta(raw))
    for raw in (*again[1:], *first[told_first + 1 :]):
        with pytest.raises(OutOfTurn):
            now.taken(read_delta(raw))
    for raw in again:
        now = now.taken(read_delta(raw))
    assert force(now) == force(wanted)
    small = Delta(100, points=({"id": 1, "name": "甲"},))
    assert before.taken(small).waiting is None


def parted(records: list[Record], most: int) -> Iterator[Record]:
    """Each switch in parts, all but the last one told before the record that came before it."""
    out: list[Record] = []
    for record in records:
        if not isinstance(record, Switch):
            out.append(record)
            continue
        parts = [Switch(0, raw) for raw in read_delta(record.delta).cut(most)]
        early = len(out) - (bool(out) and not isinstance(out[-1], Switch))
        out[early:early] = parts[:-1]
        out.append(parts[-1])
    seq = 1
    for record in out:
        yield replace(record, seq=seq)
        seq += record.count


def plain(said: list[bytes]) -> list[str]:
    kept = ({k: v for k, v in msgspec.json.decode(one).items() if k not in ("id", "seq")} for one in said)
    return sorted(json.dumps(one, sort_keys=True) for one in kept)


@laws
@given(journals(), st.integers(1, 400), st.integers(1, 3))
def test_an_engine_told_in_parts_says_what_one_told_at_once_says(journal: Any, most: int, shards: int) -> None:
    whole = list(records_of(journal, {1}))
    cut = list(parted(whole, most))
    one = said_by_one(iter(cut))
    assert plain(one) == plain(said_by_one(iter(whole)))
    assert said_by_shards(iter(cut), shards, {len(cut) // 2}) == one


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    warm_up()


def later(points: int) -> list[bytes]:
    """The catalog of these points in several parts, with a limit above what readings here are."""
    told_all = json.loads(catalog(points))
    for rule in told_all["rules"]:
        rule.update(version=2, params={"levels": {"3": 50.0}})
    return list(Catalog.decode(json.dumps({**told_all, "version": 2}).encode()).parts(300))


@pytest.mark.anyio
async def test_killed_between_two_parts_the_old_rules_stay_until_all_is_told_again(tmp_path: Path) -> None:
    parts = later(600)
    assert len(parts) > 4
    image = tmp_path / "killed"
    async with running(tmp_path / "a") as core:
        await core.switch(catalog(600))
        for raw in parts[:3]:
            assert await core.switch(raw) is False
        await core.accept(readings(1, 0, [9.0]))
        await until(core.engine.caught_up)
        assert core.state()["catalog_parts"] == 3
        core.engine.checkpoint()
        core.engine._finish_writing()
        shutil.copytree(tmp_path / "a", image, ignore=shutil.ignore_patterns("lock"))
    async with running(image) as core:
        await until(lambda: core.live and core.engine.caught_up())
        assert await core.agree()
        assert (core.catalog.version, core.engine.watch.catalog.version) == (1, 1)
        with pytest.raises(OutOfTurn):
            await core.switch(parts[3])
        for at, raw in enumerate(parts):
            await core.accept(readings(1, 2 * at + 1, [1.0, 9.0]))
            assert await core.switch(raw) is (at == len(parts) - 1)
        end = 2 * len(parts)
        await core.accept(readings(1, end + 1, [9.0, 60.0]))
        await until(core.engine.caught_up)
        by_old = [(1, T, 3)] + [(1, T + 1000 * (i + 1), 0 if i % 2 == 0 else 3) for i in range(end)]
        said = told(core)
        assert said[: len(by_old)] == by_old, "each was judged by the old rule, none by half of the new ones"
        assert said[-1] == (1, T + 1000 * (end + 2), 3)
        assert core.engine.watch.catalog.points == core.catalog.points


@pytest.mark.anyio
async def test_what_is_too_long_for_a_record_is_journaled_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_module, "MOST_SWITCH_BYTES", 2000)
    async with running(tmp_path) as core:
        assert await core.switch(catalog(600)) is True
        assert switches(tmp_path) > 2
        await core.accept(readings(600, 0, [9.0]))
        await until(core.engine.caught_up)
        assert told(core) == [(600, T, 3)]
    for part in ("journal", "checkpoint", "spool", "store"):
        shutil.rmtree(tmp_path / part)
    async with running(tmp_path) as core:
        assert await core.agree_first(), "the engine is told the copy on disk in parts, too"
        assert switches(tmp_path) > 2
        await core.accept(readings(600, 0, [9.0]))
        await until(core.engine.caught_up)
        assert told(core) == [(600, T, 3)]
