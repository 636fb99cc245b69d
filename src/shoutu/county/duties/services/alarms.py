"""Alarms about the calling itself, shown on every page until they are mended."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from shoutu.county.duties.models import Alarm
from shoutu.county.kit import events
from shoutu.county.kit.actors import system
from shoutu.county.kit.subjects import COUNTY, SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged

AUDITOR = system("审计器")


@service
def raise_alarm(key: str, kind: str, message: str, about: SubjectRef = COUNTY, *, raw: str = "") -> Alarm:
    """Open an alarm; while one of this key is open, that one is returned. `message` is for everybody, `raw` what a
    program said, for who mends it."""
    standing = Alarm.objects.filter(key=key, cleared_at__isnull=True).first()
    if standing is None:
        try:
            with transaction.atomic():
                alarm = Alarm.objects.create(
                    key=key, kind=kind, message=message[:400], raw=raw[:1000], about_type=about.type, about_id=about.id,
                    raised_at=timezone.now(),
                )  # fmt: skip
        except IntegrityError:
            standing = Alarm.objects.get(key=key, cleared_at__isnull=True)
        else:
            record(AUDITOR, "alarm.raised", about, {"alarm": alarm.pk, "kind": kind, "key": key})
            events.emit("status.alarm", ref(alarm), {"kind": kind})
            return alarm
    unchanged()
    return standing


@service
def clear_alarm(key: str) -> None:
    """Close the open alarm of this key, if there is one."""
    alarm = Alarm.objects.select_for_update(no_key=True).filter(key=key, cleared_at__isnull=True).first()
    if alarm is None:
        return unchanged()
    alarm.cleared_at = timezone.now()
    alarm.save(update_fields=["cleared_at"])
    about = SubjectRef(alarm.about_type, alarm.about_id)
    record(AUDITOR, "alarm.cleared", about, {"alarm": alarm.pk, "kind": alarm.kind, "key": key})
    events.emit("status.alarm", ref(alarm), {"kind": alarm.kind, "cleared": True})
    return None


def alarms_are(kind: str, wrong: Mapping[str, tuple[str, str]]) -> None:
    """The open alarms of a kind are these, key → message and raw: new ones are raised, others cleared."""
    for key, (message, raw) in wrong.items():
        raise_alarm(key, kind, message, raw=raw)
    others = Alarm.objects.filter(kind=kind, cleared_at__isnull=True).exclude(key__in=list(wrong))
    for key in others.values_list("key", flat=True):
        clear_alarm(key)
