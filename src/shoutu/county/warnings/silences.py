"""What a silence covers: pure rules over times and points. A red is covered by none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

RED = 4
ALONE = timedelta(minutes=30)
"""The longest silence one person alone may order (design §9)."""
ALONE_PAUSE = timedelta(hours=8)
"""After a silence by one person alone nobody may order another alone at the same place for a shift."""
LONGEST = timedelta(days=30)
"""The longest silence or maintenance window two persons may agree."""
MARK_LONGEST = timedelta(days=3)
"""The longest a point may be marked as under calibration or maintenance: it raises nothing meanwhile, red neither."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One silence as it holds now; without point and warning it covers its whole site."""

    id: int
    ends_at: datetime
    point: int | None = None
    warning: int | None = None


def covering(warning: int, level: int, points: Collection[int], covers: Iterable[Cover]) -> list[Cover]:
    """The silences that together hold back the calls of a warning whose members stand at these points.

    All of `points` must be silent, else somebody has a danger nobody silenced: then none. `level` is that of the call.
    """
    if level >= RED:
        return []
    told = list(covers)
    whole = [one for one in told if one.point is None and one.warning in (None, warning)]
    if whole:
        return [max(whole, key=lambda one: one.ends_at)]
    by_point: dict[int, Cover] = {}
    for one in told:
        if one.point is not None and (one.point not in by_point or by_point[one.point].ends_at < one.ends_at):
            by_point[one.point] = one
    if not points or any(point not in by_point for point in points):
        return []
    return list({by_point[point].id: by_point[point] for point in points}.values())


def until(found: Collection[Cover]) -> datetime | None:
    """When the first of them ends: calls go out then."""
    return min((one.ends_at for one in found), default=None)
