"""Signals that were taken in long ago leave the inbox; what they told stays in events and in the ledger."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from shoutu.county.kit import steps
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings.models import Event, Withheld
from shoutu.county.warnings.services.course_of import ENGINE

CHUNK = 150
"""Rows deleted in one transaction: a few milliseconds, far below the 50 ms others may be made to wait."""
KEEP_IDS = 100_000
"""The newest signals whose ids are kept at any age.

A wing whose note of what it has delivered is lost delivers again what its spool still holds: at most a segment of
8 MiB beside what was never delivered. A signal takes more than 250 bytes there, so that is fewer than 35,000.
"""
CLEANED = "signals_cleaned"
"""The beat that counts what was removed, over all time."""


@service
def clean_out() -> int:
    """Remove one chunk of signals handled more than `SHOUTU_SIGNAL_KEEP_DAYS` ago. Returns how many went.

    Never one that waits or was set aside, none of a warning still open or that waits for the end
    of a mark, none of the newest `KEEP_IDS`.
    """
    steps.fence()
    newest = Signal.objects.order_by("-pk").values_list("pk", flat=True)
    kept_from = newest[KEEP_IDS - 1 : KEEP_IDS].first() if KEEP_IDS else None
    before = timezone.now() - timedelta(days=settings.CONFIG.signal_keep_days)
    old = Signal.objects.filter(state=SignalState.DONE, done_at__lt=before).exclude(
        event__warning__closed_at__isnull=True, event__isnull=False
    )
    waits = Withheld.objects.filter(let_out_at__isnull=True, signal__isnull=False)
    old = old.exclude(pk__in=waits.values("signal_id"))
    ids = list(old.filter(pk__lt=kept_from or 0).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        unchanged()
        return 0
    Event.objects.filter(signal_id__in=ids).update(signal=None)
    Withheld.objects.filter(signal_id__in=ids).update(signal=None)
    Signal.objects.filter(pk__in=ids).delete()
    count = Beat.objects.filter(name=CLEANED).values_list("detail", flat=True).first() or {}
    steps.beat(CLEANED, detail={"total": int(count.get("total", 0)) + len(ids)})
    record(ENGINE, "signal.cleaned_out", COUNTY, {"count": len(ids), "first": ids[0], "last": ids[-1]})
    return len(ids)
