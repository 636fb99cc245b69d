"""Lists of duties as the desk shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Alarm, Call, CallState, Duty, StageClock, State, mine
from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import among, get_visible
from shoutu.county.kit.subjects import COUNTY, SubjectRef

VIEWS = ("mine", "called", "org", "done", "today", "late")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def whole(queryset: QuerySet[Duty]) -> QuerySet[Duty]:
    """With everything a row shows: calls with their people, clocks. Two more queries whatever the number of rows."""
    calls = Call.objects.select_related("post__organisation", "person").order_by("round", "rung")
    return queryset.select_related("post__organisation", "person").prefetch_related(
        Prefetch("calls", queryset=calls), "clocks"
    )


def duties_for(actor: Actor, view: str = "mine", state: str = "") -> QuerySet[Duty]:
    """The duties of one view, each with `due` (when its tightest clock runs out) to sort by.

    mine: called to me, held by me, or I am told that it is late. called: open ones others are called for (those who
    may call again see all). org: open ones of posts of my organisation. done: mine that are done or over. today: all
    I see that were opened or done today, or are still open. late: all I see that are past a limit. Raises Invalid.
    """
    if view not in VIEWS:
        raise Invalid("view", _("其中之一：%(names)s") % {"names": "、".join(VIEWS)})
    if state and state not in State.values:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(State.values)})
    rows = Duty.objects.visible_to(actor)
    my_call = Call.objects.filter(mine(actor), duty=OuterRef("pk"))
    # A chain nobody answered has begun again below: whoever was called for the same thing before still may answer.
    unanswered = my_call.filter(round__gte=OuterRef("cause_round"), state=CallState.CALLING)
    told = unanswered.filter(called_at__gte=OuterRef("answered_at"))  # that a stage is late
    waiting = (Q(state=State.CALLED) & Exists(unanswered)) | (Q(state=State.ANSWERED) & Exists(told))
    held = mine(actor)
    if view == "mine":
        rows = rows.filter(waiting | (Q(state=State.ANSWERED) & held))
    elif view == "called":
        rows = rows.filter(state__in=OPEN).exclude(waiting | (Q(state=State.ANSWERED) & held))
        if not actor.may("duty.recall"):
            rows = rows.filter(Exists(my_call))
    elif view == "org":
        own = Call.objects.filter(duty=OuterRef("pk"), post__organisation_id=actor.organisation_id or 0)
        rows = rows.filter(Exists(own), state__in=OPEN)
    elif view == "today":
        day = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        rows = rows.filter(Q(state__in=OPEN) | Q(opened_at__gte=day) | Q(done_at__gte=day))
        rows = rows.exclude(state=State.CANCELLED)
    elif view == "late":
        rows = rows.filter(_late(timezone.now()))
    else:
        rows = rows.exclude(state__in=OPEN).filter(held | Exists(my_call.filter(state=CallState.ANSWERED)))
    if state:
        rows = rows.filter(state=state)
    running = StageClock.objects.filter(duty=OuterRef("pk"), done_at__isnull=True).order_by("due_at")
    calling = Case(When(state=State.CALLED, then=F("climb_at")))
    due = Coalesce(calling, Subquery(running.values("due_at")[:1]), Value(NEVER))
    return rows.annotate(due=due, last=Coalesce(F("ended_at"), F("done_at"), F("opened_at")))  # type: ignore[no-any-return]


def _late(now: datetime) -> Q:
    """Past a limit: an unanswered call, of whatever round for what they are called for now, or a stage not done in
    time."""
    call = Call.objects.filter(
        duty=OuterRef("pk"), round__gte=OuterRef("cause_round"), state=CallState.CALLING, due_at__lt=now
    )
    stage = StageClock.objects.filter(duty=OuterRef("pk"), done_at__isnull=True, due_at__lt=now)
    return (Q(state=State.CALLED) & Exists(call)) | (Q(state=State.ANSWERED) & Exists(stage))


def late_of(actor: Actor) -> tuple[int, datetime | None]:
    """How many duties I see are past a limit, and the limit that passed longest ago.

    Told from the clocks, which are few, as `_late` tells each duty: a duty waits for a call or for a stage, never both.
    Two queries, three where one sees a part of the county.
    """
    now = timezone.now()
    calls = Call.objects.filter(
        duty__state=State.CALLED, round__gte=F("duty__cause_round"), state=CallState.CALLING, due_at__lt=now
    )
    stages = StageClock.objects.filter(duty__state=State.ANSWERED, done_at__isnull=True, due_at__lt=now)
    late: dict[int, datetime] = {}
    for clocks in (calls, stages):
        for duty, due in clocks.values_list("duty_id", "due_at"):
            late[duty] = min(due, late.get(duty, due))
    if not actor.scope.all:
        # Asked of these few: whose numbers I see are a hundred thousand.
        seen = Duty.objects.visible_to(actor).filter(among("pk", late)).values_list("pk", flat=True)
        late = {duty: late[duty] for duty in seen if duty in late}
    return len(late), min(late.values(), default=None)


SORTS = {"urgency": ["-level", "due"], "due": ["due"], "last": ["last"], "id": ["id"]}


def get_duty(actor: Actor, id: int) -> Duty:
    """Raises NotFound("duty", id)."""
    return get_visible(whole(Duty.objects.all()), actor, id, "duty")  # type: ignore[arg-type]


def my_figures(actor: Actor) -> dict[str, Any]:
    """How many duties wait for me and how many of them are late, for every page's head."""
    now = timezone.now()
    mine_ = duties_for(actor, "mine")
    late_call = Call.objects.filter(
        mine(actor), duty=OuterRef("pk"), round__gte=OuterRef("cause_round"), due_at__lt=now
    )
    late = Q(state=State.ANSWERED, due__lt=now) | (
        Q(state=State.CALLED) & Exists(late_call.filter(state=CallState.CALLING))
    )
    return {"my_open_duties": mine_.count(), "my_overdue": mine_.filter(late).count()}


def alarms_for(actor: Actor) -> QuerySet[Alarm]:
    """Alarms about the calling itself: all of them; in part of the county those about duties seen there.

    That messages do not leave names nobody and concerns everybody.
    """
    if actor.scope.all:
        return Alarm.objects.all()
    seen = Q(about_type="duty", about_id__in=Duty.objects.visible_to(actor).values("pk"))
    return Alarm.objects.filter(seen | Q(kind="notice.stuck"))


def open_alarms(actor: Actor, limit: int = 20) -> list[dict[str, Any]]:
    """Those that are not mended, newest first."""
    rows = alarms_for(actor).filter(cleared_at__isnull=True).order_by("-raised_at", "-id")[:limit]
    found = list(rows)
    # About the whole county is about nothing that has a page of its own.
    about = {row.pk: SubjectRef(row.about_type, row.about_id) for row in found if row.about_type != COUNTY.type}
    pages = subjects.urls_of(about.values())
    return [
        {
            "id": row.pk, "at": row.raised_at, "kind": row.kind, "message": row.message, "raw": row.raw,
            "url": pages[about[row.pk]] if row.pk in about else "",
        }
        for row in found
    ]  # fmt: skip


def duty_urls(ids: set[int]) -> dict[int, str]:
    """A duty is shown on the page of what it is about: duty → that page."""
    about = {
        pk: SubjectRef(kind, id)
        for pk, kind, id in Duty.objects.filter(pk__in=ids).values_list("pk", "about_type", "about_id")
    }
    pages = subjects.urls_of(about.values())
    return {pk: pages[subject] for pk, subject in about.items()}


__all__ = [
    "NEVER",
    "SORTS",
    "VIEWS",
    "alarms_for",
    "duties_for",
    "duty_urls",
    "get_duty",
    "late_of",
    "my_figures",
    "open_alarms",
    "whole",
]
