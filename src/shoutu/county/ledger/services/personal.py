"""Erasing personal values by law: the value and its salt go, the entry and every proof stay."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Personal
from shoutu.county.ledger.services.record import record, service, unchanged


@service
def erase(actor: Actor, subject: SubjectRef, reason: str) -> int:
    """Erase the personal values in entries about `subject`. Returns how many. Raises Invalid without a reason."""
    actor.require("ledger.erase")
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    values = Personal.objects.filter(
        entry__subject_type=subject.type, entry__subject_id=subject.id, erased_at__isnull=True
    )
    named = sorted(f"{entry}:{field}" for entry, field in values.values_list("entry__uid", "field"))
    if not named:
        unchanged()
        return 0
    # Without the salt a short value, such as a telephone number, could be guessed back from its digest.
    values.update(value=None, salt="", erased_at=timezone.now())
    record(actor, "personal.erased", subject, {"values": named, "reason": reason})
    return len(named)
