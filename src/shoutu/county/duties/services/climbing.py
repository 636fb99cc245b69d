"""What falls due by itself: the next rung of an unanswered call, the passing of a stage clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Call, CallState, Duty, StageClock, State
from shoutu.county.duties.services import alarms
from shoutu.county.duties.services.calling import Calls, climb
from shoutu.county.kit import steps
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.steps import LeaseLost
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged

GROUP = 25
"""Duties climbed in one transaction: short enough that others never wait long for the write lock."""
PASS = 500
"""Duties looked at in one run of the step; more are left for the next run, which follows at once."""


def climb_due(now: datetime | None = None) -> bool:
    """Call the next rung of every duty whose call has gone unanswered past its time. True: more are waiting.

    Each climb happens once: the row is locked and looked at again, and a call is unique by duty, round and rung.
    """
    now = now or timezone.now()
    due = list(
        Duty.objects.filter(state__in=OPEN, climb_at__lte=now)
        .order_by("climb_at", "id")
        .values_list("pk", flat=True)[:PASS]
    )
    for group in _groups(due):
        try:
            _climb_group(group, now)
        except (OperationalError, LeaseLost):
            raise
        except Exception:
            # Somebody else placed one of these calls, or one cannot be climbed: singly, so that it holds up no other.
            steps.each(group, lambda pk: _climb_alone(pk, now))
    return len(due) == PASS


def _groups(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), GROUP):
        yield list(ids[start : start + GROUP])


@service
def _climb_group(ids: list[int], now: datetime) -> None:
    steps.fence()
    unchanged()
    # Duties of many sites at once: one that somebody holds just now is passed over, and looked at in the next pass.
    rows = Duty.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = rows.filter(pk__in=ids, state__in=OPEN, climb_at__lte=now)
    duties = list(rows.order_by("climb_at", "id"))
    calls = Calls(SYSTEM, now)
    for duty in duties:
        if duty.state == State.ANSWERED and not _late(duty):
            duty.climb_at = None  # what was late has been done meanwhile
            continue
        rounds = duty.round
        climb(duty, calls)
        if duty.round != rounds:
            words = _("%(what)s：全链叫过一遍无人应答，已从头再叫") % {"what": duty.title}
            alarms.raise_alarm(f"unanswered:{duty.pk}", "duty.unanswered", words, ref(duty))
    calls.save()
    Duty.objects.bulk_update(duties, ["climb_at", "round", "rung_next"])


def _late(duty: Duty) -> bool:
    """Whether a stage clock of the duty has passed and the stage is still not done."""
    return StageClock.objects.filter(duty=duty, overdue_at__isnull=False, done_at__isnull=True).exists()


def _climb_alone(pk: int, now: datetime) -> None:
    try:
        _climb_group([pk], now)
    except IntegrityError:
        with transaction.atomic():
            duty = Duty.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
            last = Call.objects.filter(duty=duty).order_by("round", "rung").last()
            assert last is not None
            # The call stands but the agenda does not say so: take the agenda from the calls.
            Duty.objects.filter(pk=pk).update(round=last.round, rung_next=last.rung + 1, climb_at=last.due_at)


def overdue_due(now: datetime | None = None) -> bool:
    """Record every stage clock that has passed, once, and tell the next one up. True: more are waiting."""
    now = now or timezone.now()
    passed = list(
        StageClock.objects.filter(due_at__lte=now, done_at__isnull=True, overdue_at__isnull=True, duty__state__in=OPEN)
        .order_by("due_at", "id")
        .values_list("pk", flat=True)[:PASS]
    )
    steps.each(passed, lambda pk: _overdue(pk, now))
    return len(passed) == PASS


@service
def _overdue(pk: int, now: datetime) -> None:
    steps.fence()
    # The duty before its clocks, as everywhere.
    duty = Duty.objects.select_for_update(of=("self",), no_key=True).get(clocks=pk)
    clock = StageClock.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if clock.done_at is not None or clock.overdue_at is not None or duty.state not in OPEN or clock.due_at > now:
        return unchanged()
    clock.overdue_at = now
    clock.save(update_fields=["overdue_at"])
    record(SYSTEM, "duty.overdue", ref(duty), {"stage": clock.stage, "due_at": clock.due_at, "about": duty.about})
    calls = Calls(SYSTEM, now)
    if duty.state == State.ANSWERED and (duty.held_until is None or duty.held_until <= now):
        # Whoever answered is reminded and the next one up learns of it; an unanswered duty climbs anyway.
        held = Call.objects.filter(duty=duty, state=CallState.ANSWERED).order_by("round", "rung").last()
        if held is not None:
            calls.repeat(duty, held)
        # Who is told must say so too: silent, the one above is told next (``climb``).
        duty.climb_at = now
        climb(duty, calls)
        duty.save(update_fields=["rung_next", "climb_at"])
    calls.save()
    return None
