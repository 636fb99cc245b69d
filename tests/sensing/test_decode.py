"""The parsers: the quick way and the careful way agree, and rubbish never gets past as an error of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.sensing.decode import (
    CONTENT_TYPES,
    REASONS,
    BadBody,
    Columns,
    decode_arrow,
    decode_json,
    decode_msgpack,
    decode_ndjson,
    say,
)
from shoutu.sensing.decode.text import from_items, parse, read_json
from shoutu.sensing.doors import LATEST_AHEAD, settle
from shoutu.sensing.model import Source
from shoutu.sensing.mqtt.codec import Publish
from shoutu.sensing.mqtt.payload import READINGS, gather
from shoutu.sensing.thingsboard import TELEMETRY
from tests.sensing.memory import MemoryDirectory

NOW = 1_795_478_400_000
addresses = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=20)
stamps = st.integers(946_684_800_000, NOW)
values = st.floats(allow_nan=False, allow_infinity=False)
readings = st.fixed_dictionaries(
    {"point": addresses, "ts": stamps, "value": values}, optional={"quality": st.integers(0, 3)}
)
junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["point", "ts", "value", "quality", "x"]), inner)
    ),
    max_leaves=8,
)


def table(columns: Columns) -> list[tuple[str, int, float, int]]:
    return [
        (columns.address(i), int(columns.ts[i]), float(columns.value[i]), int(columns.quality[i]))
        for i in range(len(columns.ts))
    ]


def expected(items: list[dict[str, Any]]) -> list[tuple[str, int, float, int]]:
    return [(r["point"], r["ts"], r["value"], r.get("quality", 0)) for r in items]


def arrow(items: list[dict[str, Any]], dictionary: bool = False, ts: pa.DataType | None = None) -> bytes:
    points = pa.array([r["point"] for r in items], pa.string())
    columns = {
        "point": points.dictionary_encode() if dictionary else points,
        "ts": pa.array([r["ts"] for r in items], pa.int64()).cast(ts or pa.int64()),
        "value": pa.array([r["value"] for r in items], pa.float64()),
        "quality": pa.array([r.get("quality", 0) for r in items], pa.uint8()),
    }
    return stream(pa.table(columns))


def stream(content: pa.Table, options: pa.ipc.IpcWriteOptions | None = None, rows: int | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, content.schema, options=options) as writer:
        writer.write_table(content, rows)
    return bytes(sink.getvalue().to_pybytes())


@given(st.lists(readings, max_size=20))
def test_every_form_gives_the_same_columns(items: list[dict[str, Any]]) -> None:
    want = expected(items)
    for body in (json.dumps(items), json.dumps(items, ensure_ascii=False)):
        assert table(decode_json(body.encode())) == want
    assert table(decode_msgpack(msgspec.msgpack.encode(items))) == want
    for dictionary in (False, True):
        assert table(decode_arrow(arrow(items, dictionary))) == want
    assert table(decode_arrow(arrow(items, ts=pa.timestamp("ms", "UTC")))) == want
    if items:
        assert table(decode_ndjson(b"\n".join(json.dumps(r).encode() for r in items))) == want
        assert table(decode_ndjson(b"\r\n\r\n".join(json.dumps(r).encode() for r in items) + b"\n")) == want


@given(st.lists(readings, max_size=20))
def test_the_quick_way_and_the_careful_way_agree(items: list[dict[str, Any]]) -> None:
    body = json.dumps(items).encode()
    careful = from_items(parse(body))
    assert table(careful) == expected(items)
    quick = read_json(body)
    if quick is not None:
        assert [(r.point, r.ts, r.value, max(r.quality, 0)) for r in quick] == table(careful)


@given(st.lists(readings | junk, max_size=8))
def test_one_bad_reading_never_takes_another_along(items: list[Any]) -> None:
    body = json.dumps(items).encode()
    columns = decode_json(body)
    assert columns.total == len(items)
    places = {columns.place(i) for i in range(len(columns.ts))}
    refused = {r.index for r in columns.refused}
    assert places | refused == set(range(len(items)))
    assert not places & refused
    for refusal in columns.refused:
        assert say(refusal.code, refusal.params)
        assert say(refusal.code, refusal.params, english=True)


@settings(max_examples=300)
@given(st.sampled_from(sorted(CONTENT_TYPES)), st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_rubbish_is_a_bad_body_or_refusals(kind: str, body: bytes) -> None:
    said: list[str] = []
    try:
        columns = CONTENT_TYPES[kind](body)
    except BadBody as bad:
        said = [say(bad.code, bad.params), say(bad.code, bad.params, english=True)]
    else:
        assert len(columns.ts) + len(columns.refused) == columns.total
    assert all(len(words) > 10 for words in said)


@settings(max_examples=300)
@given(st.data())
def test_damaged_arrow_streams_never_crash(data: st.DataObject) -> None:
    items = [{"point": f"A-{i}", "ts": NOW + i, "value": float(i)} for i in range(5)]
    body = bytearray(arrow(items, dictionary=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    body = body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body
    try:
        columns = decode_arrow(bytes(body))
    except BadBody:
        return
    settled = settle(MemoryDirectory({(1, "A-1"): 1}), MemoryDirectory({}).tokens.popitem()[1], columns, "http", NOW)
    assert len(settled.batch.ts) + len(settled.refused) == columns.total


def test_arrow_streams_of_many_batches_and_differing_dictionaries() -> None:
    items = [{"point": f"A-{i % 7}", "ts": NOW + i, "value": float(i)} for i in range(100)]
    points = pa.chunked_array(
        [pa.array([r["point"] for r in items[i : i + 30]]).dictionary_encode() for i in range(0, 100, 30)]
    )
    content = pa.table({"point": points, "ts": [r["ts"] for r in items], "value": [r["value"] for r in items]})
    assert table(decode_arrow(stream(content, rows=30))) == expected(items)


def test_the_same_dictionary_is_looked_up_again_when_the_catalog_changes() -> None:
    body = arrow([{"point": p, "ts": NOW, "value": 1.0} for p in ("A", "B")], dictionary=True)
    before, after = MemoryDirectory({(1, "A"): 5, (2, "B"): 6}), MemoryDirectory({(1, "A"): 7, (1, "B"): 8})
    mine, other = before.authenticate("mine-a"), before.authenticate("mine-b")
    assert mine is not None
    assert other is not None
    for directory, source, points in (
        (before, mine, [5]),
        (before, other, [6]),
        (after, mine, [7, 8]),
        (before, mine, [5]),
    ):
        assert settle(directory, source, decode_arrow(body), "http", NOW).batch.point.tolist() == points
    swapped = arrow([{"point": p, "ts": NOW, "value": 1.0} for p in ("B", "A")], dictionary=True)
    assert settle(after, mine, decode_arrow(swapped), "http", NOW).batch.point.tolist() == [8, 7]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_arrow_timestamps_of_each_unit(unit: str) -> None:
    ts = pa.array([NOW], pa.timestamp("ms", "Asia/Shanghai")).cast(pa.timestamp(unit, "Asia/Shanghai"))
    columns = decode_arrow(stream(pa.table({"point": ["A"], "ts": ts, "value": [1.0]})))
    assert columns.ts.tolist() == [NOW]


def test_arrow_integer_points_are_ids_and_nulls_are_refused_alone() -> None:
    content = pa.table(
        {"point": pa.array([12, None, 12, 7]), "ts": pa.array([NOW, NOW, None, NOW]), "value": [1.0, 2.0, 3.0, None]}
    )
    columns = decode_arrow(stream(content))
    assert table(columns) == [("12", NOW, 1.0, 0)]
    assert [(r.index, r.params["field"]) for r in columns.refused] == [(1, "point"), (2, "ts"), (3, "value")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"ts": [NOW], "value": [1.0]}, '"point"'),
        ({"point": [1.5], "ts": [NOW], "value": [1.0]}, '"point"'),
        ({"point": ["A"], "ts": ["2026"], "value": [1.0]}, '"ts"'),
        ({"point": ["A"], "ts": pa.array([NOW], pa.timestamp("ms")), "value": [1.0]}, "with a zone"),
        ({"point": ["A"], "ts": [NOW], "value": ["1"]}, '"value"'),
        ({"point": ["A"], "ts": [NOW], "value": [1.0], "quality": ["good"]}, '"quality"'),
    ],
)
def test_wrong_arrow_columns_are_named(content: dict[str, Any], words: str) -> None:
    with pytest.raises(BadBody) as caught:
        decode_arrow(stream(pa.table(content)))
    assert words in say(caught.value.code, caught.value.params, english=True)


def test_an_arrow_column_given_twice_is_named() -> None:
    column = pa.array([1.0])
    content = pa.table([pa.array(["A"]), pa.array([NOW]), column, column], ["point", "ts", "value", "value"])
    with pytest.raises(BadBody) as caught:
        decode_arrow(stream(content))
    assert 'column "value": expected one column, got several' in say(caught.value.code, caught.value.params, True)


def test_arrow_streams_that_lie_are_refused() -> None:
    body = arrow([{"point": "A", "ts": NOW, "value": 1.0}] * 1_000)
    for cut in range(8, len(body), 97):
        with pytest.raises(BadBody):
            decode_arrow(body[:cut])
    with pytest.raises(BadBody, match="malformed"):
        decode_arrow(body + body)
    zipped = pa.ipc.IpcWriteOptions(compression="lz4")
    with pytest.raises(BadBody, match="arrow_compressed"):
        decode_arrow(stream(pa.table({"point": ["A"] * 10_000, "ts": [NOW] * 10_000, "value": [0.0] * 10_000}), zipped))


@given(st.datetimes(datetime(2000, 1, 2), datetime(2030, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001
def test_times_with_any_zone(moment: datetime, hours: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    want = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    for text in (aware.isoformat(), aware.astimezone(UTC).isoformat().replace("+00:00", "Z")):
        assert decode_json(json.dumps({"point": "A", "ts": text, "value": 1}).encode()).ts.tolist() == [want]
    packed = msgspec.msgpack.encode([{"point": "A", "ts": aware, "value": 1}])
    assert decode_msgpack(packed).ts.tolist() == [want]


@pytest.mark.parametrize("spelt", ['"value"', '"v\\u0061lue"'])
@pytest.mark.parametrize("name", ["point", "ts", "value", "quality"])
def test_a_key_given_twice_is_found_however_it_is_spelt(name: str, spelt: str) -> None:
    item = {"point": '"A"', "ts": str(NOW), "value": "1", "quality": "0"}
    fields = [f'"{key}": {text}' for key, text in item.items() if key != "value"] + [f"{spelt}: 1"]
    doubled = "{" + ", ".join([*fields, f'"{name}": {item[name]}']) + "}"
    columns = decode_json(f"[{doubled}, {json.dumps({'point': 'B', 'ts': NOW, 'value': 2})}]".encode())
    assert [r.code for r in columns.refused] == ["duplicate_key"]
    assert [row[0] for row in table(columns)] == ["B"]


@pytest.mark.parametrize("size", [0, 1, 2, 4])
@pytest.mark.parametrize("name", ["point", "ts", "value", "quality", "more"])
def test_a_msgpack_key_given_twice_is_found_however_it_is_spelt(name: str, size: int) -> None:
    def key(text: str, size: int = 0) -> bytes:
        raw, head = text.encode(), {1: b"\xd9", 2: b"\xda", 4: b"\xdb"}
        return bytes((0xA0 | len(raw),)) + raw if not size else head[size] + len(raw).to_bytes(size, "big") + raw

    pack = msgspec.msgpack.encode
    item = {"point": "A", "ts": NOW, "value": 1.0, "quality": 0, "more": 1}
    pairs = b"".join(key(k) + pack(v) for k, v in item.items()) + key(name, size) + pack(item[name])
    good = {"point": "ts", "ts": NOW, "value": 2.0}
    for head in (b"\x86", b"\xde\x00\x06", b"\xdf\x00\x00\x00\x06"):
        columns = decode_msgpack(b"\x93" + pack(good) + head + pairs + pack(good))
        expected = [] if name == "more" else [(1, "duplicate_key", {"field": name})]
        assert [tuple(r) for r in columns.refused] == expected
        assert [row[0] for row in table(columns)] == ["ts", *(["A"] if name == "more" else []), "ts"]


def test_a_key_spelt_long_hides_no_key_given_twice() -> None:
    """As many usual spellings as readings, and yet one reading has its key twice."""
    long = b"\x83\xd9\x05point\xa1A" + b"\xa2ts" + msgspec.msgpack.encode(NOW) + b"\xa5value\x01"
    twice = b"\x84\xa5point\xa1A\xa5point\xa1B" + b"\xa2ts" + msgspec.msgpack.encode(NOW) + b"\xa5value\x01"
    columns = decode_msgpack(b"\x92" + long + twice)
    assert [(r.index, r.code) for r in columns.refused] == [(1, "duplicate_key")]


def test_an_address_that_looks_like_a_key_is_no_duplicate() -> None:
    assert table(decode_json(json.dumps([{"point": "value", "ts": NOW, "value": 1}]).encode())) == [
        ("value", NOW, 1.0, 0)
    ]


def test_truncated_json_names_its_byte() -> None:
    body = '[{"point": "测点-1", "ts": 1795478400000, "value": 1}, {"point"'.encode()
    with pytest.raises(BadBody) as caught:
        decode_json(body)
    assert caught.value.code == "malformed"
    assert caught.value.params["position"] == len(body)


def test_a_bad_line_is_refused_alone() -> None:
    good = json.dumps({"point": "A", "ts": NOW, "value": 1})
    columns = decode_ndjson(f"{good}\n{good[:-4]}\n\n[]\n{good}\n".encode())
    assert [columns.place(i) for i in range(2)] == [0, 3]
    assert [(r.index, r.code) for r in columns.refused] == [(1, "line_malformed"), (2, "not_object")]


def test_non_numbers_of_binary_forms_are_kept_as_faults() -> None:
    directory = MemoryDirectory({(1, "A"): 5})
    source = directory.authenticate("mine-a")
    assert source is not None
    items = [{"point": "A", "ts": NOW + i, "value": v} for i, v in enumerate((1.0, float("nan"), float("inf")))]
    for columns in (decode_msgpack(msgspec.msgpack.encode(items)), decode_arrow(arrow(items))):
        settled = settle(directory, source, columns, "http", NOW)
        assert settled.batch.quality.tolist() == [0, 3, 3]
        assert settled.batch.point.tolist() == [5, 5, 5]


@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "X", "B"]), st.sampled_from([0, NOW, NOW + LATEST_AHEAD + 1, -(1 << 62)])),
        max_size=12,
    )
)
def test_what_is_taken_refused_and_claimed_adds_up(rows: list[tuple[str, int]]) -> None:
    directory = MemoryDirectory({(1, "A"): 5, (2, "B"): 6})
    source = directory.authenticate("mine-a")
    assert source is not None
    items = [{"point": p, "ts": t, "value": 1.0} for p, t in rows]
    settled = settle(directory, source, from_items(items), "http", NOW)
    good = [(p, t) for p, t in rows if p == "A" and t == NOW]
    assert settled.batch.ts.tolist() == [t for _, t in good]
    assert len(settled.refused) == len(rows) - len(good)
    assert [r.address for r in settled.rejected] == [p for p, _ in rows if p != "A"]
    assert all(0 < r.ts <= NOW for r in settled.rejected)
    assert settled.batch.point.dtype == np.int32


def test_every_reason_has_both_languages() -> None:
    for code, (chinese, english) in REASONS.items():
        assert any("\u4e00" <= c <= "\u9fff" for c in chinese), code
        assert english.isascii() or "“" in english, code


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'[{"point": "a", "ts": "2026-08-01T08:58:57", "value": 1}]'),
        ("application/jsonl", b'{"point": "a", "ts": "2026-08-01T08:58:57", "value": 1}\n'),
        ("application/msgpack", msgspec.msgpack.encode([{"point": "a", "ts": "2026-08-01T08:58:57", "value": 1}])),
    ],
)
def test_a_time_without_a_zone_is_taken_only_where_the_source_says_its_clock(kind: str, body: bytes) -> None:
    told = CONTENT_TYPES[kind](body, "Asia/Shanghai")
    assert (told.ts.tolist(), told.refused) == ([1_785_545_937_000], [])
    assert CONTENT_TYPES[kind](body, "UTC").ts.tolist() == [1_785_545_937_000 + 8 * 3_600_000]
    assert [one.code for one in CONTENT_TYPES[kind](body, "").refused] == ["time_naive"]


@pytest.mark.parametrize(("seconds", "taken"), [(True, [1_785_545_937_000] * 2), (False, [1_785_545_937_000])])
def test_stamps_in_seconds_are_taken_only_where_the_source_says_so(seconds: bool, taken: list[int]) -> None:
    told = b'[{"point": "A-1", "ts": 1785545937, "value": 1}, {"point": "A-1", "ts": 1785545937000, "value": 1}]'
    source = Source(1, "mine-a", False, False, seconds=seconds)
    settled = settle(MemoryDirectory({(1, "A-1"): 1}), source, decode_json(told), "http", 1_785_545_937_500)
    assert settled.batch.ts.tolist() == taken
    assert [one.code for one in settled.refused] == ["time_implausible"] * (2 - len(taken))


def test_mqtt_s_two_topics_take_a_time_without_a_zone_on_the_clock_of_the_source() -> None:
    reading = Publish(READINGS, b'[{"point": "a", "ts": "2026-08-01T08:58:57", "value": 1}]', 1, False, 1)
    told = Publish(TELEMETRY, b'{"ts": "2026-08-01T08:58:57", "values": {"a": 1}}', 1, False, 2)
    messages, columns = gather([reading, told], NOW, "Asia/Shanghai")
    assert columns.ts.tolist() == [1_785_545_937_000] * 2
    assert [message.refused for message in messages] == [[], []]
    messages, columns = gather([reading, told], NOW)
    assert columns.ts.tolist() == []
    assert [[one.code for one in message.refused] for message in messages] == [["time_naive"]] * 2
