"""A watched point of 甲矿尾矿库 and signals about it as the pipeline would send them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning

T0 = datetime(2026, 7, 21, 6, 2, 18, tzinfo=UTC)
LEVELS = {"1": 8.0, "2": 7.2, "3": 6.6, "4": 6.0}


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def county(clock, county: SimpleNamespace) -> SimpleNamespace:
    """The small county, as it stands on the day of the test."""
    return county


@pytest.fixture
def watched(county: SimpleNamespace) -> SimpleNamespace:
    """The small county with a gateway, two phreatic points and a threshold and a no-data rule on each."""
    county.source = sites.create_source(SYSTEM, "甲矿网关", county.site)
    county.points, county.rules, county.silences = [], [], []
    for address in ("JR-03", "JR-04"):
        point = sites.create_point(
            SYSTEM, county.site, county.source, address, name=f"{address} 断面", item="phreatic_depth", unit="m",
            low=0.0, high=30.0, danger="low",
        )  # fmt: skip
        county.points.append(point)
        told = {"levels": LEVELS, "direction": "low", "raise_for_s": 60}
        county.rules.append(sites.create_rule(SYSTEM, point, "threshold", told, "设计值"))
        county.silences.append(sites.create_rule(SYSTEM, point, "no_data", {"intervals": 3}, "断传"))
    return county


@pytest.fixture
def signal(watched: SimpleNamespace) -> Callable[..., dict[str, Any]]:
    """A signal of the threshold rule of a point, numbered on."""
    numbers = itertools.count(1)

    def make(to: int, frm: int = 0, point: int = 0, **changes: Any) -> dict[str, Any]:
        n = next(numbers)
        now = int(timezone.now().timestamp() * 1000)
        body = {
            "id": f"{n:032x}", "shard": 0, "seq": n, "ordinal": 0, "rule": watched.rules[point].pk,
            "rule_version": 1, "point": watched.points[point].pk, "source": watched.source.pk,
            "site": watched.site.pk, "item": "phreatic_depth", "kind": "threshold", "category": "risk",
            "type": "level", "from": frm, "to": to, "event_ts": now, "received_ts": now,
            "value": {0: 9.1, 1: 7.9, 2: 7.1, 3: 6.5, 4: 5.96}[to],
            "threshold": LEVELS.get(str(to)), "window_start": now - 60_000, "aux": None, "flags": [],
        }  # fmt: skip
        return {**body, **changes}

    return make


@pytest.fixture
def raise_to(signal) -> Callable[..., Warning]:
    """Deliver a level and take it in; the open (or newest) warning."""

    def deliver(to: int, frm: int = 0, **changes: Any) -> Warning:
        sites.receive([signal(to, frm, **changes)])
        services.take_in()
        return Warning.objects.latest("id")

    return deliver


@pytest.fixture
def red(raise_to) -> Warning:
    """A red warning of the site that is watched."""
    return raise_to(4)


@pytest.fixture
def officer(watched) -> Actor:
    """Who is on the county's watch."""
    return actor(watched.users["duty_officer"])
