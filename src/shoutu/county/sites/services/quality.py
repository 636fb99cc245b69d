"""A day's data quality is put down: in chunks that resume, ranked when all are there, one entry a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from shoutu.county.kit import steps
from shoutu.county.kit.actors import system
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.sites.models import EnterpriseQuality, Point, PointQuality, QualityDay
from shoutu.county.sites.quality import bounds, floor, rate

RECKONER = system("数据质量")
KEEP_POINTS = timedelta(days=35)
KEEP_ENTERPRISES = timedelta(days=400)
CHUNK = 500


@transaction.atomic
def keep_points(
    day: date, points: Sequence[Point], figures: Mapping[int, Mapping[str, Any]], still: Mapping[int, float]
) -> int:
    """Put down what the pipeline told of these points, and that they are done. Returns how many rows there are.

    What was reckoned is told again from the same readings, so no entry: the day has one when it is whole.
    """
    steps.fence()
    end = bounds(day)[1]
    rows = [
        _row(day, point, figures[point.pk], still.get(point.pk, 0.0))
        for point in points
        # A point that came only later was not missing that day.
        if figures[point.pk]["readings"] or point.added_at is None or point.added_at < end
    ]
    # Whatever another run has put down meanwhile stays.
    PointQuality.objects.bulk_create(rows, ignore_conflicts=True)
    begun = QualityDay.begun(day)
    begun.upto = max(begun.upto, *(point.pk for point in points))
    begun.points += len(rows)
    begun.save(update_fields=["upto", "points"])
    return len(rows)


def _row(day: date, point: Point, told: Mapping[str, Any], still: float) -> PointQuality:
    def seconds(name: str) -> float | None:
        return None if told[name] is None else told[name] / 1000

    return PointQuality(
        point=point,
        site_id=point.site_id,
        day=day,
        online=rate(told["online"], told["counted"]),
        complete=rate(told["covered"], told["expected"]),
        counted_s=told["counted"] / 1000,
        online_s=told["online"] / 1000,
        away_s=told["away"] / 1000,
        stopped_s=min(still, told["away"] / 1000),
        readings=told["readings"],
        expected=told["expected"],
        covered=told["covered"],
        late_p50_s=seconds("late_p50"),
        late_p95_s=seconds("late_p95"),
        skew_s=seconds("skew"),
        stuck_s=seconds("stuck"),
        implausible=told["implausible"],
    )


@service
def finish_day(day: date, rows: Sequence[EnterpriseQuality]) -> None:
    """Put down the enterprises of a day whose points are all done: from now on this is the day shown."""
    steps.fence()
    begun = QualityDay.begun(day)
    if not begun.finish():
        unchanged()
        return
    EnterpriseQuality.objects.bulk_create(rows, ignore_conflicts=True)
    told = {"day": f"{day}", "points": begun.points, "enterprises": len(rows), "poor": sum(one.poor for one in rows)}
    record(RECKONER, "quality.reckoned", COUNTY, {**told, "floor": floor()})


@transaction.atomic
def forget_old(today: date) -> int:
    """Remove one chunk of rows kept long enough. Figures of readings that are kept elsewhere: no entry."""
    steps.fence()
    for model, keep in ((PointQuality, KEEP_POINTS), (EnterpriseQuality, KEEP_ENTERPRISES)):
        ids = list(model.objects.filter(day__lt=today - keep).values_list("pk", flat=True)[:CHUNK])
        if ids:
            model.objects.filter(pk__in=ids).delete()
            return len(ids)
    return 0
