"""A licence of 甲矿 as the county knows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.papers.models import Licence
from shoutu.county.papers.services import Content, enter_licence


def content(days: int | None = 400, **told: Any) -> Content:
    """Valid for so many days more; None without an end."""
    today = timezone.localdate()
    until: date | None = None if days is None else today + timedelta(days=days)
    facts = {
        "number": "(晋)FM安许证字〔2023〕001", "issued_by": "省应急管理厅", "valid_from": today - timedelta(days=700),
        "valid_until": until,
    }  # fmt: skip
    return Content(**(facts | told))


@pytest.fixture
def licence(county: SimpleNamespace) -> Callable[..., Licence]:
    """Enter one for 甲矿, for its pond or (`site=None`) the whole of it."""

    def entered(days: int | None = 400, *, kind: str = "safety_permit", site: Any = "own", **told: Any) -> Licence:
        place = county.site.pk if site == "own" else site
        return enter_licence(SYSTEM, county.mine.pk, kind, content(days, **told), place)

    return entered
