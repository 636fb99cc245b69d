"""From signals to warnings: the inbox in order, each signal in its own savepoint; a poisonous one is set aside."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.policy import PolicyError
from shoutu.county.duties.services import clear_alarm, raise_alarm
from shoutu.county.kit import steps
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import COUNTY, SubjectRef
from shoutu.county.ledger.services import record, service
from shoutu.county.places.services import lock_free_sites, lock_site_within
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings.services.course_of import ENGINE
from shoutu.county.warnings.services.locking import lock_storms
from shoutu.county.warnings.services.receiving import apply, sites_of

log = logging.getLogger(__name__)
BUDGET_S = 0.03
"""A transaction takes signals for this long, then commits: many small ones share an fsync, nobody waits long."""
AT_ONCE = 50
"""Of so many signals a transaction locks the sites; what it has no time for waits for the next."""
TRIES = 3
PATIENCE_S, WAIT_MS = 1.0, 100
"""A site found busy for so long is queued for, so long at most and one a second: in much use it may never be free."""


class Patience:
    """Since when this process finds sites busy, run after run; which of them it is time to queue for."""

    def __init__(self) -> None:
        self.since: dict[int, float] = {}
        self.queued = 0.0

    def over(self) -> int | None:
        """The site to queue for now, if any."""
        now = time.monotonic()
        found = min(self.since.items(), key=lambda one: one[1], default=None)
        if found is None or now - max(found[1], self.queued) < PATIENCE_S:
            return None
        self.queued = self.since[found[0]] = now
        return found[0]

    def note(self, busy: set[int]) -> None:
        now = time.monotonic()
        self.since = {site: self.since.get(site, now) for site in busy}


_patience = Patience()


def take_in(limit: int = 200) -> bool:
    """Make warnings of what waits in the inbox, in the order it came. True: more is waiting.

    A signal that cannot be taken three times running is set aside with an alarm; the others go on. A site somebody
    holds holds up no other: its signals, all of them, stay for the next run, in their order.
    """
    busy: set[int] = set()
    try:
        return _walk(limit, busy)
    finally:
        _patience.note(busy)


def _walk(limit: int, busy: set[int]) -> bool:
    waiting = Signal.objects.filter(state=SignalState.NEW).order_by("id")
    left: deque[int] = deque()
    seen = done = 0
    queued = _patience.over()
    while done < limit:
        if not left:
            found = list(waiting.filter(pk__gt=seen).values_list("pk", flat=True)[:limit])
            if not found:
                return False
            seen = found[-1]
            passed = _of_busy(found, busy) if busy else set()
            left.extend(pk for pk in found if pk not in passed)
            continue
        with transaction.atomic():
            steps.fence()
            if queued is not None and not lock_site_within(queued, WAIT_MS):
                busy.add(queued)
            queued = None
            done += _take_for(left, busy, BUDGET_S)
    return bool(left) or waiting.filter(pk__gt=seen).exists()


def _of_busy(signals: Sequence[int], busy: set[int]) -> set[int]:
    """Those of these signals that speak of a busy site."""
    sites = sites_of(Signal.objects.filter(pk__in=signals).only("body"))
    return {pk for pk, told in sites.items() if told & busy}


def _take_for(left: deque[int], busy: set[int], seconds: float) -> int:
    """Take signals off the left until the time is up or one transaction's share is done. Returns how many were taken.

    All their sites are locked at once, waiting for none: signals come in any order, and others hold sites too. What
    speaks of a site found busy goes off the left untaken, and the site stays `busy` for the rest of the run: freed
    meanwhile, its later signals would come before those passed over.
    """
    share = [left[i] for i in range(min(AT_ONCE, len(left)))]
    passed: set[int] = set()
    if connection.features.has_select_for_update:
        lock_storms()
        sites = sites_of(Signal.objects.filter(pk__in=share).only("body"))
        busy |= lock_free_sites(set().union(*sites.values()) - busy)
        passed = {pk for pk, told in sites.items() if told & busy}
    end = time.monotonic() + seconds
    taken = 0
    for pk in share:
        if pk not in passed:
            _take(pk)
            taken += 1
        left.popleft()
        if time.monotonic() >= end:
            break
    return taken


def _take(pk: int) -> None:
    signal = Signal.objects.select_for_update(no_key=True).get(pk=pk)
    if signal.state != SignalState.NEW:
        return
    try:
        with transaction.atomic():
            apply(signal)
    except (OperationalError, PolicyError, OSError):
        # The database's or the policy file's trouble, not the signal's: the whole group is tried again.
        raise
    except Exception as error:
        _failed(signal, error)
        return
    signal.state, signal.done_at = SignalState.DONE, timezone.now()
    signal.save(update_fields=["state", "done_at"])
    clear_alarm(_alarm(signal))


def _alarm(signal: Signal) -> str:
    return f"signal:{signal.uid}"


def _failed(signal: Signal, error: Exception) -> None:
    signal.tries += 1
    signal.error = f"{type(error).__name__}: {error}"[:400]
    if signal.tries >= TRIES:
        log.error("signal %s set aside after %s tries", signal.uid, signal.tries, exc_info=error)
        _set_aside(signal)
    signal.save(update_fields=["tries", "error", "state", "done_at"])


@service
def _set_aside(signal: Signal) -> None:
    signal.state, signal.done_at = SignalState.ASIDE, timezone.now()
    record(ENGINE, "signal.set_aside", SubjectRef("signal", signal.pk), {"uid": signal.uid, "error": signal.error})
    words = _("有一条预警信号无法处理，已搁置，没有为它叫人：先看现场，再到“搁置的信号”里重试")
    raise_alarm(_alarm(signal), "signal.aside", words, COUNTY, raw=signal.error)


@service
def retry(actor: Actor, pk: int) -> None:
    """Put a signal that was set aside back into the inbox. Taken in now, it finds its place among those since.

    Its alarm is cleared once it has been taken in. Raises NotFound when it is not set aside (any more).
    """
    actor.require("signal.retry")
    signal = get_visible(
        Signal.objects.filter(state=SignalState.ASIDE).select_for_update(no_key=True), actor, pk, "signal"
    )
    signal.state, signal.tries, signal.error = SignalState.NEW, 0, ""
    signal.save()
    record(actor, "signal.retried", SubjectRef("signal", pk), {"uid": signal.uid})
