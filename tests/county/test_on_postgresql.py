"""The same tests once more, on a private PostgreSQL: what leans on its locks and commits, and (full) all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import cluster

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "ledger", "kit", "places", "people", "exchange", "duties",
    "sites", "papers", "warnings", "weather", "falsified", "screen", "access",
]  # fmt: skip
MOST = [
    "tests/county/ledger/test_record.py",
    "tests/county/ledger/test_sealer.py",
    "tests/county/ledger/test_api.py::test_entries_of_a_part_of_the_county_are_looked_up_by_subject",
    "tests/county/kit/test_contention.py",
    "tests/county/kit/test_live.py::test_event_is_there_within_a_second_of_its_commit",
    "tests/county/kit/test_live.py::test_numbers_follow_commits_without_holes",
    "tests/county/test_at_once.py",
    "tests/county/people/test_factor.py::test_of_many_who_show_one_code_at_once_one_gets_in",
    "tests/county/warnings/test_receiving.py::test_a_red_signal_opens_a_warning_and_calls_people",
    "tests/county/warnings/test_receiving.py::test_a_signal_delivered_twice_counts_once",
    "tests/county/warnings/test_receiving.py::test_a_poisonous_signal_is_set_aside_with_an_alarm_and_blocks_nobody",
    "tests/county/warnings/test_receiving.py::test_a_signal_of_no_form_is_set_aside_and_blocks_nobody",
    "tests/county/warnings/test_evacuation.py::test_counted_out_one_by_one_until_zero_ends_the_duty",
    "tests/county/warnings/test_evacuation.py::test_sent_twice_is_counted_once",
    "tests/county/warnings/test_evacuation.py::test_a_second_warning_of_the_site_joins",
    "tests/county/warnings/test_grouping.py::test_one_answer_answers_all_of_mine_and_nobody_elses",
    "tests/county/warnings/test_grouping.py::test_merged_by_hand_and_split_again_they_keep_their_calls",
    "tests/county/falsified/test_falsified.py::test_what_had_no_room_gets_its_check_on_a_later_day_the_oldest_first",
    "tests/county/duties/test_climbing.py::test_two_workers_racing_place_each_call_once",
    "tests/county/duties/test_bundling.py::test_one_answer_by_link_answers_all_it_told_of_and_nothing_that_came_later",
]
"""Of every room what another database could do otherwise, a minute and a half together."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with cluster() as url:
        yield url


pytestmark = [
    pytest.mark.skipif("SHOUTU_DATABASE_URL" in os.environ, reason="is itself a run on PostgreSQL"),
    pytest.mark.integration,
]


def run(url: str, arguments: list[str], at_least: int, seconds: float) -> None:
    """Run these tests on the database of that URL; all that run pass, and they are not few."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "SHOUTU_"))} | {
        "SHOUTU_DATABASE_URL": url
    }
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None
    assert int(passed[1]) >= at_least


@pytest.mark.timeout(300)
def test_what_matters_most_on_postgresql(postgresql: str) -> None:
    run(postgresql, MOST, len(MOST), 280)


@pytest.mark.full
@pytest.mark.timeout(3000)
def test_all_rooms_on_postgresql(postgresql: str) -> None:
    # Two at a time, each on a database of its own: one after the other takes most of an hour.
    run(postgresql, ["-n", "2", "--dist", "worksteal", *(f"tests/county/{room}" for room in ROOMS)], 1800, 2980)
