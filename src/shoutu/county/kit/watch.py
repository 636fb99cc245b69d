"""Whether Shoutu is really watching: each part's last sign of life, and since when one has been missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from shoutu.county.kit.drill import drilling
from shoutu.county.kit.models import Beat

AHEAD = timedelta(seconds=10)
"""A sign of life from further ahead was given before the clock was set back: it says nothing about now."""
# Seconds without a sign after which a part counts as not watching.
PARTS = {"pipeline": 10.0, "worker": 15.0, "auditor": 20.0}


@dataclass(frozen=True)
class Part:
    name: str
    ok: bool
    last_seen: datetime | None


@dataclass(frozen=True)
class Watching:
    """`since` is when the first of the missing parts was last seen; None when all is well or it was never seen.

    `drill`: a drill copy, which calls nobody outside.
    """

    ok: bool
    since: datetime | None
    parts: list[Part]
    drill: bool


def watching(now: datetime | None = None) -> Watching:
    """The state of the watch. A pipeline that beats but whose clock of evaluation stands still is not watching."""
    now = now or timezone.now()
    seen: dict[str, datetime] = {}
    for beat in Beat.objects.filter(name__in=PARTS):
        seen[beat.name] = min(beat.at, beat.tick_at) if beat.tick_at else beat.at
    parts = [
        Part(name, name in seen and -AHEAD <= now - seen[name] <= timedelta(seconds=limit), seen.get(name))
        for name, limit in PARTS.items()
    ]
    missing = [part for part in parts if not part.ok]
    known = [part.last_seen for part in missing if part.last_seen]
    return Watching(not missing, min(known, default=None), parts, drilling())
