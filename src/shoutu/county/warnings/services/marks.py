"""The end of a mark: what its point stands at then is raised, or falls, as if it had just been told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings.course import later
from shoutu.county.warnings.models_silences import Silence, Withheld
from shoutu.county.warnings.services.receiving import LATE, Told, apply, read
from shoutu.county.warnings.services.silencing import at_end

log = logging.getLogger(__name__)
PATIENCE = timedelta(minutes=1)
"""For which the end of a mark may be late before the auditor says so."""


def let_out(silence: Silence) -> None:
    """Take in the newest withheld signal of each rule. In the transaction that ends the silence, its site locked."""
    rows = silence.signals.filter(let_out_at__isnull=True, signal__isnull=False).select_related("signal")
    newest: dict[tuple[int, str], Told] = {}
    for row in rows.order_by("id"):
        if row.signal is None:
            continue
        told = read(row.signal)
        if told.body["type"] == LATE or told.past:
            continue
        key = (row.rule_id, row.kind)
        if key not in newest or later(told.place, newest[key].place):
            newest[key] = told
    silence.signals.filter(let_out_at__isnull=True).update(let_out_at=timezone.now())
    for told in sorted(newest.values(), key=lambda one: one.row.pk):
        _take(told.row)


def _take(signal: Signal) -> None:
    """What cannot be taken in now goes through the inbox again, which tries, sets aside and raises its alarm."""
    try:
        with transaction.atomic():
            apply(signal)
    except OperationalError:
        raise
    except Exception:
        log.exception("signal %s was withheld and cannot be taken in: again through the inbox", signal.uid)
        Signal.objects.filter(pk=signal.pk).update(state=SignalState.NEW, done_at=None, tries=0)


at_end(let_out)


def overdue(now: datetime) -> Iterable[dict[str, Any]]:
    """Marks over for a while whose signals nobody has let out: for the auditor."""
    over = Q(silence__ends_at__lt=now - PATIENCE) | Q(silence__ended_at__lt=now - PATIENCE)
    waits = Withheld.objects.filter(over, let_out_at__isnull=True).select_related("silence__site", "silence__point")
    found = {one.silence_id: one.silence for one in waits.order_by("id")[:200]}
    return [{"silence": pk, "where": silence.where()} for pk, silence in found.items()]
