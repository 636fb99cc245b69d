"""Thirty people with a live page each, on real processes: told of what they see, of nothing else, and in time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench import live
from tests.stack import Stack, running, slowness

pytestmark = [pytest.mark.integration, pytest.mark.full]
LINES, SINGLES, VOLLEYS = 30, 6, 1
PROMISED_MS = 1_000


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_warning_reaches_every_page_it_concerns_and_no_other(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("own_postgresql") if database == "postgresql" else ""
    stack = Stack(tmp_path / "data", **({"SHOUTU_DATABASE_URL": url} if url else {}))
    county = live.populate(stack, LINES)
    assert len(county["accounts"]) == LINES
    assert len({one["cookie"] for one in county["accounts"]}) == LINES
    with running(tmp_path / "data", stack=stack):
        stack.await_token(county["token"])
        pace = slowness()
        found = asyncio.run(live.measure(stack, county, SINGLES, VOLLEYS))
        pace = max(pace, slowness())
    # Whom each warning concerns, counted here from the accounts and not from what came.
    concerned = sum(
        one["mine"] == mine if one["mine"] is not None else one["town"] in (None, mine % live.TOWNSHIPS)
        for mine in range(SINGLES)
        for one in county["accounts"]
    )
    assert found["single"]["receipts"] == concerned
    assert SINGLES * 12 <= concerned < SINGLES * LINES
    assert found["volley"]["receipts"] == VOLLEYS * LINES
    assert found["single"]["commit_p99_ms"] < PROMISED_MS * 1.5 * pace, found
    assert found["web_rss_mb"] - found["web_rss_mb_before"] < 80, found
    # Neither a thread nor a connection for each line: PostgreSQL allows a hundred in all.
    assert found["web_threads"] - found["web_threads_before"] < LINES / 2, found


@pytest.fixture
def own_postgresql() -> object:
    from tests.clusters import cluster

    try:
        with cluster() as url:
            yield url
    except FileNotFoundError as missing:
        pytest.fail(str(missing))
