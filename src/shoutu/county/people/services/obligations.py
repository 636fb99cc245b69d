"""责任清单 and 责任书: set once, fall due again and again, each time a duty for whoever holds the post."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.dates import due_dates
from shoutu.county.people.models import Obligation, ObligationDue, Person, Post
from shoutu.county.people.states import DUE_STATES

PASS = 100


@service
def create_obligation(
    actor: Actor,
    post: Post,
    kind: str,
    title: str,
    source: str,
    every: str,
    first_due: date,
    *,
    text: str = "",
    party: str = "",
    lead_days: int = 15,
) -> Obligation:
    """What a post must do or sign, first due on `first_due`, with a duty `lead_days` days before. Raises Invalid."""
    actor.require("obligation.edit")
    for field, value in (("title", title), ("source", source)):
        if not value.strip():
            raise Invalid(field, _("必填"))
    for field, value, choices in (("kind", kind, Obligation.Kind.values), ("every", every, Obligation.Every.values)):
        if value not in choices:
            raise Invalid(field, _("其中之一：%(names)s") % {"names": "、".join(choices)})
    if not timezone.localdate() - timedelta(days=366) <= first_due <= date(2200, 1, 1):
        raise Invalid("first_due", _("一年前至今后的日期"))
    if not 0 <= lead_days <= 180:
        raise Invalid("lead_days", _("0 到 180 天"))
    if not post.is_active:
        raise Conflict(_("“%(post)s”已撤销，不能再负责任。") % {"post": post})
    row = Obligation.objects.create(
        post=post,
        kind=kind,
        title=title.strip(),
        text=text,
        source=source.strip(),
        party=party.strip(),
        every=every,
        first_due=first_due,
        lead_days=lead_days,
    )
    payload = {"id": row.pk, "kind": kind, "title": row.title, "source": row.source, "every": every}
    record(actor, "obligation.created", ref(post), {**payload, "first_due": first_due.isoformat(), "lead": lead_days})
    return row


@service
def end_obligation(actor: Actor, row: Obligation, reason: str) -> Obligation:
    """No more of it; what is open stays open. Raises Invalid without a reason, Conflict when ended already."""
    actor.require("obligation.edit")
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    row = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("post").get(pk=row.pk)
    if row.ended_at is not None:
        raise Conflict(_("这一项已经终止。"))
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    record(actor, "obligation.ended", ref(row.post), {"id": row.pk, "title": row.title, "reason": reason})
    return row


def open_due(today: date | None = None) -> bool:
    """Open what has come within its lead time, each date once. Returns True when there is more to do."""
    today = today or timezone.localdate()
    opened = 0
    for row in Obligation.objects.filter(ended_at=None).select_related("post__organisation").order_by("id"):
        horizon = today + timedelta(days=row.lead_days)
        if horizon < row.first_due:
            continue
        there = set(ObligationDue.objects.filter(obligation=row).values_list("due_on", flat=True))
        for day in due_dates(row.first_due, row.every, horizon):
            if day not in there:
                _open(row, day)
                opened += 1
        if opened >= PASS:
            return True
    return False


@service
def _open(row: Obligation, day: date) -> ObligationDue:
    fence()
    due, made = ObligationDue.objects.get_or_create(obligation=row, due_on=day, defaults={"opened_at": timezone.now()})
    if not made:
        unchanged()
        return due
    payload = {"obligation": row.pk, "title": row.title, "due_on": day.isoformat()}
    record(SYSTEM, "obligation.opened", ref(due), payload)
    emit("obligation.opened", ref(due), told(due, row))
    return due


def told(due: ObligationDue, row: Obligation) -> dict[str, object]:
    """What the rooms to the right need to open a duty: the post, by when, what and on what ground."""
    return {
        "post": row.post_id,
        "kind": row.kind,
        "title": row.title,
        "source": row.source,
        "party": row.party,
        "due_at": end_of(due.due_on).isoformat(),
    }


def end_of(day: date) -> datetime:
    """The moment a local day is over."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


@service
def do_obligation(actor: Actor, due: ObligationDue, note: str = "") -> ObligationDue:
    """Signed, or done, by whoever fills the post. Raises NotAllowed, Conflict."""
    due, target = _step(actor, due, "do")
    due.state, due.done_at, due.note = target, timezone.now(), note
    due.done_by = Person.objects.filter(pk=actor.person_id or 0).first()
    due.save()
    payload = {"obligation": due.obligation_id, "title": due.obligation.title, "due_on": due.due_on.isoformat()}
    late = due.done_at >= end_of(due.due_on)
    record(actor, "obligation.done", ref(due), {**payload, "late": late}, {"note": note} if note else None)
    emit("obligation.done", ref(due), {"user": actor.user_id})
    return due


@service
def cancel_due(actor: Actor, due: ObligationDue, reason: str) -> ObligationDue:
    """Not to be done this time. Raises Invalid without a reason, NotAllowed, Conflict."""
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    due, target = _step(actor, due, "cancel")
    due.state, due.note = target, reason
    due.save(update_fields=["state", "note"])
    payload = {"obligation": due.obligation_id, "title": due.obligation.title, "due_on": due.due_on.isoformat()}
    record(actor, "obligation.cancelled", ref(due), {**payload, "reason": reason})
    emit("obligation.cancelled", ref(due), {"reason": reason})
    return due


def _step(actor: Actor, due: ObligationDue, verb: str) -> tuple[ObligationDue, str]:
    rows = ObligationDue.objects.select_for_update(of=("self",), no_key=True).select_related(
        "obligation__post__organisation"
    )
    row = rows.get(pk=due.pk)
    return row, DUE_STATES.step(row.state, verb, actor, row)
