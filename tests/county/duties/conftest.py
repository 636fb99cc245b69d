"""A duty as a warning at the small county's tailings pond would open it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from shoutu.county.duties import policy as policies
from shoutu.county.duties import policy_reader, services
from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef

PACK = Path(__file__).resolve().parents[3] / "packs/response/default.yaml"


@pytest.fixture
def pack() -> policies.ResponsePolicy:
    return policy_reader.parse(PACK.read_text("utf-8"), "default.yaml")


@pytest.fixture
def lane(pack):
    """The default lane of a kind at a level, as plain data."""

    def pick(level: int = 4, kind: str = "warning.dispose") -> dict:
        found = next(lane for lane in pack.levels[level].lanes if lane.duty == kind)
        return policies.snapshot(found, pack)

    return pick


@pytest.fixture
def open_duty(county: SimpleNamespace, lane) -> Callable[..., Duty]:
    """Open a red dispose duty about a made-up subject of 甲矿尾矿库."""

    def open_(subject: int = 1, level: int = 4, kind: str = "test.work", **changes) -> Duty:
        arguments = {
            "actor": SYSTEM,
            "kind": kind,
            "subject": SubjectRef("thing", subject),
            "site_id": county.site.pk,
            "policy": lane(level),
            "level": level,
            "title": "甲矿尾矿库浸润线埋深 5.96 m，低于控制值 6.00 m",
            "why": "≤ 6.00 m 持续 60 秒",
        }
        return services.open_duty(**{**arguments, **changes})

    return open_
