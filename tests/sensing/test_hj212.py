"""The HJ 212 door: what a packet says, and what a connection is told and not told."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.config import SettingError
from shoutu.sensing import metrics
from shoutu.sensing.decode.model import Rows
from shoutu.sensing.hj212 import Hj212Handle, serve_hj212
from shoutu.sensing.hj212.frames import Fault, Framer, frame
from shoutu.sensing.hj212.hub import Limits
from shoutu.sensing.hj212.packet import read_packet
from shoutu.sensing.hj212.payload import gather
from shoutu.sensing.model import CALIBRATING, GOOD, INVALID, SUSPECT, Source
from shoutu.sensing.senders import SENDERS
from tests.sensing.memory import MemoryAcceptor, config

MN, OTHER = "010000A8900016F000169DC0", "99988877766655"
AT = 1_785_545_937_000  # 2026-08-01 08:58:57 in China


def segment(
    cp: str, cn: str = "2011", flag: int = 5, mn: str = MN, pw: str = "123456", qn: str = "1", **more: str
) -> bytes:
    extra = "".join(f"{name}={value};" for name, value in more.items())
    return f"QN={qn};ST=32;CN={cn};PW={pw};MN={mn};Flag={flag};{extra}CP=&&{cp}&&".encode()


def rows_of(
    cp: str, cn: str = "2011", zone: str = ""
) -> tuple[list[tuple[str, int, float, int]], list[tuple[int, str]]]:
    rows = Rows()
    gather(read_packet(segment(cp, cn)), zone, rows, 0)
    told = zip(rows.address, rows.ts, rows.value, rows.quality, strict=True)
    return list(told), [(one.index, one.code) for one in rows.refused]


def test_a_real_time_packet_says_its_readings_at_its_time_in_china() -> None:
    told, refused = rows_of("DataTime=20260801085857;a34004-Rtd=63.0,a34004-Flag=N;a21026-Rtd=-1e-2,a21026-Flag=D")
    assert told == [(f"{MN}/a34004-Rtd", AT, 63.0, GOOD), (f"{MN}/a21026-Rtd", AT, -0.01, INVALID)]
    assert refused == []


def test_statistics_are_points_of_their_own_by_their_period() -> None:
    cp = "DataTime=20260801085857;a34004-Min=1,a34004-Avg=2,a34004-Max=3,a34004-Cou=4,a34004-Flag=N"
    for cn in ("2051", "2061", "2031"):
        told, _ = rows_of(cp, cn)
        assert [(a, v) for a, _, v, _ in told] == [
            (f"{MN}/{cn}/a34004-{what}", value)
            for what, value in zip(("Min", "Avg", "Max", "Cou"), (1, 2, 3, 4), strict=True)
        ]


@pytest.mark.parametrize(
    ("flag", "quality"),
    [
        ("N", GOOD), ("n", GOOD), ("", GOOD), ("T", SUSPECT), ("S", SUSPECT), ("M", CALIBRATING), ("C", CALIBRATING),
        ("D", INVALID), ("F", INVALID), ("B", INVALID), ("P", INVALID), ("Q", SUSPECT), ("0", CALIBRATING),
        ("1", GOOD), ("2", SUSPECT), ("3", GOOD),
    ],
)  # fmt: skip
def test_the_mark_of_a_value_is_its_quality(flag: str, quality: int) -> None:
    assert rows_of(f"DataTime=20260801085857;a-Rtd=1,a-Flag={flag}")[0] == [(f"{MN}/a-Rtd", AT, 1.0, quality)]


@pytest.mark.parametrize(
    ("zone", "ts"), [("", AT), ("Asia/Shanghai", AT), ("UTC", AT + 8 * 3_600_000), ("Asia/Urumqi", AT + 2 * 3_600_000)]
)
def test_a_time_without_a_zone_is_on_the_clock_the_source_is_said_to_have(zone: str, ts: int) -> None:
    assert rows_of("DataTime=20260801085857;a-Rtd=1", zone=zone)[0][0][1] == ts


def test_a_sample_s_own_time_counts_and_an_empty_one_does_not() -> None:
    cp = "DataTime=20260801085857;a-SampleTime=20260801065857,a-Rtd=1;b-SampleTime=,b-Rtd=2;c-Rtd=3"
    assert [ts for _, ts, _, _ in rows_of(cp)[0]] == [AT - 7_200_000, AT, AT]
    assert rows_of("DataTime=20260801085857123;a-Rtd=1")[0][0][1] == AT + 123


@pytest.mark.parametrize(
    ("cp", "code"),
    [
        ("a-Rtd=1", "hj212_time"),
        ("DataTime=2026-08-01 08:58;a-Rtd=1", "hj212_time"),
        ("DataTime=20261301085857;a-Rtd=1", "hj212_time"),
        ("DataTime=00000801085857;a-Rtd=1", "hj212_time"),
        ("DataTime=20260801085857;a-Rtd=", "wrong_type"),
        ("DataTime=20260801085857;a-Rtd=0x10", "wrong_type"),
        ("DataTime=20260801085857;a-Rtd=nan", "wrong_type"),
        ("DataTime=20260801085857;a-Rtd=1_0", "wrong_type"),
        ("DataTime=20260801085857;a-Rtd=1e999", "number_range"),
        (f"DataTime=20260801085857;{'a' * 200}-Rtd=1", "address_bad"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_name(cp: str, code: str) -> None:
    assert rows_of(f"{cp};good-Rtd=1")[1][0] == (0, code)


def test_a_device_that_says_it_is_broken_need_not_send_a_number() -> None:
    told, refused = rows_of("DataTime=20260801085857;a-Rtd=----,a-Flag=D")
    assert math.isnan(told[0][2])
    assert (told[0][3], refused) == (INVALID, [])


def test_the_start_of_a_logger_holds_no_reading() -> None:
    assert rows_of("DataTime=20260801085857;RestartTime=20260801085800", "2081") == ([], [])
    assert rows_of("DataTime=20260801085857;SB1-RS=1;SB2-RS=0", "2021")[0][0] == (f"{MN}/SB1-RS", AT, 1.0, GOOD)


@given(st.text(max_size=300), st.sampled_from(["2011", "2021", "2031", "2041", "2051", "2061", "2081"]))
def test_any_content_is_readings_or_refusals_of_as_many(cp: str, cn: str) -> None:
    rows = Rows()
    packet = read_packet(segment(""))._replace(cp=cp, cn=cn)
    count = gather(packet, "", rows, 7)
    assert sorted([*rows.index, *(one.index for one in rows.refused)]) == list(range(7, 7 + count))


# The door

LIMITS = Limits(
    connections=4, window=5, queue_bytes=20_000, first_seconds=30, idle_seconds=30, packet_seconds=30,
    not_durable_seconds=0.3, write_seconds=5,
)  # fmt: skip


@dataclass
class House:
    acceptor: MemoryAcceptor
    handle: Hj212Handle
    folder: Path

    async def logger(self) -> Logger:
        return Logger(*await asyncio.open_connection("127.0.0.1", self.handle.port), Framer())


@dataclass
class Logger:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    framer: Framer

    def send(self, cp: str, **more: str | int) -> None:
        self.writer.write(frame(segment(cp, **more)))  # type: ignore[arg-type]

    async def answer(self) -> str:
        """The next segment the door sends; "" when it closed instead."""
        async with asyncio.timeout(30):
            while (found := self.framer.next()) is None:
                data = await self.reader.read(4_096)
                if not data:
                    return ""
                self.framer.feed(data)
        assert not isinstance(found, Fault)
        return found.decode()


def value(number: int, x: float = 1.0, ms: int = 0) -> str:
    return f"DataTime={20260801085857}{ms:03};f{number}-Rtd={x},f{number}-Flag=N"


async def opened(tmp_path: Path, limits: Limits = LIMITS) -> House:
    SENDERS.clear()
    acceptor = MemoryAcceptor()
    directory = acceptor.directory
    directory.points |= {(1, f"{MN}/f{i}-Rtd"): 500 + i for i in range(50)}
    directory.points |= {(2, f"{OTHER}/f{i}-Rtd"): 600 + i for i in range(50)}
    directory.owners = {address: source for source, address in directory.points}
    directory.stations = {
        (MN, "123456"): Source(1, "a", False, False),
        (OTHER, "abcdef"): Source(2, "b", False, False, "UTC"),
    }
    return House(acceptor, await serve_hj212(acceptor, config(tmp_path), limits), tmp_path)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await opened(tmp_path)
    yield house
    house.acceptor.gate.set()
    await house.handle.close()


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def count(outcome: str) -> float:
    value = metrics.REGISTRY.get_sample_value("shoutu_door_requests_total", {"door": "hj212", "outcome": outcome})
    return value or 0.0


@pytest.mark.anyio
async def test_readings_are_answered_once_they_are_durable(house: House) -> None:
    logger = await house.logger()
    house.acceptor.gate.clear()
    logger.send(value(1, 6.5), qn="20260801085857223")
    await until(lambda: house.acceptor.waiting == 1)
    waiting = asyncio.create_task(logger.answer())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    house.acceptor.gate.set()
    assert await waiting == f"QN=20260801085857223;ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&"
    assert house.acceptor.rows() == [(501, AT, 6.5, GOOD)]


@pytest.mark.anyio
async def test_glued_and_fragmented_packets_are_all_answered_in_order(house: House) -> None:
    logger = await house.logger()
    stream = b"".join(frame(segment(value(i), qn=str(i + 1))) for i in range(20))
    for at in range(0, len(stream), 37):
        logger.writer.write(stream[at : at + 37])
        await logger.writer.drain()
        await asyncio.sleep(0)
    assert [(await logger.answer()).split(";")[0] for _ in range(20)] == [f"QN={i + 1}" for i in range(20)]
    assert [row[0] for row in house.acceptor.rows()] == [500 + i for i in range(20)]


@pytest.mark.anyio
async def test_a_packet_sent_again_is_answered_again_and_not_written_twice(house: House) -> None:
    logger = await house.logger()
    before = count("repeat")
    for _ in range(3):
        logger.send(value(1), qn="7")
        assert "CN=9014" in await logger.answer()
    again = await house.logger()  # the line broke before the answer came
    again.send(value(1), qn="7")
    assert "CN=9014" in await again.answer()
    again.send(value(1, 2.0, 5), qn="7")  # a logger whose number stands still, and other bytes
    assert "CN=9014" in await again.answer()
    assert [row[2] for row in house.acceptor.rows()] == [1.0, 2.0]
    assert count("repeat") == before + 3


@pytest.mark.anyio
async def test_what_was_refused_is_judged_anew_when_it_comes_again(house: House) -> None:
    logger = await house.logger()
    logger.send("DataTime=20260801085857;new-Rtd=1", qn="8")
    assert "CN=9014" in await logger.answer()
    assert [(r.address, r.reason, r.value) for r in house.acceptor.rejected] == [(f"{MN}/new-Rtd", "unknown", 1.0)]
    house.acceptor.directory.points[1, f"{MN}/new-Rtd"] = 777
    logger.send("DataTime=20260801085857;new-Rtd=1", qn="8")
    assert "CN=9014" in await logger.answer()
    assert house.acceptor.rows() == [(777, AT, 1.0, GOOD)]


@pytest.mark.anyio
async def test_a_wrong_password_is_not_answered_and_writes_nothing(house: House) -> None:
    logger = await house.logger()
    for pw in ("000000", "000001", "abcdef"):
        logger.send(value(1), pw=pw)
    assert await logger.answer() == ""
    assert house.acceptor.rows() == []


@pytest.mark.anyio
async def test_who_guesses_is_not_heard_for_a_while_and_others_are(house: House) -> None:
    for guess in range(4):
        logger = await house.logger()
        for i in range(3):
            logger.send(value(1), pw=f"{guess}{i}")
        assert await logger.answer() == ""
    logger = await house.logger()
    logger.send(value(1))
    logger.send(value(2), mn=OTHER, pw="abcdef")
    assert f"MN={OTHER}" in await logger.answer()


@pytest.mark.anyio
async def test_one_line_may_carry_the_loggers_of_several_sources(house: House) -> None:
    logger = await house.logger()
    for i in range(3):
        logger.send(value(i), qn=str(10 + i))
        logger.send(value(i), qn=str(20 + i), mn=OTHER, pw="abcdef")
    answers = [await logger.answer() for _ in range(6)]
    assert [one.split(";")[0][3:] for one in answers] == ["10", "20", "11", "21", "12", "22"]
    assert {(batch.source, int(batch.ts[0])) for batch in house.acceptor.batches} == {(1, AT), (2, AT + 8 * 3_600_000)}


@pytest.mark.anyio
async def test_a_logger_cannot_write_another_source_s_points(house: House) -> None:
    logger = await house.logger()
    house.acceptor.directory.owners[f"{MN}/alien-Rtd"] = 2
    logger.send("DataTime=20260801085857;alien-Rtd=1")
    assert "CN=9014" in await logger.answer()
    assert [one.reason for one in house.acceptor.rejected] == ["foreign"]
    assert house.acceptor.rows() == []


@pytest.mark.anyio
async def test_the_later_parts_of_a_split_packet_are_of_the_first_one_s_time(house: House) -> None:
    logger = await house.logger()
    logger.send(value(1), flag=7, qn="30", PNUM="2", PNO="1")
    logger.send("f2-Rtd=2", flag=7, qn="30", PNUM="2", PNO="2")
    assert ["CN=9014" in await logger.answer() for _ in range(2)] == [True, True]
    assert [row[:3] for row in house.acceptor.rows()] == [(501, AT, 1.0), (502, AT, 2.0)]


@pytest.mark.anyio
async def test_no_answer_is_sent_where_none_is_wanted_or_the_command_is_not_known(house: House) -> None:
    logger = await house.logger()
    logger.send(value(1), flag=4)
    logger.send("", cn="3019")
    logger.send("", cn="1013", qn="99")
    assert (await logger.answer()).startswith("QN=99;ST=91;CN=9013;")
    await until(lambda: len(house.acceptor.rows()) == 1)


@pytest.mark.anyio
async def test_damage_is_counted_and_what_comes_again_is_taken(house: House) -> None:
    logger = await house.logger()
    before = count("frame_crc")
    logger.send(value(1))
    assert await logger.answer()
    logger.writer.write(frame(segment(value(2))).replace(b"f2-Rtd=1.0", b"f2-Rtd=9.9"))
    logger.send(value(2), qn="2")
    assert "QN=2;" in await logger.answer()
    assert [row[2] for row in house.acceptor.rows()] == [1.0, 1.0]
    assert count("frame_crc") == before + 1


@pytest.mark.anyio
async def test_a_full_queue_slows_the_sender_and_loses_nothing(house: House) -> None:
    logger = await house.logger()
    house.acceptor.gate.clear()
    for i in range(30):
        logger.send(value(i), qn=str(i + 1))
    await until(lambda: house.acceptor.waiting == 1)
    house.acceptor.full = 2
    house.acceptor.gate.set()
    assert [(await logger.answer()).split(";")[0] for _ in range(30)] == [f"QN={i + 1}" for i in range(30)]
    assert len(house.acceptor.rows()) == 30


@pytest.mark.anyio
async def test_a_broken_disk_is_never_answered(house: House) -> None:
    logger = await house.logger()
    house.acceptor.broken = 10**9
    logger.send(value(1))
    assert await logger.answer() == ""
    house.acceptor.broken = 0
    logger = await house.logger()
    logger.send(value(1))
    assert "CN=9014" in await logger.answer()
    assert len(house.acceptor.rows()) == 1


@pytest.mark.anyio
async def test_what_is_no_hj_212_is_shown_the_door(house: House) -> None:
    logger = await house.logger()
    for line in (b"GET / HTTP/1.1\r\n\r\n", b"##00x0", b"##9999\r\n"):
        logger.writer.write(line)
    assert await logger.answer() == ""


@pytest.mark.anyio
async def test_a_new_logger_finds_room_where_silent_strangers_hold_all_of_it(house: House) -> None:
    strangers = [await house.logger() for _ in range(LIMITS.connections)]
    logger = await house.logger()
    logger.send(value(1))
    assert "CN=9014" in await logger.answer()
    assert await strangers[0].answer() == ""


@pytest.mark.anyio
@pytest.mark.parametrize("limit", ["first_seconds", "idle_seconds", "packet_seconds"])
async def test_who_is_silent_too_long_is_let_go(tmp_path: Path, limit: str) -> None:
    house = await opened(tmp_path, replace(LIMITS, **{limit: 0.1}))
    logger = await house.logger()
    if limit == "packet_seconds":
        logger.writer.write(b"##0100QN=")
    if limit == "idle_seconds":
        logger.send(value(1))
        assert await logger.answer()
    assert await logger.answer() == ""
    await house.handle.close()


@pytest.mark.anyio
async def test_a_revoked_logger_is_cut_off_at_once(house: House) -> None:
    logger = await house.logger()
    logger.send(value(1))
    assert await logger.answer()
    house.acceptor.directory.stations.clear()
    house.acceptor.directory.version += 1
    assert await logger.answer() == ""


@pytest.mark.anyio
async def test_who_is_connected_and_when_it_was_heard_is_known(house: House) -> None:
    began = time.time_ns() // 1_000_000
    logger = await house.logger()
    logger.send(value(1))
    logger.send(value(99))
    assert [bool(await logger.answer()) for _ in range(2)] == [True, True]
    (told,) = SENDERS.of([1, 2])["1"]
    assert (told["door"], told["device"], told["connections"], told["peer"]) == ("hj212", MN, 1, "127.0.0.1")
    assert (told["accepted"], told["refused"]) == (1, 1)
    assert began <= told["since"] <= told["heard"] <= time.time_ns() // 1_000_000
    logger.writer.close()
    await until(lambda: SENDERS.of([1])["1"][0]["connections"] == 0)
    assert SENDERS.of([1])["1"][0]["heard"] == told["heard"]


@pytest.mark.anyio
async def test_what_was_sent_before_a_goodbye_is_still_answered(house: House) -> None:
    logger = await house.logger()
    house.acceptor.gate.clear()
    logger.send(value(1))
    logger.writer.write_eof()
    await until(lambda: house.acceptor.waiting == 1)
    house.acceptor.gate.set()
    assert "CN=9014" in await logger.answer()
    assert await logger.answer() == ""


@pytest.mark.anyio
async def test_closing_answers_what_is_under_way_and_frees_the_port(tmp_path: Path) -> None:
    house = await opened(tmp_path)
    logger = await house.logger()
    house.acceptor.gate.clear()
    logger.send(value(1))
    await until(lambda: house.acceptor.waiting == 1)
    closing = asyncio.create_task(house.handle.close())
    house.acceptor.gate.set()
    assert "CN=9014" in await logger.answer()
    await closing
    again = await serve_hj212(house.acceptor, config(tmp_path, hj212_port=house.handle.port))
    with pytest.raises(SettingError, match=r"SHOUTU_HJ212_PORT.*taken"):
        await serve_hj212(house.acceptor, config(tmp_path, hj212_port=again.port))
    await again.close()


@given(st.lists(st.one_of(st.binary(max_size=60), st.integers(0, 5)), max_size=10))
def test_no_stream_harms_the_door(parts: list[bytes | int]) -> None:
    """Rubbish and good packets in any order: what is answered is held, and the door goes on serving."""

    async def go() -> None:
        house = await opened(Path("/nowhere"), replace(LIMITS, strikes=10_000, strikes_of_strangers=10_000))
        logger = await house.logger()
        stream = b"".join(p if isinstance(p, bytes) else frame(segment(value(p), qn=str(p + 1))) for p in parts)
        logger.writer.write(stream + b"\r\n" * 5_100)
        logger.writer.write_eof()
        answered = 0
        while await logger.answer():
            answered += 1
        sent = sum(isinstance(p, int) for p in parts)
        assert len(house.acceptor.rows()) <= answered <= sent
        healthy = await house.logger()
        healthy.send(value(9), qn="90")
        assert "QN=90;" in await healthy.answer()
        await house.handle.close()

    asyncio.run(go())
