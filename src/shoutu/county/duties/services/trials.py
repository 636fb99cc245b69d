"""Test calls (试叫): each month every contact is called once and must answer, so that a dead channel is found before
the accident. A contact that did not answer shows in the list, and a person left without any is a finding."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import Contact, Notice, Step, Trial
from shoutu.county.duties.selectors.numbers import NUMBER, bodies_of, numbers, usable
from shoutu.county.duties.services.reachable import UNREACHABLE, organisations_of
from shoutu.county.kit import events, findings
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.steps import fence
from shoutu.county.kit.subjects import COUNTY, SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Person

ANSWER_IN = timedelta(hours=2)
DAYS, HOURS = range(1, 8), range(10, 16)
"""The monthly run begins on the first of these days, in these hours, on which Shoutu runs: a day with no one disturbed
at night, and a week to catch up in."""
PAUSE = timedelta(seconds=30)
WAKING = range(7, 22)
"""In other hours numbers are tried by hand only for a reason that is told: sleep is part of being fit for duty."""


@service
def start_trials(
    actor: Actor, run: str, contacts: Iterable[Contact], now: datetime | None = None, *, reason: str = ""
) -> list[Trial]:
    """Call these contacts for a test; `reason` why at night. A contact is called once a run. Raises NotAllowed."""
    actor.require("channel.manage")
    now = now or timezone.now()
    standing = set(Trial.objects.filter(run=run).values_list("contact_id", flat=True))
    wanted = [contact for contact in contacts if contact.enabled and contact.pk not in standing]
    if not wanted:
        unchanged()
        return []
    trials = Trial.objects.bulk_create(
        [
            Trial(run=run, person_id=contact.person_id, contact=contact, called_at=now, due_at=now + ANSWER_IN)
            for contact in wanted
        ],
        batch_size=500,
    )
    Notice.objects.bulk_create([_notice(trial, now) for trial in trials], batch_size=500)
    why = {"reason": reason} if reason else None
    record(actor, "trial.started", COUNTY, {"run": run, "contacts": len(trials)}, why)
    events.emit("trial.changed", COUNTY, {"run": run})
    return trials


def _notice(trial: Trial, now: datetime) -> Notice:
    contact = trial.contact
    due = timezone.localtime(trial.due_at).strftime("%H:%M")
    return Notice(
        trial=trial, person_id=trial.person_id, contact=contact,
        channel=contact.channel.kind if contact.channel else "apprise", key=f"trial:{trial.pk}:{contact.pk}",
        text=_("【试叫】守土每月试一次叫应通道，不是险情。%(due)s 前应答") % {"due": due}, detail=contact.title,
        step=Step.QUEUED, at=now, queued_at=now, starts_at=now, next_try_at=now,
    )  # fmt: skip


@service
def test_contact(actor: Actor, contact: Contact) -> Trial:
    """Call one contact for a test now. Raises NotAllowed, Conflict within half a minute of the last, or when off."""
    actor.require("channel.manage")
    now = timezone.now()
    if not contact.enabled or (contact.channel is not None and not contact.channel.enabled):
        raise Conflict(_("通道或联系方式已停用，启用后再试叫"))
    if Trial.objects.filter(contact=contact, called_at__gt=now - PAUSE).exists():
        raise Conflict(_("刚试叫过，半分钟后再试"))
    return start_trials(actor, f"hand {now:%Y-%m-%d %H:%M:%S.%f}", [contact], now)[0]


@service
def try_numbers(actor: Actor, person: Person | None = None, reason: str = "", now: datetime | None = None) -> int:
    """Call one person for a test by all their contacts, or everybody whose number was never tried. How many persons.

    Who was called in the last two hours is not called again with all, nor one within half a minute. Raises NotAllowed;
    Invalid at night without a reason; Conflict where there is nobody to call.
    """
    actor.require("channel.manage")
    now = now or timezone.now()
    reason = reason.strip()
    if timezone.localtime(now).hour not in WAKING and not reason:
        raise Invalid("reason", _("夜里（22 时到次日 7 时）试叫要写原因；没有急事，等天亮再试"))
    people = [person.pk] if person else [one.person.pk for one in numbers(now) if one.state == "never"]
    lately = Trial.objects.filter(called_at__gt=now - (PAUSE if person else ANSWER_IN)).values_list("contact_id")
    spared = {contact for (contact,) in lately}
    contacts = [one for one in usable(people) if one.pk not in spared]
    if not contacts:
        raise Conflict(_("没有可试叫的号码：没有登记通道，通道停用，或刚刚试叫过"))
    start_trials(actor, f"hand {now:%Y-%m-%d %H:%M:%S.%f}", contacts, now, reason=reason)
    return len({one.person_id for one in contacts})


@service
def answered(notice: Notice) -> None:
    """A test call was answered. Doing it again changes nothing."""
    trial = Trial.objects.select_for_update(no_key=True).get(pk=notice.trial_id or 0)
    if trial.answered_at is not None:
        return unchanged()
    now = timezone.now()
    trial.answered_at = now
    trial.save(update_fields=["answered_at"])
    Notice.objects.filter(pk=notice.pk).update(step=Step.ANSWERED, answered_at=now, at=now, next_try_at=None)
    record(SYSTEM, "trial.answered", ref(trial), {"run": trial.run, "contact": trial.contact_id})
    events.emit("trial.changed", COUNTY, {"run": trial.run})
    return touch([trial.person_id])


def touch(people: Iterable[int]) -> None:
    """Whether these people can be reached may have changed."""
    people = list(people)
    findings.touch(UNREACHABLE, *(SubjectRef("organisation", id) for id in organisations_of(people)))
    findings.touch(NUMBER, *(SubjectRef("organisation", id) for id in bodies_of(people)))


def keep_testing(now: datetime | None = None) -> None:
    """Begin the month's run when its time has come, and note who did not answer in time. Run by the worker."""
    now = now or timezone.now()
    local = timezone.localtime(now)
    if local.day in DAYS and local.hour in HOURS:
        run = local.strftime("%Y-%m")
        begun = Trial.objects.filter(run=run).exists()
        due = [] if begun else list(_contacts())
        if due:
            start_trials(SYSTEM, run, due, now)
    while _note_missed(now):
        pass


def _contacts() -> Iterable[Contact]:
    rows = Contact.objects.filter(enabled=True).select_related("channel").order_by("id")
    return [row for row in rows if row.channel is None or row.channel.enabled]


@service
def _note_missed(now: datetime) -> bool:
    fence()
    late = Trial.objects.filter(due_at__lte=now, answered_at__isnull=True, missed_at__isnull=True).order_by("id")
    missed = list(late.select_for_update(no_key=True)[:500])
    if not missed:
        unchanged()
        return False
    Trial.objects.filter(pk__in=[trial.pk for trial in missed]).update(missed_at=now)
    Notice.objects.filter(trial__in=missed, next_try_at__isnull=False).update(next_try_at=None)
    runs = {trial.run for trial in missed}
    for run in sorted(runs):
        ids = [trial.contact_id for trial in missed if trial.run == run]
        record(SYSTEM, "trial.missed", COUNTY, {"run": run, "contacts": ids})
    touch({trial.person_id for trial in missed})
    events.emit("trial.changed", COUNTY, {"runs": len(runs)})
    return len(missed) == 500
