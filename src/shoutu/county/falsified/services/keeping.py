"""What a day's search found is put down site by site: the same once, so many a site and day at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from shoutu.county.falsified.models import UNDECIDED, Finding, SearchDay
from shoutu.county.falsified.narrowing import Told
from shoutu.county.falsified.search import honest
from shoutu.county.falsified.services.checking import SEARCHER, join
from shoutu.county.falsified.services.owing import note_failed, note_late
from shoutu.county.kit import steps
from shoutu.county.kit.subjects import COUNTY, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.models import Point
from shoutu.county.sites.quality import bounds

AGAIN = timedelta(days=30)
"""The same found again within so long of its decision is the same finding: it calls nobody a second time."""
MOST_SITE = 20
"""New findings kept of one site and day, the most improbable, however often the day is searched."""


@service
def keep_site(day: date, site: int, told: Sequence[Mapping[str, Any]]) -> int:
    """Put down what was found at one site. Returns how many findings are new. Bears being repeated.

    What is new joins the check that is open at the site; whether it gets one of its own, ``check_site`` decides.
    """
    steps.fence()
    lock_sites([site])
    unchanged()
    now = timezone.now()
    room = MOST_SITE - Finding.objects.filter(site=site, day=day).count()
    new: list[Finding] = []
    over = 0
    for one in sorted(told, key=lambda one: -float(one["bits_left"])):
        known = _known(one)
        if known.filter(honest(now)).exists():
            continue
        before = known.filter(_standing(day)).order_by("-last_day").first()
        if before is not None:
            _again(before, day)
        elif len(new) < room:
            new.append(_create(day, site, one))
        else:
            over += 1
    if over:
        _count_over(day, site, over)
    if new:
        join(SEARCHER, site, new)
    return len(new)


def _count_over(day: date, site: int, over: int) -> None:
    """Note with the first finding of the site and day how many others there were; once, unless there are more."""
    first = Finding.objects.filter(site=site, day=day).order_by("pk").first()
    if first is None or over <= first.more:
        return
    first.more = over
    first.save(update_fields=["more"])
    record(SEARCHER, "falsified.more", ref(first), {"day": f"{day}", "more": over})


def _known(one: Mapping[str, Any]) -> Any:
    """The same kind of the same point, or pair: which of two copies the other is no matter."""
    point, beside = one["point"], one["beside"]
    rows = Finding.objects.select_for_update(of=("self",), no_key=True).filter(kind=one["kind"])
    return rows.filter(Q(point=point, beside=beside) | Q(point=beside or 0, beside=point))


def _standing(day: date) -> Q:
    """Not decided, or not long ago: what goes on a month after somebody saw to it is asked about anew."""
    return Q(state__in=UNDECIDED) | Q(decided_at__gt=bounds(day)[0] - AGAIN)


def _again(found: Finding, day: date) -> None:
    if found.last_day >= day:
        return
    found.last_day, found.times = day, found.times + 1
    found.save(update_fields=["last_day", "times"])
    record(SEARCHER, "falsified.again", ref(found), {"day": f"{day}", "times": found.times})


def _create(day: date, site: int, one: Mapping[str, Any]) -> Finding:
    copied = ("kind", "start", "end", "beside_start", "beside_end", "factor", "offset")
    found = Finding.objects.create(
        site_id=site,
        point_id=one["point"],
        beside_id=one["beside"],
        day=day,
        last_day=day,
        readings=one["n"],
        bits=one["bits_left"],
        zh=one["zh"][:400],
        en=one["en"][:400],
        found_at=timezone.now(),
        **{name: one[name] for name in copied},
    )
    facts = {"kind": found.kind, "day": f"{day}", "point": found.point_id, "beside": found.beside_id}
    record(SEARCHER, "falsified.found", ref(found), {**facts, "zh": found.zh, "en": found.en})
    return found


@transaction.atomic
def pass_sites(day: date, points: Sequence[Point], told: Told) -> None:
    """Note that these sites are done, and which of them are owed. The day has its entry when it is whole."""
    steps.fence()
    row = SearchDay.begun(day)
    upto = max(point.site_id for point in points)
    if upto <= row.upto:
        return
    row.upto, row.points, row.left = upto, row.points + told.searched, row.left + told.left
    row.aside, row.failures = row.aside + told.aside.total(), row.failures + told.failures
    row.save(update_fields=["upto", "points", "left", "aside", "failures"])
    note_failed(day, told)
    note_late(points, told)


@service
def finish_day(day: date) -> None:
    """All sites of a day are done. How much was found is not said: everybody reads what concerns the whole county."""
    steps.fence()
    row = SearchDay.begun(day)
    if not row.finish():
        unchanged()
        return
    facts = {"day": f"{day}", "points": row.points, "left": row.left, "aside": row.aside}
    record(SEARCHER, "falsified.searched", COUNTY, facts)
