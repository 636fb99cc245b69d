"""What a licence is worth on a day. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Literal

from django.db.models import Q

from shoutu.county.papers.kinds import LEAD_DAYS, kind, kinds
from shoutu.county.papers.models import Licence, State

Standing = Literal["valid", "expiring", "expired", "renewed", "withdrawn"]
STANDINGS: tuple[Standing, ...] = ("expired", "expiring", "valid", "renewed", "withdrawn")


def standing(licence: Licence, today: date) -> Standing:
    """Valid through its last day; expiring within the lead of its kind; what ended otherwise stays that."""
    if licence.state != State.VALID:
        return "renewed" if licence.state == State.RENEWED else "withdrawn"
    if licence.valid_until is None:
        return "valid"
    if licence.valid_until < today:
        return "expired"
    return "expiring" if licence.valid_until <= today + timedelta(days=kind(licence.kind).lead_days) else "valid"


def within_lead(today: date) -> Q:
    """Licences in force whose end has come within the lead of their kind, expired ones among them."""
    leads: dict[int, list[str]] = defaultdict(list)
    for one in kinds().values():
        leads[one.lead_days].append(one.id)
    found = ~Q(kind__in=list(kinds())) & Q(valid_until__lte=today + timedelta(days=LEAD_DAYS))
    for days, names in leads.items():
        found |= Q(kind__in=names, valid_until__lte=today + timedelta(days=days))
    return Q(state=State.VALID, valid_until__isnull=False) & found


def filter_of(name: str, today: date) -> Q:
    """The licences of one standing; "" those in force, "all" everything."""
    expired = Q(state=State.VALID, valid_until__lt=today)
    return {
        "": Q(state=State.VALID),
        "all": Q(),
        "expired": expired,
        "expiring": within_lead(today) & ~expired,
        "valid": Q(state=State.VALID) & (Q(valid_until__isnull=True) | ~within_lead(today)),
        "renewed": Q(state=State.RENEWED),
        "withdrawn": Q(state=State.WITHDRAWN),
    }[name]
