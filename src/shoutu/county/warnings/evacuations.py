"""What may be asked about withdrawals: the open ones, one with its count, and what the points told at the order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.selectors import get_visible
from shoutu.county.places.models import Site
from shoutu.county.sites import asking
from shoutu.county.sites.models import Point
from shoutu.county.sites.operation import waiting
from shoutu.county.sites.selectors import STALE_INTERVALS
from shoutu.county.warnings.models import Evacuation, HeadCount, Warning
from shoutu.county.warnings.services.evacuation import missing_words
from shoutu.county.warnings.services.evacuation_count import Reading
from shoutu.county.warnings.states_evacuation import EVACUATION, not_yet

PEOPLE = ("people_underground", "persons_underground", "people")
"""The items of a point that counts the people who are in."""
LOOK_BACK = timedelta(hours=6)


def with_stops(rows: QuerySet[Warning]) -> QuerySet[Warning]:
    """Warnings with the open withdrawal of their site, for `stop_of`. One query more, whatever the number of rows."""
    open_ = Evacuation.objects.filter(resumed_at__isnull=True)
    return rows.prefetch_related(Prefetch("site__evacuations", queryset=open_, to_attr="stops"))


def stop_of(warning: Warning) -> dict[str, Any] | None:
    """The open withdrawal of the warning's site in short, or None."""
    stops = getattr(warning.site, "stops", None) if warning.site else None
    return brief(stops[0]) if stops else None


def brief(evacuation: Evacuation) -> dict[str, Any]:
    """Who is missing and since when."""
    names = (
        "state", "level", "ordered_at", "ordered_by", "total", "out", "missing", "source", "counted_at", "doubtful",
        "cleared_at", "resumed_at",
    )  # fmt: skip
    told = {name: getattr(evacuation, name) for name in names}
    return {"id": evacuation.pk, **told, "words": missing_words(evacuation)}


def evacuations_for(actor: Actor, *, open_only: bool = True) -> QuerySet[Evacuation]:
    """Withdrawals the actor sees, newest first."""
    rows = Evacuation.objects.visible_to(actor).select_related("site__territory").prefetch_related("warnings")
    return rows.filter(resumed_at__isnull=True) if open_only else rows  # type: ignore[no-any-return]


def missing_first(actor: Actor) -> list[dict[str, Any]]:
    """The open ones for a wall or a desk: unknown numbers first, then the most missing, those all out last."""
    rows = list(evacuations_for(actor).order_by("ordered_at"))
    rows.sort(key=lambda one: (one.missing == 0, one.missing is not None, -(one.missing or 0)))
    return [row(one) for one in rows]


def row(evacuation: Evacuation) -> dict[str, Any]:
    """One withdrawal with its site and the warnings that asked for it."""
    site = evacuation.site
    return {
        **brief(evacuation),
        "site": {"id": site.pk, "name": site.name, "territory": site.territory.name},
        "warnings": [{"id": one.pk, "number": one.number, "level": one.level} for one in evacuation.warnings.all()],
    }


def get_evacuation(actor: Actor, id: int) -> Evacuation:
    """Raises NotFound("evacuation", id)."""
    rows = Evacuation.objects.select_related("site__territory").prefetch_related("warnings")
    return get_visible(rows, actor, id, "evacuation")


def of_warning(actor: Actor, warning: Warning) -> dict[str, Any] | None:
    """The withdrawal a warning's page shows: the open one of its site, else the last this warning asked for."""
    rows = evacuations_for(actor, open_only=False)
    found = rows.filter(site=warning.site, resumed_at__isnull=True).first() if warning.site_id else None
    found = found or rows.filter(warnings=warning).order_by("-id").first()
    return detail(found, actor) if found else None


def detail(evacuation: Evacuation, actor: Actor) -> dict[str, Any]:
    """With each step of the count, newest first, the points that count people, and what may be done now."""
    counts = evacuation.counts.order_by("-id")
    return {
        **row(evacuation),
        "counts": [_step(one) for one in counts],
        "points": [point.pk for point in people_points(evacuation.site)],
        "actions": actions(evacuation, actor),
        "resuming": resuming(evacuation),
    }


def resuming(evacuation: Evacuation) -> int | None:
    """The proposal to let the site work again that waits for a second person."""
    found = (one for one in waiting(evacuation.site) if one.payload.get("state") == "producing")
    return next((one.pk for one in found), None)


def actions(evacuation: Evacuation, actor: Actor) -> list[dict[str, Any]]:
    """Every verb, whether allowed now, and if not, why. 复工 is no verb of who can never order it, an auditor's say."""
    found = []
    for verb in EVACUATION.verbs:
        if verb == "resume" and not actor.may("evacuation.resume"):
            continue
        why = EVACUATION.why_not(evacuation.state, verb, actor, evacuation)
        if verb == "resume" and why is None and resuming(evacuation):
            why = _("已提出复工，等第二人同意")
        found.append({"verb": verb, "allowed": why is None, "why": why, "primary": False})
    return found


def _step(count: HeadCount) -> dict[str, Any]:
    names = ("kind", "amount", "names", "group", "reason", "read_at", "at", "by")
    return {"id": count.pk, **{name: getattr(count, name) for name in names}}


def people_points(site: Site) -> list[Point]:
    """The points that tell how many people are in at this site."""
    return list(Point.objects.filter(site=site, item__in=PEOPLE).order_by("id"))


def uncounted() -> list[Evacuation]:
    """Open withdrawals without a number at sites that have a point for it: for the worker."""
    rows = Evacuation.objects.filter(resumed_at__isnull=True, total__isnull=True, site__points__item__in=PEOPLE)
    return list(rows.select_related("site").distinct().order_by("id"))


def told_at_order(evacuation: Evacuation) -> list[Reading]:
    """What the points last told before the order. Raises Unavailable; empty where one of them told nothing."""
    found = []
    end = round(evacuation.ordered_at.timestamp() * 1000)
    for point in people_points(evacuation.site):
        start = end - round(LOOK_BACK.total_seconds() * 1000)
        rows, more = asking.readings(point.pk, start, end + 1, 20_000)
        while more is not None:
            rows_, more = asking.readings(point.pk, more, end + 1, 20_000)
            rows = rows_ or rows
        good = [one for one in rows if one[1] is not None and one[1] == one[1] and one[1] >= 0]
        if not good:
            return []
        ts, value, quality = good[-1][:3]
        old = end - ts > STALE_INTERVALS * point.interval_s * 1000
        found.append(Reading(point.pk, value, datetime.fromtimestamp(ts / 1000, UTC), bool(old or quality)))
    return found


def told_now(evacuation: Evacuation) -> Reading:
    """How many the points see in now, as one reading. Raises Unavailable, Conflict without points or readings."""
    points = people_points(evacuation.site)
    told = asking.latest(point.pk for point in points)
    if not points or any(point.pk not in told for point in points):
        raise Conflict(_("这里没有定位人数可用；逐人清点"))
    now, total, oldest, doubtful = timezone.now(), 0, timezone.now(), False
    for point in points:
        one = told[point.pk]
        at = datetime.fromtimestamp(one["ts"] / 1000, UTC)
        old = (now - at).total_seconds() > STALE_INTERVALS * point.interval_s or at < evacuation.ordered_at
        value = one["value"]
        unusable = value is None or value != value or value < 0
        doubtful |= bool(old or one.get("quality") or one.get("state", "live") != "live" or unusable)
        total += 0 if unusable else Reading(point.pk, value, at, False).people
        oldest = min(oldest, at)
    return Reading(points[0].pk, total, oldest, doubtful)


def held(site_id: int) -> str | None:
    """Why a site under a withdrawal may not work again yet; None: nothing holds it."""
    evacuation = Evacuation.objects.filter(site_id=site_id, resumed_at__isnull=True).first()
    return not_yet(evacuation) if evacuation is not None else None
