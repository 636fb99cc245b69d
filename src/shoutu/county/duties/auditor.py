"""The auditor: walks every open duty each few seconds and says aloud when a step that fell due has not happened.

Apart from the climbing code in every way: another process (web), other logic (`expectation`), only reading the
tables. Rooms to the right add checks of their own with `check`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu import __version__
from shoutu.county.duties.expectation import CallFact, ClockFact, DutyFact, missed
from shoutu.county.duties.models import OPEN, Alarm, Call, Duty, Notice, StageClock, Step
from shoutu.county.duties.services.alarms import clear_alarm, raise_alarm
from shoutu.county.kit import process
from shoutu.county.kit.steps import beat
from shoutu.county.kit.subjects import COUNTY, SubjectRef

log = logging.getLogger(__name__)
EVERY_S = 5.0
GRACE = timedelta(seconds=10)
"""How late a step may be before it counts as missed."""
STUCK = timedelta(seconds=150)
"""A notice that waits this long past its time has no sender."""
CHUNK = 500
ONE_BY_ONE = 20
"""Alarms raised singly per kind and pass; beyond it one alarm counts them all, so that an outage is one banner."""


@dataclass(frozen=True)
class Finding:
    """Something that should have happened. `key` is stable while it lasts."""

    key: str
    kind: str
    message: str
    about: SubjectRef = COUNTY
    raw: str = ""


_checks: list[Callable[[datetime], Iterable[Finding]]] = []


def check(function: Callable[[datetime], Iterable[Finding]]) -> Callable[[datetime], Iterable[Finding]]:
    """Register a check of another room: `check(now)` yields findings; what is no longer found is cleared."""
    if function not in _checks:
        _checks.append(function)
    return function


def audit(now: datetime | None = None) -> list[Finding]:
    """One walk: raise alarms for what is found, clear those that are mended. Returns the findings.

    A check that fails keeps no other from being heard: it is raised after them, and nothing is cleared meanwhile.
    """
    now = now or timezone.now()
    findings: list[Finding] = []
    failed: Exception | None = None
    for source in (_duties, _notices, *_checks):
        try:
            findings += _few(list(source(now)))
        except DatabaseError:
            raise
        except Exception as error:
            failed = failed or error
    keys = {finding.key for finding in findings}
    for finding in findings:
        raise_alarm(finding.key, finding.kind, finding.message, finding.about, raw=finding.raw)
    if failed is not None:
        raise failed
    raised = Alarm.objects.filter(key__startswith="audit:", cleared_at__isnull=True)
    for key in raised.exclude(key__in=keys).values_list("key", flat=True):
        clear_alarm(key)
    _clear_answered()
    return findings


def _few(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= ONE_BY_ONE:
        return findings
    kind = findings[0].kind
    words = _("%(first)s；同类共 %(count)d 件") % {"first": findings[0].message, "count": len(findings)}
    return [Finding(f"audit:many:{kind}", kind, words)]


def _duties(now: datetime) -> Iterator[Finding]:
    """Steps of open duties that fell due and have left no trace."""
    last = 0
    while rows := list(Duty.objects.filter(state__in=OPEN, pk__gt=last).order_by("pk")[:CHUNK]):
        last = rows[-1].pk
        titles = {row.pk: row.title for row in rows}
        for fact in _facts(rows):
            for miss in missed(fact, now, GRACE):
                late = int((now - miss.due_at).total_seconds())
                yield Finding(
                    f"audit:duty:{miss.duty}:{miss.step}",
                    "duty.missed",
                    _("%(what)s：该叫的没有叫，已晚 %(late)d 秒") % {"what": titles[miss.duty], "late": late},
                    SubjectRef("duty", miss.duty),
                )


def _facts(duties: list[Duty]) -> Iterator[DutyFact]:
    calls: dict[int, list[CallFact]] = {duty.pk: [] for duty in duties}
    clocks: dict[int, list[ClockFact]] = {duty.pk: [] for duty in duties}
    columns = ("duty_id", "round", "rung", "state", "called_at", "due_at", "ended_at")
    for duty_id, *rest in Call.objects.filter(duty__in=duties).values_list(*columns):
        calls[duty_id].append(CallFact(*rest))
    for duty_id, *rest in StageClock.objects.filter(duty__in=duties).values_list(
        "duty_id", "stage", "due_at", "done_at", "overdue_at"
    ):
        clocks[duty_id].append(ClockFact(*rest))
    for duty in duties:
        chain = 0 if duty.policy.get("inform") else len(duty.policy["chain"])
        yield DutyFact(duty.pk, duty.state, duty.called_since, chain, calls[duty.pk], clocks[duty.pk], duty.held_until)


def _notices(now: datetime) -> Iterator[Finding]:
    """Messages that wait long past their time: nobody sends."""
    late = Q(next_try_at__lt=now - STUCK)
    left = Q(step=Step.QUEUED, carried_by__isnull=False, next_try_at__isnull=True, at__lt=now - STUCK)
    waiting = Notice.objects.filter(late | left & Q(carried_by__next_try_at__isnull=True))
    count = waiting.count()
    if count:
        yield Finding(
            "audit:notices", "notice.stuck", _("有 %(count)d 条通知到点没有发出，投递可能停了") % {"count": count}
        )


def _clear_answered() -> None:
    """A chain called through without an answer is an alarm until somebody answers."""
    open_ = Alarm.objects.filter(kind="duty.unanswered", cleared_at__isnull=True)
    ended = Duty.objects.filter(pk__in=open_.values("about_id")).exclude(state="called").values("pk")
    for key in open_.filter(about_id__in=ended).values_list("key", flat=True):
        clear_alarm(key)


def run_forever(stop: threading.Event) -> None:
    """Audit every few seconds until `stop` is set, with a beat of its own. Trouble is logged and waited out."""
    while not stop.is_set():
        try:
            close_old_connections()
            findings = audit()
            told = {"findings": len(findings), "version": __version__}
            beat("auditor", detail=told, started_at=process.STARTED)
        except Exception:
            log.exception("the auditor could not finish its walk; trying again in %s s", EVERY_S)
            connection.close()
        stop.wait(EVERY_S)
    connection.close()
