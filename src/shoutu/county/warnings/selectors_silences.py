"""What may be asked about silences."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import Notice, Step
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import among, get_visible
from shoutu.county.sites.hooks import Care, Pause
from shoutu.county.warnings.models import Event, HeldBack, Silence

STATES = ("open", "running", "planned", "over", "all")
SORTS = {"ends_at": ["ends_at"], "starts_at": ["starts_at"], "id": ["id"]}


def silences_for(
    actor: Actor, *, state: str = "open", site: int | None = None, point: int | None = None, q: str = ""
) -> QuerySet[Silence]:
    """`state`: running, planned, open (both), over, all. Raises Invalid."""
    now = timezone.now()
    rows = _whole(Silence.objects.visible_to(actor))
    over = Q(ended_at__isnull=False) | Q(ends_at__lte=now)
    if state not in STATES:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(STATES)})
    if state == "over":
        rows = rows.filter(over)
    elif state != "all":
        rows = rows.exclude(over)
        if state != "open":
            rows = rows.filter(starts_at__lte=now) if state == "running" else rows.filter(starts_at__gt=now)
    if site is not None:
        rows = rows.filter(site_id=site)
    if point is not None:
        rows = rows.filter(point_id=point)
    if q:
        rows = rows.filter(Q(site__name__icontains=q) | Q(reason__icontains=q) | Q(point__name__icontains=q))
    return rows


def _whole(rows: QuerySet[Silence]) -> QuerySet[Silence]:
    return rows.select_related("site", "point", "warning").annotate(held_count=Count("held"))


def get_silence(actor: Actor, id: int) -> Silence:
    """Raises NotFound("silence", id)."""
    return get_visible(_whole(Silence.objects.all()), actor, id, "silence")  # type: ignore[arg-type]


def row(silence: Silence, actor: Actor) -> dict[str, Any]:
    """One silence as a row of the list; needs `held_count`."""
    state = silence.state(timezone.now())
    copied = ("kind", "reason", "alone", "starts_at", "ends_at", "ended_at", "broken", "mutes", "withheld")
    warning, point = silence.warning, silence.point
    mine = actor.user_id is not None and silence.asked_by_id == actor.user_id
    return {
        "id": silence.pk,
        **{name: getattr(silence, name) for name in copied},
        "state": state,
        "where": silence.where(),
        "site": silence.site_id,
        "point": point.pk if point else None,
        "warning": warning.pk if warning else None,
        "asked_by": silence.asked_label,
        "agreed_by": silence.agreed_label,
        "ended_by": silence.ended_label,
        "held": silence.held_count,  # type: ignore[attr-defined]
        "may_revoke": state in ("running", "planned") and (mine or actor.may("silence.grant")),
    }


def detail(silence: Silence, actor: Actor) -> dict[str, Any]:
    """With every warning it held back and who was told."""
    held = silence.held.select_related("warning").order_by("id")
    told = Notice.objects.filter(call__duty__about_type="silence", call__duty__about_id=silence.pk, channel="app")
    told = told.select_related("call__post__organisation", "call__duty").order_by("id")
    return {
        **row(silence, actor),
        "held_back": [
            {
                "id": one.warning_id,
                "number": one.warning.number,
                "title": one.warning.title,
                "level": one.level,
                "at": one.at,
                "outcome": one.outcome,
                "released_at": one.released_at,
            }
            for one in held
        ],
        "told": [
            {
                "what": notice.call.duty.kind.removeprefix("silence."),
                "post": str(notice.call.post or ""),
                "step": notice.step,
                "at": notice.at,
                "failed": notice.step == Step.FAILED,
            }
            for notice in told
            if notice.call is not None
        ],
    }


def silent_now(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """For each of these warnings whose calls are held back now: by which silence and until when. One query."""
    now = timezone.now()
    rows = HeldBack.objects.filter(
        warning_id__in=list(ids), outcome="", silence__ends_at__gt=now, silence__ended_at__isnull=True
    )
    told = rows.order_by("-silence__ends_at").values_list(
        "warning_id", "silence_id", "silence__kind", "silence__ends_at"
    )
    return {warning: {"id": id_, "kind": kind, "ends_at": ends} for warning, id_, kind, ends in told}


CARE = (Silence.Kind.MAINTENANCE, Silence.Kind.CALIBRATION)


def care() -> list[Care]:
    """Maintenance and calibration that two persons agreed to and that runs now, in the whole county. One query."""
    now = timezone.now()
    rows = Silence.objects.filter(kind__in=CARE, warning__isnull=True, alone=False, ended_at__isnull=True)
    rows = rows.filter(starts_at__lte=now, ends_at__gt=now).order_by("id")
    return [Care(*row) for row in rows.values_list("id", "site_id", "point_id", "kind", "ends_at", "mutes")]


def mark_of(events: Iterable[Event]) -> dict[str, Any] | None:
    """The mark of its point within which a warning rose: raised all the same, at its end or because it came too late.

    Of several the last. One query.
    """
    rises = [one for one in events if one.level_to > one.level_from and one.point_id > 0]
    if not rises:
        return None
    marks = Silence.objects.filter(
        mutes=True, point_id__in={one.point_id for one in rises}, starts_at__lte=max(one.at for one in rises),
        ends_at__gte=min(one.at for one in rises),
    )  # fmt: skip
    for mark in marks.order_by("-starts_at", "-id"):
        end = min(mark.ends_at, mark.ended_at or mark.ends_at)
        if any(one.point_id == mark.point_id and mark.starts_at <= one.at <= end for one in rises):
            return {
                "id": mark.pk,
                "kind": mark.kind,
                "starts_at": mark.starts_at,
                "ends_at": end,
                "reason": mark.reason,
            }
    return None


def pauses(sites: Collection[int], start: datetime, end: datetime) -> list[Pause]:
    """Agreed maintenance and calibration that touched the span, as far as each really went."""
    rows = Silence.objects.filter(among("site", sites), kind__in=CARE, warning__isnull=True)
    rows = rows.filter(starts_at__lt=end, ends_at__gt=start)
    found = rows.values_list("site_id", "point_id", "starts_at", "ends_at", "ended_at")
    return [Pause(site, point, begun, min(until, ended or until)) for site, point, begun, until, ended in found]
