"""The lists of this room under each role, with literal query counts."""

from __future__ import annotations

import itertools

from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.places import services as places
from shoutu.county.sites import services
from shoutu.county.sites.models import Source, Unclaimed
from tests.county.base import ListTests

NUMBERS = itertools.count(1)
EVERYONE = {
    "administrator": True,
    "leader": True,
    "duty_officer": True,
    "inspector": True,
    "township": True,
    "auditor": True,
    "township_b": False,
}


def source(county):
    return Source.objects.filter(site=county.site).first() or services.create_source(SYSTEM, "网关", county.site)


def points(county, n):
    where = source(county)
    return [
        services.create_point(SYSTEM, county.site, where, f"P-{next(NUMBERS)}", item="pond_level", unit="m")
        for _ in range(n)
    ]


class TestSourceList(ListTests):
    path = "/api/v1/sources"
    queries = 6
    sees = EVERYONE
    forbidden = ("enterprise",)

    def make(self, county, n):
        return [services.create_source(SYSTEM, f"网关 {next(NUMBERS)}", county.site) for _ in range(n)]


class TestPointList(ListTests):
    path = "/api/v1/points"
    queries = 8
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        return points(county, n)


class TestRuleList(ListTests):
    path = "/api/v1/rules"
    queries = 6
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        return [
            services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 3}}, "试") for point in points(county, n)
        ]


class TestUnclaimedList(ListTests):
    path = "/api/v1/unclaimed"
    queries = 5
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        where, now = source(county), timezone.now()
        return Unclaimed.objects.bulk_create(
            Unclaimed(source=where, address=f"X-{next(NUMBERS)}", count=1, first_at=now, last_at=now, reason="unknown")
            for _ in range(n)
        )


class TestSiteList(ListTests):
    path = "/api/v1/sites"
    queries = 8
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        mine = county.site.organisation
        return [
            places.create_site(SYSTEM, f"{next(NUMBERS)} 号库", "tailings_pond", mine, grade="五") for _ in range(n)
        ]
