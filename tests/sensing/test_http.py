"""The HTTP door over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow as pa
import pytest

from shoutu.config import SettingError
from shoutu.guard import Limits
from shoutu.sensing.http import HttpHandle, serve_http
from tests.sensing.memory import MemoryAcceptor, MemoryLocal, config

PATH = "/ingest/v1/readings"
NOW = time.time_ns() // 1_000_000


@dataclass
class House:
    acceptor: MemoryAcceptor
    local: MemoryLocal
    handle: HttpHandle
    client: httpx.AsyncClient

    async def post(self, readings: Any, token: str = "mine-a", **headers: str) -> httpx.Response:
        body = readings if isinstance(readings, bytes) else json.dumps(readings).encode()
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.client.post(PATH, content=body, headers={"Authorization": f"Bearer {token}", **names})

    async def metric(self, line: str) -> float:
        text = (await self.client.get("/metrics")).text
        return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line)), 0.0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    acceptor = MemoryAcceptor()
    local = MemoryLocal(acceptor)
    limits = Limits(connections=20, head_seconds=0.3, grace=0.3, answer_seconds=60)
    handle = await serve_http(acceptor, config(tmp_path, ingest_max_bytes=1 << 20), local, limits)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{handle.port}") as client:
        yield House(acceptor, local, handle, client)
    acceptor.gate.set()
    await handle.close()


def reading(i: int = 1, value: Any = 1.5, ts: Any = NOW, **more: Any) -> dict[str, Any]:
    return {"point": f"A-{i}", "ts": ts, "value": value, **more}


@pytest.mark.anyio
async def test_json_is_acknowledged_when_held(house: House) -> None:
    answer = await house.post([reading(1, 2.5), reading(2, 3, "2026-11-24T08:00:00.250+08:00", quality=1)])
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "rejected": []}
    assert house.acceptor.rows() == [(1, NOW, 2.5, 0), (2, 1795478400250, 3.0, 1)]


@pytest.mark.anyio
async def test_acknowledges_only_after_accept_returns(house: House) -> None:
    house.acceptor.gate.clear()
    task = asyncio.create_task(house.post([reading()]))
    while not house.acceptor.waiting:
        await asyncio.sleep(0.001)
    assert not task.done()
    house.acceptor.gate.set()
    assert (await task).status_code == 202


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "encode"),
    [
        ("application/x-ndjson", lambda rs: b"\n".join(json.dumps(r).encode() for r in rs)),
        ("application/msgpack", msgspec.msgpack.encode),
        ("application/json; charset=utf-8", lambda rs: json.dumps(rs).encode()),
    ],
)
async def test_each_form_gives_the_same_readings(house: House, kind: str, encode: Any) -> None:
    answer = await house.post(encode([reading(i, i / 2, NOW + i) for i in range(1, 6)]), Content_Type=kind)
    assert answer.json() == {"accepted": 5, "rejected": []}
    assert house.acceptor.rows() == [(i, NOW + i, i / 2, 0) for i in range(1, 6)]


@pytest.mark.anyio
async def test_arrow_stream(house: House) -> None:
    table = pa.table({"point": ["A-1", "X", "A-2"], "ts": [NOW, NOW, NOW + 1], "value": [1.0, 2.0, float("nan")]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer = await house.post(sink.getvalue().to_pybytes(), Content_Type="application/vnd.apache.arrow.stream")
    assert answer.json()["accepted"] == 2
    assert [r["index"] for r in answer.json()["rejected"]] == [1]
    assert [(p, t, q) for p, t, _, q in house.acceptor.rows()] == [(1, NOW, 0), (2, NOW + 1, 3)]


@pytest.mark.anyio
async def test_unknown_and_foreign_points_are_refused_counted_and_kept(house: House) -> None:
    before = await house.metric('shoutu_readings_rejected_total{door="http",reason="foreign_point"}')
    answer = await house.post([reading(1), {**reading(), "point": "X-9"}, {**reading(), "point": "B-1"}])
    rejected = answer.json()["rejected"]
    assert [(r["index"], r["code"]) for r in rejected] == [(1, "unknown_point"), (2, "foreign_point")]
    assert [(r.address, r.reason) for r in house.acceptor.rejected] == [("X-9", "unknown"), ("B-1", "foreign")]
    assert await house.metric('shoutu_readings_rejected_total{door="http",reason="foreign_point"}') == before + 1


@pytest.mark.anyio
async def test_ten_thousand_unknown_points_in_one_batch(house: House) -> None:
    readings = [{"point": f"X-{i}", "ts": NOW, "value": 1} for i in range(10_000)]
    answer = await house.post([*readings, reading(1)])
    assert answer.json()["accepted"] == 1
    assert [r["index"] for r in answer.json()["rejected"]] == list(range(10_000))
    assert len({r.address for r in house.acceptor.rejected}) == 10_000


@pytest.mark.anyio
@pytest.mark.parametrize("token", ["x", "wrong", "wing"])
async def test_a_wrong_token_is_401_without_reading_the_body(house: House, token: str) -> None:
    answer = await house.post([reading()], token=token)
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["detail"]
    assert house.acceptor.rows() == []


@pytest.mark.anyio
async def test_a_revoked_token_is_401(house: House) -> None:
    assert (await house.post([reading()])).status_code == 202
    house.acceptor.directory.revoke("mine-a")
    assert (await house.post([reading()])).status_code == 401


BAD = [
    (reading(1, float("nan")), "not_finite"),
    (reading(1, float("-inf")), "not_finite"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": 1e400}', "number_range"),
    (b'{"point": "A-1", "ts": 1795478400000, "value": 1, "value": 2}', "duplicate_key"),
    (b'{"po\\u0069nt": "A-1", "point": "A-2", "ts": 1795478400000, "value": 1}', "duplicate_key"),
    (reading(1, "1.5"), "wrong_type"),
    (reading(1, True), "wrong_type"),
    (reading(1, None), "wrong_type"),
    ({"point": "A-1", "ts": NOW}, "missing_field"),
    (reading(ts=0), "time_implausible"),
    (reading(ts="1970-01-01T00:00:00Z"), "time_implausible"),
    (reading(ts="2100-01-01T00:00:00Z"), "time_implausible"),
    (reading(ts=NOW // 1000), "time_implausible"),
    (reading(ts=1 << 70), "time_implausible"),
    (reading(ts="2026-11-24T08:00:00"), "time_naive"),
    (reading(ts="yesterday"), "time_format"),
    (reading(ts=None), "wrong_type"),
    (reading(quality=7), "quality_range"),
    (reading(point=5), "wrong_type"),
    (reading(point=""), "address_bad"),
    (reading(point="A\x00"), "address_bad"),
    (reading(point="x" * 201), "address_bad"),
    (17, "not_object"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("item", "code"), BAD)
async def test_a_bad_reading_does_not_take_its_neighbours_along(house: House, item: Any, code: str) -> None:
    raw = item if isinstance(item, bytes) else json.dumps(item).encode()
    good = json.dumps(reading(2)).encode()
    label = f'shoutu_readings_rejected_total{{door="http",reason="{code}"}}'
    before = await house.metric(label)
    answer = await house.post(b"[" + good + b"," + raw + b"," + good + b"]", Accept_Language="en")
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    (refusal,) = answer.json()["rejected"]
    assert (refusal["index"], refusal["code"]) == (1, code)
    assert len(refusal["reason"]) > 20
    assert await house.metric(label) == before + 1


@pytest.mark.anyio
async def test_a_reading_dated_next_year_is_accepted(house: House) -> None:
    answer = await house.post([reading(ts=NOW + 365 * 86_400_000)])
    assert answer.json()["accepted"] == 1


@pytest.mark.anyio
async def test_truncated_json_takes_nothing_and_names_the_byte(house: House) -> None:
    body = json.dumps([reading(i) for i in range(1, 20)]).encode()[:-5]
    answer = await house.post(body, Accept_Language="en")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "byte" in answer.json()["detail"]
    assert "ends early" in answer.json()["detail"]
    assert house.acceptor.rows() == []


@pytest.mark.anyio
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_413_and_others_are_served(house: House, declared: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * (1 << 20)

    headers = {"Authorization": "Bearer mine-a"}
    if declared:
        headers["Content-Length"] = str(50 << 20)
    before = await house.metric('shoutu_door_requests_total{door="http",outcome="too_large"}')
    big = asyncio.create_task(house.client.post(PATH, content=pieces(), headers=headers))
    assert (await house.post([reading()])).status_code == 202
    answer = await big
    assert answer.status_code == 413
    assert "SHOUTU_INGEST_MAX_MB" in answer.json()["detail"]
    assert await house.metric('shoutu_door_requests_total{door="http",outcome="too_large"}') == before + 1


@pytest.mark.anyio
async def test_gzip_bodies(house: House) -> None:
    body = gzip.compress(json.dumps([reading(1)]).encode())
    assert (await house.post(body, Content_Encoding="gzip")).json()["accepted"] == 1
    assert (await house.post(body + body, Content_Encoding="gzip")).status_code == 422
    assert (await house.post(body[:-9], Content_Encoding="gzip")).status_code == 422
    assert (await house.post(b"junk", Content_Encoding="gzip")).status_code == 422
    assert (await house.post(body, Content_Encoding="br")).status_code == 415


@pytest.mark.anyio
async def test_a_gzip_bomb_is_413(house: House) -> None:
    bomb = gzip.compress(b" " * (40 << 20))
    assert len(bomb) < 100_000
    assert (await house.post(bomb, Content_Encoding="gzip")).status_code == 413


@pytest.mark.anyio
async def test_wrong_content_type_method_and_path(house: House) -> None:
    answer = await house.post([reading()], Content_Type="text/csv")
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
    assert (await house.client.get(PATH)).status_code == 405
    assert (await house.client.get("/nothing")).status_code == 404


@pytest.mark.anyio
async def test_overload_is_429_and_a_broken_disk_503_with_nothing_taken(house: House) -> None:
    house.acceptor.full = 1
    unknown = {"point": "X-1", "ts": NOW, "value": 1}
    answer = await house.post([reading(), unknown])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    house.acceptor.broken = 1
    answer = await house.post([reading(), unknown])
    assert answer.status_code == 503
    assert (house.acceptor.rows(), house.acceptor.rejected) == ([], [])
    assert (await house.post([reading(), unknown])).json()["accepted"] == 1


@pytest.mark.anyio
async def test_bodies_under_way_together_are_bounded(house: House) -> None:
    budget = house.handle._door.budget
    budget.limit = 30_000
    house.acceptor.gate.clear()
    readings = [reading(1, i, NOW + i) for i in range(200)]
    first = asyncio.create_task(house.post(readings))
    while not house.acceptor.waiting:
        await asyncio.sleep(0.001)
    bomb = gzip.compress(json.dumps(readings * 4).encode())
    assert len(bomb) < 5_000
    assert (await house.post(bomb, Content_Encoding="gzip")).status_code == 429
    house.acceptor.gate.set()
    assert (await first).status_code == 202
    assert budget.used == 0


@pytest.mark.anyio
async def test_slow_clients_are_cut_while_others_are_served(house: House) -> None:
    async def drip(start: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.handle.port)
        writer.write(start)
        answer = await reader.read()
        writer.close()
        return answer

    head = b"POST /ingest/v1/readings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mine-a\r\n"
    slow = [
        asyncio.create_task(drip(start)) for start in (b"", b"POST /ing", head, head + b"content-length: 100\r\n\r\n[{")
    ]
    while not all(task.done() for task in slow):
        assert (await house.post([reading()])).status_code == 202
    answers = [task.result() for task in slow]
    assert answers[0] == b""  # asked nothing, is told nothing
    assert all(answer.startswith(b"HTTP/1.1 408") for answer in answers[1:])


@pytest.mark.anyio
async def test_silent_connections_make_room_when_the_house_is_full(house: House) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", house.handle.port) for _ in range(40)]
    assert (await house.post([reading()])).status_code == 202
    for _, writer in silent:
        writer.close()


@pytest.mark.anyio
async def test_endless_headers_are_cut(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.handle.port)
    writer.write(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000)
    assert (await reader.read()).startswith(b"HTTP/1.1 431")
    writer.close()


@pytest.mark.anyio
async def test_garbage_instead_of_http_is_400(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.handle.port)
    writer.write(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ab")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()


@pytest.mark.anyio
async def test_local_queries_take_the_wing_token_only(house: House) -> None:
    await house.post([reading(1, i, NOW + i) for i in range(5)])
    address = f"/local/v1/readings?point=1&start={NOW}&limit=2"
    assert (await house.client.get(address)).status_code == 401
    wing = {"Authorization": "Bearer wing"}
    answer = (await house.client.get(address, headers=wing)).json()
    assert answer["items"] == [[NOW, 0.0, 0], [NOW + 1, 1.0, 0]]
    for wrong in ("", "?point=x", f"?point={1 << 80}", "?point=1&step=-1"):
        answer = await house.client.get(f"/local/v1/readings{wrong}", headers=wing)
        assert answer.status_code == 422, wrong
    latest = await house.client.post("/local/v1/latest", headers=wing, json={"points": [1, 2]})
    assert latest.json() == {"items": {"1": {"ts": NOW + 4, "value": 4.0}}}
    assert (await house.client.get("/local/v1/latest?points=1", headers=wing)).json() == latest.json()
    assert (await house.client.post("/local/v1/latest", headers=wing, content=b"{")).status_code == 422
    told = await house.client.post("/local/v1/senders", headers=wing, json={"sources": [1, 2]})
    assert told.json() == {"items": {"1": [], "2": []}}
    assert (await house.client.get("/local/v1/senders", headers=wing)).status_code == 405
    assert (await house.client.post("/local/v1/senders", json={"sources": [1]})).status_code == 401


@pytest.mark.anyio
async def test_a_trial_takes_the_wing_token_and_a_whole_body(house: House) -> None:
    wing = {"Authorization": "Bearer wing"}
    body = {"point": {"id": 1}, "runs": [[]], "sums": {"rule": [1]}, "start": 0, "end": 2**50}
    assert (await house.client.post("/local/v1/trial", json=body)).status_code == 401
    assert (await house.client.post("/local/v1/trial", headers=wing, json=body)).json() == {"n": 0}
    for wrong in ({}, {**body, "start": "x"}, {**body, "end": 0}):
        assert (await house.client.post("/local/v1/trial", headers=wing, json=wrong)).status_code == 422
    assert (await house.client.get("/local/v1/trial", headers=wing)).status_code == 405


@pytest.mark.anyio
async def test_a_backtest_takes_the_wing_token_and_a_whole_body(house: House) -> None:
    wing = {"Authorization": "Bearer wing"}
    body = {"point": {"id": 1}, "kind": "threshold", "variants": [{}], "events": [[1, 2, "x"]], "start": 0, "end": 9}
    assert (await house.client.post("/local/v1/backtest", json=body)).status_code == 401
    assert (await house.client.post("/local/v1/backtest", headers=wing, json=body)).json() == {"n": 1}
    for wrong in ({}, {**body, "events": [[1]]}, {**body, "end": 0}):
        assert (await house.client.post("/local/v1/backtest", headers=wing, json=wrong)).status_code == 422
    assert (await house.client.get("/local/v1/backtest", headers=wing)).status_code == 405


@pytest.mark.anyio
async def test_data_quality_takes_the_wing_token_and_a_whole_body(house: House) -> None:
    wing = {"Authorization": "Bearer wing"}
    body = {"points": [{"id": 1, "interval_ms": 20_000, "away": [[0, 5]]}], "start": 0, "end": 86_400_000}
    assert (await house.client.post("/local/v1/quality", json=body)).status_code == 401
    told = await house.client.post("/local/v1/quality", headers=wing, json=body)
    assert told.json() == {"items": {"1": {"expected": 0}}}
    for wrong in ({}, {**body, "points": [{"id": "x"}]}, {**body, "end": 0}):
        assert (await house.client.post("/local/v1/quality", headers=wing, json=wrong)).status_code == 422
    assert (await house.client.get("/local/v1/quality", headers=wing)).status_code == 405


@pytest.mark.anyio
async def test_the_search_for_falsified_readings_takes_the_wing_token_and_a_whole_body(house: House) -> None:
    wing = {"Authorization": "Bearer wing"}
    body = {"points": [{"id": 1, "kind": "co", "interval_ms": 20_000}], "start": 0, "end": 86_400_000}
    assert (await house.client.post("/local/v1/falsified", json=body)).status_code == 401
    told = await house.client.post("/local/v1/falsified", headers=wing, json={**body, "same": [[1, 2]], "back_ms": 5})
    assert told.json() == {"items": [], "points": 1, "left": []}
    for wrong in ({}, {**body, "points": [{"id": 1}]}, {**body, "end": 0}):
        assert (await house.client.post("/local/v1/falsified", headers=wing, json=wrong)).status_code == 422
    failed = await house.client.post("/local/v1/falsified", headers=wing, json={**body, "points": []})
    assert (failed.status_code, "no room" in failed.json()["detail"]) == (500, True)
    assert (await house.client.get("/local/v1/falsified", headers=wing)).status_code == 405


@pytest.mark.anyio
async def test_a_search_may_take_longer_than_any_other_answer(tmp_path: Path) -> None:
    local = MemoryLocal(MemoryAcceptor())
    local.search_seconds = 3.0
    handle = await serve_http(local.acceptor, config(tmp_path), local, Limits(answer_seconds=0.5))
    body = {"points": [{"id": 1, "kind": "co", "interval_ms": 20_000}], "start": 0, "end": 86_400_000}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{handle.port}", timeout=60) as client:
            told = await client.post("/local/v1/falsified", headers={"Authorization": "Bearer wing"}, json=body)
        assert told.status_code == 200
    finally:
        await handle.close()


@pytest.mark.anyio
async def test_health_and_readiness(house: House) -> None:
    assert (await house.client.get("/healthz")).json() == {"status": "ok"}
    assert (await house.client.get("/readyz")).status_code == 200
    house.local.well = False
    assert (await house.client.get("/readyz")).status_code == 503


@pytest.mark.anyio
async def test_a_taken_port_names_the_setting(house: House, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=f"SHOUTU_INGEST_PORT={house.handle.port}.*taken"):
        await serve_http(house.acceptor, config(tmp_path, ingest_port=house.handle.port), house.local)


@pytest.mark.anyio
async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.handle.port)
    for i in range(1, 6):
        body = json.dumps([reading(i)]).encode()
        writer.write(b"POST /ingest/v1/readings HTTP/1.1\r\nauthorization: Bearer mine-a\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    for _ in range(5):
        assert (await reader.readuntil(b'rejected":[]}')).startswith(b"HTTP/1.1 202")
    assert [row[0] for row in house.acceptor.rows()] == [1, 2, 3, 4, 5]
    writer.close()
