"""Limits per account: what is costly is refused beyond them with the seconds to wait; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from shoutu.county.kit import limits
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Access, Entry
from shoutu.county.people import services as people

EXPORT = "/api/v1/tables/organisations/export"


@pytest.fixture
def few(settings: Any) -> None:
    settings.LIMITS = {"export": 2, "search": 3, "read": 1}


def refused(answer: Any, most: int) -> None:
    assert answer.status_code == 429, answer.content
    body = answer.json()
    wait = int(answer["Retry-After"])
    assert 1 <= wait <= 60
    assert f"一分钟最多 {most} 次，{wait} 秒后再" in body["detail"]
    assert body["status"] == 429


@pytest.mark.django_db
def test_exports_beyond_the_limit_are_refused_and_counted_and_nobody_elses(
    few: None, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    client, before = login("leader"), REGISTRY.get_sample_value("shoutu_limited_total", {"kind": "export"}) or 0
    for _ in range(2):
        assert client.get(EXPORT).status_code == 200
    entries, looks = Entry.objects.count(), Access.objects.count()
    refused(client.get(EXPORT), 2)
    refused(client.get("/api/v1/tables/persons/export"), 2)
    assert REGISTRY.get_sample_value("shoutu_limited_total", {"kind": "export"}) == before + 2
    # Nothing went out, so nothing is on record as looked at.
    assert (Entry.objects.count(), Access.objects.count()) == (entries, looks)
    assert login("inspector").get(EXPORT).status_code == 200
    assert client.get("/api/v1/organisations").status_code == 200


@pytest.mark.django_db
def test_a_session_and_a_token_of_one_account_share_its_limit(
    few: None, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    _token, text = people.create_api_token(SYSTEM, county.users["leader"], "省平台")
    program = Client(headers={"authorization": f"Bearer {text}", "accept-language": "zh-hans"})
    assert login("leader").get(EXPORT).status_code == 200
    assert program.get(EXPORT).status_code == 200
    refused(program.get(EXPORT), 2)


@pytest.mark.django_db
def test_searches_of_any_list_are_counted_together_and_lists_without_words_are_not(
    few: None, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    client = login("duty_officer")
    for path in ("sites", "organisations", "warnings"):
        assert client.get(f"/api/v1/{path}", {"q": "甲"}).status_code == 200
    refused(client.get("/api/v1/points", {"q": "甲"}), 3)
    for path in ("points", "warnings", "duties", "status"):
        for _ in range(5):
            assert client.get(f"/api/v1/{path}", {"q": ""}).status_code == 200


@pytest.mark.django_db
def test_a_search_that_stands_open_counts_once_and_stays_open(
    few: None, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    client = login("duty_officer")
    search = lambda words: client.get("/api/v1/warnings", {"q": words})  # noqa: E731
    assert [search("甲").status_code for _ in range(8)] == [200] * 8
    assert [search(words).status_code for words in "乙丙"] == [200, 200]
    refused(search("丁"), 3)
    assert search("甲").status_code == 200


@pytest.mark.django_db
def test_long_reads_are_counted_and_what_calls_people_is_not(
    few: None, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    client = login("inspector")
    assert client.get("/api/v1/noise").status_code == 200
    refused(client.get("/api/v1/noise"), 1)
    refused(client.get("/api/v1/readings", {"point": 1}), 1)
    assert client.get("/api/v1/duties").status_code == 200


@pytest.mark.django_db
def test_no_limit_where_it_is_set_to_none(
    settings: Any, login: Callable[[str], Client], county: SimpleNamespace
) -> None:
    settings.LIMITS = {"export": 0, "search": 0, "read": 0}
    client = login("inspector")
    for _ in range(30):
        assert client.get(EXPORT, {"format": "csv"}).status_code == 200


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(1, 6))
def test_never_more_than_the_limit_within_any_minute_and_the_wait_told_is_right(steps: list[int], most: int) -> None:
    from django.conf import settings

    limits.forget()
    was, settings.LIMITS = settings.LIMITS, {"export": most, "search": 0, "read": 0}
    try:
        now, taken = 1000.0, []
        for step in steps:
            now += step
            wait = limits.wait_of("export", 7, now)
            if wait == 0:
                taken.append(now)
                assert sum(one > now - limits.WINDOW_S for one in taken) <= most
            else:
                assert sum(one > now - limits.WINDOW_S for one in taken) == most
                assert sum(one > now + wait - limits.WINDOW_S for one in taken) < most
    finally:
        settings.LIMITS = was
        limits.forget()


def test_a_limit_is_of_one_account_and_one_kind(few: None) -> None:
    limits.forget()
    assert [limits.wait_of("read", 1, 0.0), limits.wait_of("read", 2, 0.0)] == [0, 0]
    assert limits.wait_of("read", 1, 1.0) == 59
    assert limits.wait_of("export", 1, 1.0) == 0
    assert limits.wait_of("read", 1, 60.0) == 0
    assert [limits.wait_of("read", 3, at, what=5) for at in (0.0, 59.0, 60.0)] == [0, 0, 0]
    assert limits.wait_of("read", 3, 61.0) == 59
