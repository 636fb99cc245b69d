"""The seven figures at the foot of the screen. Each is a door: it carries the address of the list it counts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from shoutu.county.duties.models import OPEN, Finding, State
from shoutu.county.duties.selectors import duties_for, late_of
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.watch import watching
from shoutu.county.screen.selectors.places import WatchSums, watch_sums
from shoutu.county.warnings.models import Result, Warning

FALSE_ALARM_DAYS = 30


def figures(actor: Actor) -> list[dict[str, Any]]:
    """`key`, `value` (null: cannot be told now), `of` (what it is counted against), `unit`, `at`, `facts`; `url` of its
    list and how many are `listed` there: the value itself, or the part of it that needs looking into.
    """
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    watch = watch_sums(actor)
    return [
        _points(watch, now),
        _sites(watch, now),
        *_duties(actor, now),
        *_warnings(actor, now, midnight),
        _findings(actor, now),
    ]


def _figure(
    key: str, value: float | None, at: datetime | None, url: str, listed: int | None, **more: Any
) -> dict[str, Any]:
    told = {"key": key, "value": value, "at": at, "url": url, "listed": listed}
    return {**told, "of": None, "unit": "", "facts": {}, **more}


def _points(watch: WatchSums, now: datetime) -> dict[str, Any]:
    """Watched points whose readings can be used. While nobody watches, nobody can tell."""
    pipeline = next(part for part in watching(now).parts if part.name == "pipeline")
    if not pipeline.ok or not watch.points:
        return _figure("points_online", None, pipeline.last_seen, "/points", None, of=watch.points)
    seen = watch.points - watch.blind
    url, listed = ("/points?online=no", watch.blind) if watch.blind else ("/points?online=yes", seen)
    return _figure("points_online", seen, now, url, listed, of=watch.points, facts={"blind": watch.blind})


def _sites(watch: WatchSums, now: datetime) -> dict[str, Any]:
    missing = watch.sites - watch.watched
    url, listed = ("/sites?watched=no", missing) if missing else ("/sites?watched=yes", watch.watched)
    return _figure("sites_watched", watch.watched, now, url, listed, of=watch.sites, facts={"unwatched": missing})


def _duties(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    # Counted here: grouped by state, the database would go through every duty there ever was.
    today = Counter(dict(duties_for(actor, "today").order_by().values_list("pk", "state")).values())
    done = sum(n for state, n in today.items() if state not in OPEN and state != State.CANCELLED)
    late, since = late_of(actor)
    longest = {"longest_s": round((now - since).total_seconds())} if since else {}
    return [
        _figure("duties_today", done, now, "/?view=today", sum(today.values()), of=sum(today.values())),
        _figure("duties_late", late, now, "/?view=late", late, facts=longest),
    ]


def _warnings(actor: Actor, now: datetime, midnight: datetime) -> list[dict[str, Any]]:
    since = midnight - timedelta(days=FALSE_ALARM_DAYS)
    risks = Warning.objects.visible_to(actor).filter(category="risk")
    told = risks.filter(opened_at__gte=since).aggregate(
        today=Count("pk", filter=Q(opened_at__gte=midnight)),
        severe=Count("pk", filter=Q(opened_at__gte=midnight, peak_level__gte=3)),
        judged=Count("pk", filter=Q(result__isnull=False)),
        false=Count("pk", filter=Q(result=Result.FALSE_ALARM)),
    )
    url = "/warnings?tab=all&category=risk"
    share = round(100 * told["false"] / told["judged"], 1) if told["judged"] else None
    return [
        _figure(
            "warnings_today", told["today"], now, f"{url}&since={midnight:%Y-%m-%d}", told["today"],
            facts={"severe": told["severe"]},
        ),
        _figure(
            "false_alarms", share, now, f"{url}&result=false_alarm&since={since:%Y-%m-%d}", told["false"], unit="%",
            facts={"false": told["false"], "judged": told["judged"], "days": FALSE_ALARM_DAYS},
        ),
    ]  # fmt: skip


def _findings(actor: Actor, now: datetime) -> dict[str, Any]:
    """Sites with a finding: they are what the list behind shows, each with its own."""
    rows = Finding.objects.visible_to(actor).filter(cleared_at__isnull=True, optional=False, site__isnull=False)
    told = rows.aggregate(n=Count("pk"), sites=Count("site_id", distinct=True))
    return _figure("findings", told["sites"], now, "/sites?lacking=yes", told["sites"], facts={"findings": told["n"]})
