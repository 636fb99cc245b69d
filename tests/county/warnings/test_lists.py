"""The lists of warnings and duties under each role, with literal query counts."""

from __future__ import annotations

import itertools

from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.sites import services as sites
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning
from tests.county.base import ListTests

NUMBERS = itertools.count(1)
EVERYONE = {
    "administrator": True,
    "leader": True,
    "duty_officer": True,
    "inspector": True,
    "township": True,
    "enterprise": True,
    "auditor": True,
    "township_b": False,
    "enterprise_b": False,
}


def warnings(county, n):
    """Red warnings of 甲矿尾矿库, one an item, as signals of rules the catalog does not know make them."""
    now = round(timezone.now().timestamp() * 1000)
    told = []
    for _ in range(n):
        i = next(NUMBERS)
        told.append(
            {
                "id": f"{i:032x}", "shard": 0, "seq": i, "ordinal": 0, "rule": None, "rule_version": None,
                "point": None, "source": None, "site": county.site.pk, "item": f"item_{i}", "kind": "site_silence",
                "category": "risk", "type": "level", "from": 0, "to": 4, "event_ts": now, "received_ts": now,
                "value": None, "threshold": 3.0, "window_start": now, "aux": 3.0, "flags": [],
            }
        )  # fmt: skip
    sites.receive(told)
    while services.take_in():
        pass
    return list(Warning.objects.order_by("-id")[:n])


class TestWarningList(ListTests):
    path = "/api/v1/warnings"
    queries = 10
    sees = EVERYONE

    def make(self, county, n):
        return warnings(county, n)


class TestMyDuties(ListTests):
    path = "/api/v1/duties"
    # Seven, and eight more because the receipts of what is fetched for the first time rise to "delivered".
    queries = 15
    role = "duty_officer"
    sees = {"duty_officer": True, "leader": False, "administrator": False, "enterprise": False, "township_b": False}

    def make(self, county, n):
        made = warnings(county, n)
        return list(Duty.objects.filter(kind="warning.verify", about_id__in=[one.pk for one in made]))
