"""The county's clock was set back: what of warnings runs by the wall clock moves with it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from shoutu.county.ledger.services import service, unchanged
from shoutu.county.warnings.models import Dispatch, Group, ReportPlan, Warning


@service
def clock_set_back(by: timedelta) -> None:
    """Reports are asked for and due, dispatches tried again, and worse warnings called anew as if it had not been set.

    In the transaction of duties' own part, which leaves the entry. Ends people agreed on (a silence, a window of
    blasting) are times of the wall clock and stay.
    """
    unchanged()
    plans = ReportPlan.objects.filter(ended_at__isnull=True)
    plans.update(**{name: F(name) - by for name in ("due_at", "asks_at", "then_due_at", "then_asks_at")})
    Dispatch.objects.filter(next_try_at__isnull=False).update(next_try_at=F("next_try_at") - by)
    below = Warning.objects.filter(closed_at__isnull=True, below_since__isnull=False)
    below.update(below_since=F("below_since") - by)
    # Else a storm that is over would hold its messages together until the clock has caught up.
    Group.objects.filter(ended_at__isnull=True, last_at__gt=timezone.now()).update(last_at=F("last_at") - by)
