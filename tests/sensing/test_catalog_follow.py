"""Following the catalog: every change is put into force, and a county with nothing new is not asked in a circle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.sensing.catalog import Catalog
from shoutu.sensing.catalog_follow import Follower
from shoutu.sensing.core import Core
from tests.sensing.test_core import catalog, running, until

EMPTY = b'{"version": 0, "full": true, "sources": [], "points": [], "rules": [], "removed": {}}'


class Impatient:
    """A server that answers everything at once with the same catalog and counts the questions."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked.append(head.split(b" ")[1].decode())
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(self.answer) + self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def following(core: Core, county: Impatient) -> AsyncIterator[Follower]:
    server = await asyncio.start_server(county.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url) as client:
        follower = Follower(client, lambda: core.catalog.version, core.switch)
        task = asyncio.create_task(follower.run())
        try:
            yield follower
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.close()


def switches(directory: Path) -> int:
    """Switches journaled, by what stands in the journal's files."""
    return sum(p.read_bytes().count(b'"full"') for p in (directory / "journal").glob("*.log"))


@pytest.mark.anyio
async def test_an_empty_county_that_answers_at_once_is_no_stream_of_switches(tmp_path: Path) -> None:
    county = Impatient(EMPTY)
    async with running(tmp_path) as core:
        begun = asyncio.get_running_loop().time()
        async with following(core, county):
            await until(lambda: len(county.asked) >= 3)
        # The first question is followed at once by the second, then one a second.
        assert asyncio.get_running_loop().time() - begun > 0.9
        assert switches(tmp_path) == 0
        assert core.state()["catalog_version"] == 0


@pytest.mark.anyio
async def test_everything_told_again_is_one_switch_and_a_change_another(tmp_path: Path) -> None:
    county = Impatient(catalog(2))
    async with running(tmp_path) as core, following(core, county) as follower:
        await until(lambda: len(county.asked) >= 3)
        assert (core.catalog.version, switches(tmp_path), follower.failing) == (1, 1, None)
        again: dict[str, Any] = {**json.loads(catalog(2)), "version": 7}
        county.answer = json.dumps(again).encode()
        await until(lambda: core.catalog.version == 7)
        assert switches(tmp_path) == 1, "another version of the same content starts nothing anew"
        county.answer = json.dumps({**json.loads(catalog(3)), "version": 7}).encode()
        await until(lambda: len(core.catalog.points) == 3)
        assert switches(tmp_path) == 2, "other content is in force, whatever its version"


@pytest.mark.anyio
async def test_a_switch_says_whether_it_changed_anything(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        assert await core.switch(EMPTY) is False
        assert await core.switch(catalog(1)) is True
        before = core.journal.next_seq
        assert await core.switch(catalog(1)) is False
        assert core.catalog.version == 1
        assert switches(tmp_path) == 1, f"journal from {before} to {core.journal.next_seq}"


class InParts(Impatient):
    """A county whose catalog is too long for one answer; the question after the second part fails once."""

    def __init__(self, whole: bytes) -> None:
        super().__init__(b"")
        self.parts = list(Catalog.decode(whole).parts(300))
        self.broken = 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line = head.split(b" ")[1].decode()
                self.asked.append(line)
                query = httpx.QueryParams(line.partition("?")[2])
                at = int(query.get("next", 0))
                told = {**json.loads(self.parts[at]), "next": str(at + 1)}
                status, answer = b"200 OK", json.dumps(told).encode()
                if query["after"] == "1":
                    answer = b'{"version": 1}'
                elif at == 2 and self.broken:
                    self.broken -= 1
                    status = b"500 No"
                writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n" % (status, len(answer)) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.mark.anyio
async def test_parts_are_asked_for_to_the_last_and_from_the_first_again_after_a_failure(tmp_path: Path) -> None:
    county = InParts(catalog(900))
    assert len(county.parts) > 4
    async with running(tmp_path) as core, following(core, county) as follower:
        await until(lambda: core.catalog.version == 1)
        assert len(core.catalog.points) == 900
        asked = [httpx.QueryParams(line.partition("?")[2]).get("next", "0") for line in county.asked]
        ends = [str(at) for at in range(len(county.parts))]
        assert asked[: 3 + len(ends)] == ["0", "1", "2", *ends]
        assert core.state()["catalog_parts"] == 0
        await until(lambda: follower.failing is None)


@settings(max_examples=30)
@given(st.integers(0, 1300), st.integers(0, 3))
def test_the_kept_form_brings_everything_back(points: int, version: int) -> None:
    told = {"version": version, "full": True, "sources": [{"id": 1, "name": "“甲”"}], "points": [], "rules": []}
    told["points"] = [{"id": i, "address": f"P{i}", "low": None} for i in range(1, points + 1)]
    one = Catalog.decode(json.dumps(told).encode())
    again = Catalog.decode(one.encode())
    assert json.loads(one.encode()) == told
    assert (again.version, again.sources, again.points, again.rules) == (version, one.sources, one.points, {})
