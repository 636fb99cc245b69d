"""The small county with more sites: 甲矿 has a pond and an underground mine in 东乡, 乙矿 an open pit in 西乡."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.places import services as places
from shoutu.county.weather import services
from shoutu.county.weather.models import Weather

T0 = datetime(2026, 7, 21, 6, 2, 18, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def county(clock, county: SimpleNamespace) -> SimpleNamespace:
    county.shaft = places.create_site(SYSTEM, "甲矿一号井", "underground_mine", county.mine)
    county.plant = places.create_site(SYSTEM, "甲矿选厂", "plant", county.mine)
    county.north = places.create_territory(SYSTEM, "北镇", county.territory)
    return county


@pytest.fixture
def draft(county):
    """A draft of rain over both townships, to be changed."""
    numbers = iter(range(1, 1000))

    def make(level: int = 3, **changes) -> services.Draft:
        n = next(numbers)
        told = {
            "key": f"k{n}", "door": "hand", "type": "rainstorm", "level": level, "sender": "县气象台",
            "identifier": f"id-{n}", "townships": [county.east.pk, county.west.pk], "headline": "暴雨预警",
            "text": "未来 3 小时降雨量将达 50 毫米以上", "ends_at": timezone.now() + timedelta(hours=6),
        }  # fmt: skip
        return services.Draft(**{**told, **changes})

    return make


@pytest.fixture
def take(draft):
    """Take a draft in and call everybody; the spell it belongs to."""

    def run(actor=SYSTEM, level: int = 3, **changes) -> Weather:
        message = services.take(actor, draft(level, **changes))
        services.call_due()
        assert message.event is not None
        return Weather.objects.get(pk=message.event_id)

    return run
