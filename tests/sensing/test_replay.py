"""Replay of files through the real HTTP door."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from shoutu.sensing.doors import listen
from shoutu.sensing.http import HttpHandle, serve_http
from shoutu.sensing.replay import ReplayError, SeriesError, Summary, read_series, replay, replay_command
from shoutu.sensing.replay.send import Sender
from tests.sensing.memory import MemoryAcceptor, MemoryLocal, config

START = 1_385_000_000_000


@dataclass
class House:
    acceptor: MemoryAcceptor
    handle: HttpHandle
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.handle.port}"

    def file(self, text: str, name: str = "a.csv") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    async def replay(self, file: Path, **options: Any) -> Summary:
        return await asyncio.to_thread(lambda: replay(file, self.url, "mine-a", **options))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    acceptor = MemoryAcceptor()
    handle = await serve_http(acceptor, config(tmp_path), MemoryLocal(acceptor))
    yield House(acceptor, handle, tmp_path)
    await handle.close()


CSV = "point,ts,value\nA-1,2026-11-24T00:00:00Z,1.5\nA-2,2026-11-24T08:00:01+08:00,2\nA-1,2026-11-24T00:00:02Z,3\n"


@pytest.mark.anyio
async def test_csv(house: House) -> None:
    summary = await house.replay(house.file(CSV))
    assert (summary.sent, summary.accepted, summary.rejected) == (3, 3, {})
    t = 1_795_478_400_000
    assert house.acceptor.rows() == [(1, t, 1.5, 0), (2, t + 1000, 2.0, 0), (1, t + 2000, 3.0, 0)]


@pytest.mark.anyio
async def test_parquet_with_quality_gives_the_same_as_csv(house: House) -> None:
    table = pa.table(
        {
            "point": ["A-2", "A-1"],
            "ts": pa.array([START + 1, START], pa.timestamp("ms", "UTC")),
            "value": [2.0, 1.0],
            "quality": [1, 0],
        }
    )
    pq.write_table(table, house.folder / "a.parquet")
    await house.replay(house.folder / "a.parquet")
    assert house.acceptor.rows() == [(1, START, 1.0, 0), (2, START + 1, 2.0, 1)]
    house.acceptor.batches.clear()
    await house.replay(house.file(f"point,ts,value,quality\nA-2,{START + 1},2,1\nA-1,{START},1,0\n"))
    assert house.acceptor.rows() == [(1, START, 1.0, 0), (2, START + 1, 2.0, 1)]


@pytest.mark.anyio
async def test_batches_and_rows_without_a_value(house: House) -> None:
    rows = "".join(f"A-1,{START + i},{'' if i % 10 == 0 else i}\n" for i in range(100))
    summary = await house.replay(house.file("point,ts,value\n" + rows), batch=40)
    assert (summary.accepted, summary.skipped) == (90, 10)
    assert [len(b.ts) for b in house.acceptor.batches] == [40, 40, 10]


@pytest.mark.anyio
async def test_one_series_without_point_and_a_zone(house: House) -> None:
    file = house.file("timestamp,value\n2026-11-24 08:00:00,1\n")
    with pytest.raises(SeriesError, match=r"--point"):
        await house.replay(file)
    with pytest.raises(SeriesError, match=r"row 1.*--zone"):
        await house.replay(file, point="A-1")
    await house.replay(file, point="A-1", zone="Asia/Shanghai")
    assert house.acceptor.rows() == [(1, 1_795_478_400_000, 1.0, 0)]


@pytest.mark.anyio
async def test_points_are_renamed(house: House) -> None:
    summary = await house.replay(house.file(CSV.replace("A-2", "mill")), rename={"mill": "A-3"})
    assert summary.accepted == 3
    assert {row[0] for row in house.acceptor.rows()} == {1, 3}


@pytest.mark.anyio
async def test_rejections_are_counted_by_reason(house: House) -> None:
    summary = await house.replay(house.file(CSV.replace("A-2", "X-2")))
    assert (summary.accepted, summary.rejected) == (2, {"unknown_point": 1})
    assert "X-2" in summary.reasons[0]


@pytest.mark.anyio
async def test_full_and_broken_doors_are_asked_again_without_loss_or_doubling(house: House) -> None:
    house.acceptor.full, house.acceptor.broken = 1, 0
    text = "point,ts,value\n" + "".join(f"A-1,{START + i},{i}\n" for i in range(50))
    summary = await house.replay(house.file(text), batch=10)
    assert summary.retries == 1
    assert [row[1] for row in house.acceptor.rows()] == [START + i for i in range(50)]


@pytest.mark.anyio
async def test_a_door_that_opens_late_gets_everything(house: House, tmp_path: Path) -> None:
    socket = listen("127.0.0.1", 0, "test")
    port = socket.getsockname()[1]
    socket.close()
    file = house.file(CSV)
    task = asyncio.create_task(asyncio.to_thread(replay, file, f"http://127.0.0.1:{port}", "mine-a"))
    await asyncio.sleep(0.3)
    assert not task.done()
    handle = await serve_http(house.acceptor, config(tmp_path, ingest_port=port), MemoryLocal(house.acceptor))
    summary = await task
    await handle.close()
    assert summary.retries > 0
    assert len(house.acceptor.rows()) == 3


@pytest.mark.anyio
async def test_a_body_too_large_is_split(house: House, tmp_path: Path) -> None:
    handle = await serve_http(house.acceptor, config(tmp_path, ingest_max_bytes=1_000), MemoryLocal(house.acceptor))
    text = "point,ts,value\n" + "".join(f"A-1,{START + i},{i}\n" for i in range(100))
    summary = await asyncio.to_thread(
        replay, house.file(text), f"http://127.0.0.1:{handle.port}", "mine-a", None, 0, 100
    )
    await handle.close()
    assert summary.accepted == 100
    assert [row[1] for row in house.acceptor.rows()] == [START + i for i in range(100)]


@pytest.mark.anyio
async def test_a_wrong_token_stops_at_once_and_says_where(house: House) -> None:
    with pytest.raises(ReplayError, match=r"401.*--skip 0"):
        await asyncio.to_thread(replay, house.file(CSV), house.url, "wrong")


@pytest.mark.anyio
async def test_patience_ends(house: House) -> None:
    sender = Sender("http://127.0.0.1:9", "mine-a", patience=0.1)
    with pytest.raises(ReplayError, match="does not take readings"):
        sender.post([{"point": "A-1", "ts": START, "value": 1}], Summary(1, 0))
    sender.client.close()


@pytest.mark.anyio
async def test_resumed_after_rows_done(house: House) -> None:
    await house.replay(house.file(CSV), skip=2)
    assert [row[2] for row in house.acceptor.rows()] == [3.0]


@pytest.mark.anyio
async def test_speed_paces_and_now_ends_now(house: House) -> None:
    text = "point,ts,value\n" + "".join(f"A-1,{START + i * 60_000},{i}\n" for i in range(11))
    begin = time.time()
    await house.replay(house.file(text), speed=600, shift="now")
    took = time.time() - begin
    assert 0.8 < took < 60, "ten minutes at 600 times the speed"
    rows = house.acceptor.rows()
    assert [b - a for a, b in pairwise(row[1] for row in rows)] == [60_000] * 10
    assert begin - 1 < rows[-1][1] / 1000 < begin + took + 1
    assert all(int(batch.ts[-1]) <= batch.received + 500 for batch in house.acceptor.batches)


@pytest.mark.anyio
async def test_the_command(house: House) -> None:
    file = house.file(CSV)
    arguments = [str(file), "--url", house.url, "--token", "mine-a", "--map", "A-2=X-9"]
    told = await asyncio.to_thread(CliRunner().invoke, replay_command, arguments)
    assert told.exit_code == 0
    assert "accepted 2, rejected 1" in told.output
    assert "unknown_point: 1" in told.output
    told = await asyncio.to_thread(CliRunner().invoke, replay_command, [*arguments[:-2], "--json"])
    assert json.loads(told.output)["accepted"] == 3
    told = await asyncio.to_thread(CliRunner().invoke, replay_command, [*arguments, "--point", "X-1"])
    assert told.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--speed", "0"], "above 0"),
        (["--speed", "fast"], "above 0"),
        (["--map", "a"], "POINT=ADDRESS"),
        (["--zone", "Mars"], "such as UTC"),
        ([], "no such file"),
    ],
)
def test_wrong_arguments_say_what_is_expected(arguments: list[str], words: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(replay_command, [str(tmp_path / "x.csv"), "--token", "t", *arguments])
    assert told.exit_code != 0
    assert words in told.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "expected the columns point, ts, value"),
        ("point,ts,value\nA,yesterday,1\n", "row 1: ts 'yesterday' is not a time"),
        ("point,ts,value\nA,2026-11-24T00:00:00,1\n", "has no zone"),
        ("point,ts,value\nA,1,x\n", "column value: expected numbers"),
        ("point,ts,value,quality\nA,1,1,9\n", "column quality: expected 0 to 3"),
        ("", "not readable"),
    ],
)
def test_wrong_files_say_what_is_expected(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SeriesError, match=words):
        read_series(tmp_path / "a.csv")


def test_naive_parquet_times_need_a_zone(tmp_path: Path) -> None:
    table = pa.table({"ts": np.array(["2026-11-24T08:00"], "datetime64[us]"), "value": [1.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(SeriesError, match="--zone"):
        read_series(tmp_path / "a.parquet", "A-1")
    assert read_series(tmp_path / "a.parquet", "A-1", "Asia/Shanghai").ts.tolist() == [1_795_478_400_000]


def test_the_real_series_shipped_are_readable() -> None:
    folder = Path(__file__).parents[2] / "examples" / "real"
    series = read_series(folder / "machine_temperature_system_failure.csv")
    assert len(series) == 22_695
    assert (np.diff(series.ts) >= 0).all()
