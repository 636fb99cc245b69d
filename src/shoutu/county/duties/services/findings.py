"""Findings: compared with what is lacking now, raised, changed, cleared; and the one duty that asks for them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Duty, Finding, State
from shoutu.county.duties.services.acting import settle
from shoutu.county.duties.services.opening import open_duty, raise_duty
from shoutu.county.kit import events, findings, subjects
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.findings import Gap, Kind
from shoutu.county.kit.models import Touched
from shoutu.county.kit.steps import LeaseLost, fence
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.services import lock_sites

log = logging.getLogger(__name__)
BATCH = 20
AT_ONCE = 25
"""Findings written in one transaction: SQLite lets nobody else write meanwhile."""
NAMED = 3
"""So many of a duty's findings are named in its one line; the rest are counted."""


def check_findings(actor: Actor, name: str, subject: SubjectRef, gaps: Iterable[Gap] | None = None) -> list[Finding]:
    """Look at one subject now: raise what is lacking, clear what no longer is. Returns what stands open.

    `gaps`: what is lacking, where it was worked out before (outside of the transaction, which holds up all writing).
    Many are written a few at a time, each few a transaction; the duty is seen to with the last. Killed between, the
    next look goes on. Doing it again changes nothing. Raises KeyError for a kind nobody registered.
    """
    kind = findings.kinds()[name]
    wanted = {gap.key: gap for gap in (kind.check(subject) if gaps is None else gaps)}
    while True:
        began = time.monotonic()
        standing, last = _write(actor, kind, subject, wanted)
        if last:
            return standing
        if not transaction.get_connection().in_atomic_block:
            time.sleep(time.monotonic() - began)  # Others may write meanwhile.


@service
def _write(actor: Actor, kind: Kind, subject: SubjectRef, wanted: Mapping[str, Gap]) -> tuple[list[Finding], bool]:
    """Write the first few differences between what is lacking and what stands open. What stands; whether it is all."""
    open_ = {row.key: row for row in _open(kind, subject)}
    differing = [key for key, gap in wanted.items() if key not in open_ or _news(gap, open_[key])]
    gone = [key for key in open_ if key not in wanted]
    waiting = kind.lane is not None and any(_waits(wanted[key], row) for key, row in open_.items() if key in wanted)
    if not differing and not gone and not waiting:
        unchanged()
        return list(open_.values()), True
    fence()
    # The site before its findings, as whoever changes the site has it.
    sites = {gap.site for gap in wanted.values()} | {row.site_id for row in open_.values()}
    lock_sites({*sites, subject.id if subject.type == "site" else None})
    open_ = {row.key: row for row in _open(kind, subject)}
    label = subjects.label(subject)[:120]
    now_ = differing[:AT_ONCE]
    changed = [key for key in now_ if _stand(actor, kind, subject, label, wanted[key], open_.get(key))]
    # Somebody may have cleared some while this waited for the lock.
    left = [open_[key] for key in gone[: AT_ONCE - len(now_)] if key in open_]
    cleared = [row for row in left if _clear(actor, row)]
    last = len(differing) + len(gone) <= AT_ONCE
    if not changed and not cleared:
        unchanged()
    standing = list(_open(kind, subject))
    if last:
        _see_to_duty(actor, kind, subject, label, standing)
    events.emit("finding.changed", subject, {"kind": kind.name, "open": len(standing)})
    return standing, last


def _waits(gap: Gap, row: Finding) -> bool:
    """Whether somebody is still to be called for it: not yet allowed when it came, or killed before the duty's turn."""
    return not gap.optional and row.duty_id is None


def _open(kind: Kind, subject: SubjectRef) -> Any:
    rows = Finding.objects.filter(kind=kind.name, about_type=subject.type, about_id=subject.id, cleared_at__isnull=True)
    return rows.select_related("duty").order_by("optional", "id")


def _news(gap: Gap, row: Finding) -> bool:
    return (gap.message[:400], gap.optional, dict(gap.detail)) != (row.message, row.optional, row.detail)


def _stand(actor: Actor, kind: Kind, subject: SubjectRef, label: str, gap: Gap, row: Finding | None) -> bool:
    """Make the row of a gap stand as the gap is. Whether anything was written."""
    facts = {"kind": kind.name, "about": subject, "key": gap.key, "message": gap.message[:400]}
    if row is not None:
        if not _news(gap, row):
            return False
        row.message, row.optional, row.detail = gap.message[:400], gap.optional, dict(gap.detail)
        row.save(update_fields=["message", "optional", "detail"])
        record(actor, "finding.changed", ref(row), facts)
        return True
    place = {f"{name}_id": getattr(gap, name) for name in ("site", "organisation", "territory")}
    if f"{subject.type}_id" in place:
        place[f"{subject.type}_id"] = subject.id
    row, created = Finding.objects.get_or_create(
        kind=kind.name, about_type=subject.type, about_id=subject.id, key=gap.key, cleared_at=None,
        defaults={
            "about_label": label, "message": gap.message[:400], "optional": gap.optional, "detail": dict(gap.detail),
            "found_at": timezone.now(), **place,
        },
    )  # fmt: skip
    if created:
        record(actor, "finding.raised", ref(row), facts)
    return created


def _clear(actor: Actor, row: Finding) -> bool:
    if not Finding.objects.filter(pk=row.pk, cleared_at__isnull=True).update(cleared_at=timezone.now()):
        return False
    record(actor, "finding.cleared", ref(row), {"kind": row.kind, "about": row.about, "key": row.key})
    return True


def _see_to_duty(actor: Actor, kind: Kind, subject: SubjectRef, label: str, standing: list[Finding]) -> None:
    """One duty for all that is needed: opened by the first, told of the others, settled with the last."""
    needed = [row for row in standing if not row.optional]
    ever = Finding.objects.filter(kind=kind.name, about_type=subject.type, about_id=subject.id, duty__isnull=False)
    rows = Duty.objects.filter(pk__in=ever.values("duty"), state__in=(*OPEN, State.DONE)).order_by("id")
    duties = {duty.pk: duty for duty in rows}
    running = next((duty for duty in duties.values() if duty.state in OPEN), None)
    fresh = [row for row in needed if row.duty_id is None]
    title, why = _words(kind, label, needed)
    if fresh and kind.lane is not None:
        if running is None:
            first = fresh[0]
            site = first.site_id
            running = open_duty(
                SYSTEM, kind.name, ref(first), site, kind.lane, kind.level, title, why,
                key=f"finding:{first.pk}", matter=kind.matter,
            )  # fmt: skip
        elif kind.again is not None and running.state == State.ANSWERED:
            # Whoever is still being called is called for these, too.
            if any(row.duty_id == running.pk for row in needed) and timezone.now() - running.called_since < kind.again:
                fresh = []  # A later look calls for them.
            else:
                running = raise_duty(SYSTEM, running, kind.lane, kind.level, title, why)
        Finding.objects.filter(pk__in=[row.pk for row in fresh]).update(duty=running)
    if running is not None:
        duties[running.pk] = running
    for duty in duties.values():
        if not Finding.objects.filter(duty=duty, cleared_at__isnull=True, optional=False).exists():
            settle(actor, duty.about)
        elif duty.state in OPEN and (duty.title, duty.why) != (title[:200], why[:400]):
            Duty.objects.filter(pk=duty.pk).update(title=title[:200], why=why[:400])
            events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})


def _words(kind: Kind, label: str, needed: list[Finding]) -> tuple[str, str]:
    """「甲尾矿库：监测缺项 4 项」, and the first few by name."""
    title = _("%(what)s：%(kind)s %(count)d 项") % {"what": label, "kind": kind.title, "count": len(needed)}
    named = "；".join(row.message for row in needed[:NAMED])
    rest = _("；另有 %(count)d 项") % {"count": len(needed) - NAMED} if len(needed) > NAMED else ""
    return title, named + rest


def look() -> bool:
    """Look at subjects that were touched, a few at a time. True while there are more. Run by the worker.

    A subject that cannot be looked at goes to the end of the queue and holds nobody else up; its error is raised last.
    """
    # However often one was touched, it is one look: a burst holds up no other.
    touched = Touched.objects.values_list("kind", "subject_type", "subject_id").annotate(first=Min("id"))
    rows = [row[:3] for row in touched.order_by("first")[:BATCH]]
    failure: Exception | None = None
    for kind, type_, id_ in rows:
        # The ids are noted before looking: whoever touches it meanwhile leaves one that stays.
        same = Touched.objects.filter(kind=kind, subject_type=type_, subject_id=id_)
        ids = list(same.values_list("pk", flat=True))
        try:
            known, subject = findings.get(kind), SubjectRef(type_, id_)
            if known is not None:
                # A change after this look leaves a touch of its own, so that what is stale by then is looked at again.
                check_findings(SYSTEM, kind, subject, list(known.check(subject)))
        except (OperationalError, LeaseLost):
            raise
        except Exception as error:
            log.exception("could not look for findings %s of %s %s", kind, type_, id_)
            failure = error
            Touched.objects.create(kind=kind, subject_type=type_, subject_id=id_)
        for start in range(0, len(ids), 500):
            Touched.objects.filter(pk__in=ids[start : start + 500]).delete()
    if failure is not None:
        raise failure
    return len(rows) == BATCH


def sweep() -> None:
    """Ask for a look at every subject of every kind, and of what still stands open. Run by the worker."""
    open_: dict[str, list[SubjectRef]] = {}
    for row in Finding.objects.filter(cleared_at__isnull=True).values_list("kind", "about_type", "about_id").distinct():
        open_.setdefault(row[0], []).append(SubjectRef(row[1], row[2]))
    for kind in findings.kinds().values():
        wanted = dict.fromkeys([*kind.subjects(), *open_.get(kind.name, [])])
        Touched.objects.bulk_create(
            [Touched(kind=kind.name, subject_type=one.type, subject_id=one.id) for one in wanted], batch_size=500
        )
