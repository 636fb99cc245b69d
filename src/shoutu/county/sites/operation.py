"""What sites are doing: the state that holds now, history, blasting windows. Selector."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import M
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Binding, BlastingWindow, OperatingState, Operation

PACK = "stopped-mine"
"""What a site that stands still is watched by."""
WATCHED = (Operation.STOPPED, Operation.SEALED, Operation.CLOSED)
"""States in which power, movement or people need a check on site at once."""


def current(site_id: int, at: datetime | None = None) -> OperatingState | None:
    """The state recorded for that time; None: nothing was, so the site produces."""
    rows = OperatingState.objects.filter(site_id=site_id, from_at__lte=at or timezone.now())
    return rows.order_by("-from_at", "-id").first()  # type: ignore[no-any-return]


def state_at(site_id: int, at: datetime | None = None) -> str:
    """One of `Operation`."""
    row = current(site_id, at)
    return row.state if row is not None else Operation.PRODUCING.value


def with_state(rows: QuerySet[M], site: str = "pk") -> QuerySet[M]:
    """Each row with `operating`: the state now of the site its field `site` names, null where none was recorded."""
    states = OperatingState.objects.filter(site=OuterRef(site), from_at__lte=timezone.now())
    return rows.annotate(operating=Subquery(states.order_by("-from_at", "-id").values("state")[:1]))  # type: ignore[return-value]


def states_now() -> dict[int, str]:
    """The state now of every site that has one recorded, in one query."""
    rows = OperatingState.objects.filter(from_at__lte=timezone.now())
    return dict(rows.order_by("from_at", "id").values_list("site_id", "state"))


def windows(site_id: int) -> QuerySet[BlastingWindow]:
    """Blasting windows not revoked and not past."""
    today = timezone.localtime().date()
    rows = BlastingWindow.objects.filter(site_id=site_id, revoked_at__isnull=True, last_day__gte=today)
    return rows.order_by("start", "id")  # type: ignore[no-any-return]


def blasting_until(site_id: int, at: datetime) -> datetime | None:
    """When the blasting window that `at` falls in ends; None outside of any. The latest of several."""
    local = timezone.localtime(at)
    rows = BlastingWindow.objects.filter(site_id=site_id, first_day__lte=local.date(), last_day__gte=local.date())
    standing = rows.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at), recorded_at__lte=at)
    ends = [
        timezone.make_aware(datetime.combine(local.date(), window.end))
        for window in standing
        if local.weekday() in window.weekdays and window.start <= _clock(local) < window.end
    ]
    return max(ends, default=None)


def _clock(local: datetime) -> time:
    return local.time().replace(tzinfo=None)


def minutes(start: time, end: time) -> int:
    """How long a window is, in minutes; negative when it ends before it starts."""
    return (end.hour - start.hour) * 60 + end.minute - start.minute


def history(actor: Actor, site: Site) -> list[OperatingState]:
    """Every state recorded, newest first."""
    return list(OperatingState.objects.visible_to(actor).filter(site=site).order_by("-from_at", "-id")[:50])


def waiting(site: Site) -> list[Proposal]:
    """What waits for a second person."""
    kinds = ("site.state", "site.blasting")
    return list(Proposal.objects.filter(kind__in=kinds, site=site, state="waiting").order_by("id"))


def overview(actor: Actor, site: Site) -> dict[str, Any]:
    """The state, its history, the windows, and what waits, as the API shows it."""
    now = current(site.pk)
    until = blasting_until(site.pk, timezone.now())
    return {
        "state": now.state if now else Operation.PRODUCING.value,
        "since": now.from_at if now else None,
        "planned_end": now.planned_end if now else None,
        "overstayed": bool(now and now.planned_end and now.state in WATCHED and now.planned_end < timezone.now()),
        "blasting_until": until,
        "history": [_row(one) for one in history(actor, site)],
        "windows": [_window(one) for one in windows(site.pk)],
        "waiting": [{"id": one.pk, "title": one.title, "by": one.proposed_label} for one in waiting(site)],
        "watched": Binding.objects.filter(site=site, pack=PACK).exists(),
        "may": actor.may("site.state"),
    }


def _row(one: OperatingState) -> dict[str, Any]:
    names = ("id", "state", "from_at", "planned_end", "reason", "document", "set_by", "agreed_by", "recorded_at")
    return {name: getattr(one, name) for name in names}


def _window(one: BlastingWindow) -> dict[str, Any]:
    names = ("id", "weekdays", "first_day", "last_day", "reason", "document", "set_by", "agreed_by")
    told = {name: getattr(one, name) for name in names}
    return {**told, "start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}"}
