"""Modbus TCP: what is asked for together, what an answer says, and that no bytes break the reader."""

from __future__ import annotations

import asyncio
import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.modbus.frames import Broken, Told, answer, head
from shoutu.sensing.devices.modbus.poll import Line
from shoutu.sensing.devices.modbus.values import Block, blocks_of, raw_of, value_of
from shoutu.sensing.devices.settings import WIDTH, Register, read_modbus

THEIRS = {
    "u16": ModbusClientMixin.DATATYPE.UINT16,
    "i16": ModbusClientMixin.DATATYPE.INT16,
    "u32": ModbusClientMixin.DATATYPE.UINT32,
    "i32": ModbusClientMixin.DATATYPE.INT32,
    "f32": ModbusClientMixin.DATATYPE.FLOAT32,
    "f64": ModbusClientMixin.DATATYPE.FLOAT64,
}


def register(**told: object) -> Register:
    return Register(**{"address": "a", "function": 3, "index": 0, **told})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "number"),
    [("u16", 65_535), ("i16", -2), ("u32", 4_000_000_000), ("i32", -70_000), ("f32", -0.7), ("f64", 1e-300)],
)
@pytest.mark.parametrize(("order", "theirs"), [("ABCD", "big"), ("CDAB", "little")])
def test_numbers_are_read_as_an_independent_library_writes_them(
    kind: str, number: float, order: str, theirs: str
) -> None:
    words = ModbusClientMixin.convert_to_registers(number, THEIRS[kind], word_order=theirs)  # type: ignore[arg-type]
    assert raw_of(register(type=kind, order=order), words) == number


@pytest.mark.parametrize(("order", "raw"), [("ABCD", "41bd3333"), ("CDAB", "333341bd"), ("BADC", "bd413333"),
                                            ("DCBA", "3333bd41")])  # fmt: skip
def test_every_order_of_four_bytes(order: str, raw: str) -> None:
    words = struct.unpack(">2H", bytes.fromhex(raw))
    assert raw_of(register(type="f32", order=order), words) == 23.65


@pytest.mark.parametrize(
    ("told", "raw", "value"),
    [
        ({"scale": 0.1}, 63, 6.3),
        ({"scale": 0.01, "offset": -40}, 6_543, 25.43),
        ({}, 7.0, 7.0),
        ({"fault": 32_767, "scale": 0.1}, 32_767, math.nan),
        ({"scale": 2.0}, math.inf, math.inf),
    ],
)
def test_a_reading_is_what_the_device_means(told: dict[str, float], raw: float, value: float) -> None:
    assert value_of(register(**told), raw) == pytest.approx(value, rel=0, abs=0, nan_ok=True)


def test_neighbours_are_asked_for_together_and_gaps_never() -> None:
    rows = [
        register(index=3, type="f32"), register(index=1, type="u32"), register(index=6), register(index=7),
        register(index=7), register(index=0, unit=9), register(function=1, type="bit"),
        register(function=4, index=8),
    ]  # fmt: skip
    told = [(b.unit, b.function, b.first, b.count, len(b.registers)) for b in blocks_of(rows, 2)]
    assert told == [(2, 1, 0, 1, 1), (2, 3, 1, 4, 2), (2, 3, 6, 2, 3), (2, 4, 8, 1, 1), (9, 3, 0, 1, 1)]
    many = blocks_of([register(index=at, type="f32") for at in range(0, 400, 2)], 1)
    assert [one.count for one in many] == [124, 124, 124, 28]


def test_a_device_that_says_why_not_and_answers_that_are_none() -> None:
    assert answer(bytes.fromhex("0304 0001 fffe".replace(" ", "")), 3, 2) == [1, 65_534]
    assert answer(bytes.fromhex("010205 01".replace(" ", "")), 1, 9) == [1, 0, 1, 0, 0, 0, 0, 0, 1]
    with pytest.raises(Told, match="11"):
        answer(b"\x83\x0b", 3, 2)
    for body in (b"", b"\x03", b"\x03\x02\x00\x01", b"\x04\x04\x00\x01\x00\x02", b"\x84\x02", b"\x03\x04\x00\x01\x00"):
        with pytest.raises(Broken):
            answer(body, 3, 2)
    for raw in ("0001 0001 0006 01", "0001 0000 0002 01", "0001 0000 0100 01"):
        with pytest.raises(Broken):
            head(bytes.fromhex(raw))


@given(st.binary(max_size=260), st.integers(1, 4), st.integers(1, 125))
def test_no_bytes_are_read_as_other_than_what_was_asked_for(body: bytes, function: int, count: int) -> None:
    with contextlib.suppress(Broken, Told):
        assert len(answer(body, function, count)) == count


class Nowhere:
    """A writer into nothing."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(bytes.fromhex("00010000000701030400010002"))), max_size=6))
def test_whatever_comes_over_the_line_is_an_answer_or_a_known_fault(pieces: list[bytes]) -> None:
    async def ask() -> list[int]:
        reader = asyncio.StreamReader()
        for piece in pieces:
            reader.feed_data(piece)
        reader.feed_eof()
        return await Line(reader, Nowhere()).ask(Block(1, 3, 0, 2), 5)  # type: ignore[arg-type]

    with contextlib.suppress(Broken, Told, asyncio.IncompleteReadError):
        assert len(asyncio.run(ask())) == 2


@given(st.sampled_from(sorted(THEIRS)), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]), st.binary(min_size=8))
def test_any_registers_are_some_number(kind: str, order: str, raw: bytes) -> None:
    words = struct.unpack(">4H", raw[:8])[: WIDTH[kind]]
    one = register(type=kind, order=order, scale=0.1, offset=1e9)
    assert isinstance(value_of(one, raw_of(one, words)), float)


@pytest.mark.parametrize(
    "told",
    [
        {"host": ""}, {"registers": []}, {"port": 0}, {"unit": 256}, {"every_s": 0},
        {"registers": [{"address": "a", "function": 5, "index": 0}]},
        {"registers": [{"address": "a", "function": 1, "index": 0}]},
        {"registers": [{"address": "a", "function": 3, "index": 65_535, "type": "f32"}]},
        {"registers": [{"address": "a", "function": 3, "index": 0, "order": "ABDC"}]},
    ],
)  # fmt: skip
def test_wrong_settings_keep_the_device_away_by_their_name(told: dict[str, object]) -> None:
    good = {"host": "10.0.0.7", "registers": [{"address": "a", "function": 3, "index": 0}]}
    assert read_modbus(good).port == 502
    with pytest.raises(Away) as away:
        read_modbus(good | told)
    assert away.value.reason == "settings"
    assert away.value.detail
