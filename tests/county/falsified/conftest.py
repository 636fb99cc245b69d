"""Two mines, and the pipeline they are asked about."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from shoutu.county.falsified import search
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Unavailable
from shoutu.county.sites import asking
from shoutu.county.sites import services as sites
from shoutu.county.sites.asking import NotSearched, SearchBusy
from tests.county.sites.test_lists import points


@pytest.fixture
def mines(county: SimpleNamespace) -> SimpleNamespace:
    """Three points of one mine, one of another."""
    county.points = points(county, 3)
    other = sites.create_source(SYSTEM, "乙网关", county.site_b)
    county.points.append(sites.create_point(SYSTEM, county.site_b, other, "Q-1", item="pond_level", unit="m"))
    return county


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The pipeline as it answers `items` and `late`; `bodies` what it was asked, `fails` how often it cannot be asked,
    `busy` how often it searches others, `bad` points which no search bears."""
    found = SimpleNamespace(items=[], bodies=[], fails=0, busy=0, bad=set(), late=[])

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if found.fails:
            found.fails -= 1
            raise Unavailable("down")
        if found.busy:
            found.busy -= 1
            raise SearchBusy("others are searched")
        found.bodies.append(body)
        ids = {one["id"] for one in body["points"]}
        if ids & found.bad:
            raise NotSearched("out of memory")
        late = [one for one in found.late if one[1] in ids and any(one[0] == day[0] for day in body["searched"])]
        items = [one for one in found.items if one["point"] in ids]
        return {"items": items, "points": len(ids), "left": [], "late": late}

    monkeypatch.setattr(asking, "falsified", answer)
    monkeypatch.setattr(search, "SETTLE", timedelta(0))
    return found
