"""Parting by site: shards say what the whole engine says, byte for byte, whatever comes twice or is restored."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.engine import RuleSet
from shoutu.sensing.catalog import Catalog, read_delta
from shoutu.sensing.core_rules import Watch
from shoutu.sensing.journal_records import Readings, Record, Switch, Tick
from shoutu.sensing.scale import Part, PartError, ShardEngine, Splitter, decode_part, place_of, shard_of
from tests.engine.journals import journals

laws = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
IDENTITY = 1_207_959_552


def sections(rules: RuleSet) -> dict[str, dict[int, Any]]:
    """The catalog's sections, by id, that give this rule set."""

    def plain(spec: Any) -> dict[str, Any]:
        told = {name: getattr(spec, name) for name in ("id", "version")}
        place = {"site": spec.site} if not hasattr(spec, "kind") else {"point": spec.point}
        params = msgspec.to_builtins(spec.params, str_keys=True)
        return {**told, **place, "kind": getattr(spec, "kind", "composite"), "params": params}

    return {
        "points": {p.id: msgspec.to_builtins(p) for p in rules.points},
        "rules": {r.id: plain(r) for r in (*rules.rules, *rules.composites)},
    }


def delta(before: dict[str, Any], after: dict[str, Any], version: int, full: bool) -> bytes:
    """The delta from one catalog to the next: whole, or only what differs."""
    told: dict[str, Any] = {"version": version, "full": full, "removed": {}}
    for name, entries in after.items():
        known = {} if full else before.get(name, {})
        told[name] = [entry for key, entry in entries.items() if known.get(key) != entry]
        told["removed"][name] = [key for key in known if key not in entries]
    return msgspec.json.encode(told)


def records_of(journal: Sequence[Any], whole: Collection[int], cuts: Collection[int] = ()) -> Iterator[Record]:
    """The journal as records numbered from 1; readings that follow each other together, but for ``cuts``."""
    run: list[Any] = []
    catalog: dict[str, Any] = {}

    def closed(end: int) -> Iterator[Record]:
        if run:
            columns = [np.array(column) for column in zip(*run, strict=True)]
            point, ts, received, value, quality = (
                column.astype(kind) for column, kind in zip(columns, ("i4", "i8", "i8", "f8", "u1"), strict=True)
            )
            yield Readings(end - len(run), point, ts, received, value, quality)
            run.clear()

    for seq, (what, *rest) in enumerate(journal, 1):
        if what == "reading":
            if seq in cuts:
                yield from closed(seq)
            run.append(rest)
            continue
        yield from closed(seq)
        if what == "tick":
            yield Tick(seq, rest[0])
        else:
            before, catalog = catalog, sections(rest[0])
            yield Switch(seq, delta(before, catalog, seq, not before or seq in whole))
    yield from closed(len(journal) + 1)


def said_by_one(records: Iterator[Record]) -> list[bytes]:
    watch = Watch(Catalog())
    watch.shard = IDENTITY
    found = []
    for record in records:
        if isinstance(record, Readings):
            found += watch.readings(record)
        elif isinstance(record, Tick):
            found += watch.tick(record.seq, record.now)
        else:
            watch.switch(record.seq, read_delta(record.delta))
    return sorted(map(msgspec.json.encode, found))


def said_by_shards(records: Iterator[Record], shards: int, restored: Collection[int] = ()) -> list[bytes]:
    """Each part over the wire and told twice; where ``restored``, both sides begin anew from their bytes."""
    splitter = Splitter(IDENTITY, shards)
    engines: dict[int, ShardEngine] = {}
    found = []
    for at, record in enumerate(records):
        if at in restored:
            splitter = Splitter.unpack(splitter.pack())
            engines = {key: ShardEngine.unpack(engine.pack()) for key, engine in engines.items()}
        for part in splitter.take(record):
            raw = part.encode()
            engine = engines.setdefault(place_of(raw), ShardEngine(IDENTITY, part.shard))
            found += engine.take(decode_part(raw))
            assert engine.take(decode_part(raw)) == []
    assert {engine.missed for engine in engines.values()} == {0}
    assert splitter.missed == 0
    return sorted(map(msgspec.json.encode, found))


@laws
@given(
    journals(),
    st.sampled_from([1, 2, 3]),
    st.sets(st.integers(1, 60), max_size=4),
    st.sets(st.integers(0, 40), max_size=3),
)
def test_shards_say_what_the_whole_says(journal: list[Any], shards: int, whole: set[int], restored: set[int]) -> None:
    one = said_by_one(records_of(journal, whole))
    assert said_by_shards(records_of(journal, whole), shards, restored) == one


@laws
@given(journals(), st.sets(st.integers(1, 60)), st.data())
def test_readings_cut_otherwise_and_sent_again_change_nothing(journal: list[Any], cuts: set[int], data: Any) -> None:
    """A publisher that begins again further back cuts the readings in other places than before."""
    records = list(records_of(journal, (), cuts))
    back = data.draw(st.integers(0, len(records)))
    first = Splitter(IDENTITY, 2)
    sent = [part for record in records[:back] for part in first.take(record)]
    again = Splitter(IDENTITY, 2)
    sent += [part for record in records_of(journal, ()) for part in again.take(record)]
    engines = [ShardEngine(IDENTITY, shard) for shard in range(2)]
    found = [signal for part in sent for signal in engines[part.shard].take(part)]
    assert sorted(map(msgspec.json.encode, found)) == said_by_one(records_of(journal, ()))
    assert [engine.missed for engine in engines] == [0, 0]


def ticks(shards: int = 1, count: int = 3) -> list[Part]:
    splitter = Splitter(IDENTITY, shards)
    return [part for seq in range(1, count + 1) for part in splitter.take(Tick(seq, 1_000 * seq))]


def test_a_part_that_never_came_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    first, _, third = ticks()
    engine = ShardEngine(IDENTITY, 0)
    engine.take(first)
    with caplog.at_level(logging.ERROR):
        engine.take(third)
    assert (engine.missed, engine.seq) == (1, 3)
    assert "records after 1 and up to 2 never came" in caplog.text
    assert ShardEngine.unpack(engine.pack()).missed == 1


def test_a_gap_of_the_journal_is_counted() -> None:
    splitter = Splitter(IDENTITY, 2)
    splitter.take(Tick(1, 1_000))
    assert [part.after for part in splitter.take(Tick(5, 2_000))] == [1, 1]
    assert splitter.missed == 3
    assert splitter.take(Tick(5, 2_000)) == []


def test_a_part_of_another_shard_or_journal_is_refused() -> None:
    for other in (ticks(2)[1], Part(7, 0, 0, 1, Tick(1, 1), np.empty(0, np.int64))):
        with pytest.raises(ValueError, match="came to"):
            ShardEngine(IDENTITY, 0).take(other)


def test_sources_and_their_tokens_stay_with_the_pipeline() -> None:
    splitter = Splitter(IDENTITY, 1)
    told = {"version": 1, "full": True, "sources": [{"id": 1, "tokens": ["secret"]}], "points": [{"id": 1, "site": 1}]}
    (part,) = splitter.take(Switch(1, msgspec.json.encode(told)))
    assert b"secret" not in part.encode()
    assert b'"points":[{"id":1,"site":1}]' in part.encode()


def test_a_point_goes_to_another_shard_with_its_rules() -> None:
    splitter = Splitter(IDENTITY, 2)
    rule = {"id": 9, "version": 1, "point": 1, "kind": "no_data", "params": {"after_s": 60}}
    splitter.take(Switch(1, msgspec.json.encode({"version": 1, "points": [{"id": 1, "site": 2}], "rules": [rule]})))
    parts = splitter.take(Switch(2, msgspec.json.encode({"version": 2, "points": [{"id": 1, "site": 3}]})))
    old, new = (read_delta(part.record.delta) for part in parts if isinstance(part.record, Switch))
    assert (old.removed.points, old.removed.rules, old.points, old.rules) == ((1,), (9,), (), ())
    assert (new.removed.points, new.points, new.rules) == ((), ({"id": 1, "site": 3},), (rule,))


@pytest.mark.parametrize(("site", "shard"), [(1, 1), (8, 0), (9, 1), (None, 0), ("1", 0), (True, 0), (-3, 0)])
def test_what_has_no_site_goes_to_shard_0(site: object, shard: int) -> None:
    assert shard_of(site, 8) == shard


def test_shards_are_a_sensible_number() -> None:
    for shards in (0, -1, 1 << 16):
        with pytest.raises(ValueError, match="expected a number from 1 to"):
            Splitter(IDENTITY, shards)


@st.composite
def parts(draw: Any) -> bytes:
    """Whole parts, some with bytes changed, cut off or put behind."""
    splitter = Splitter(IDENTITY, 1)
    n = draw(st.integers(1, 3))
    columns = [np.arange(n).astype(kind) for kind in ("i4", "i8", "i8", "f8", "u1")]
    record = draw(st.sampled_from([Tick(1, 5), Switch(1, b'{"version":1}'), Readings(1, *columns)]))
    raw = bytearray(splitter.take(record)[0].encode())
    for at, byte in draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=3)):
        raw[at] = byte
    return bytes(raw[: draw(st.integers(0, len(raw)))]) + draw(st.binary(max_size=4))


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.binary(max_size=80), parts()))
def test_bytes_of_any_kind_are_a_part_or_refused(raw: bytes) -> None:
    try:
        part = decode_part(raw)
    except PartError:
        return
    assert decode_part(part.encode()).encode() == part.encode()
    assert part.record.count == (len(part.numbers) or 1)


@pytest.mark.parametrize("state", [Splitter, ShardEngine])
def test_a_state_of_another_version_is_refused_in_words(state: Any) -> None:
    with pytest.raises(ValueError, match="is of version 99, expected 1"):
        state.unpack(msgspec.msgpack.encode((99, *[b""] * (5 if state is Splitter else 7))))
