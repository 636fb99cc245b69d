"""What the worker does again and again: named steps in lanes, alone by lease, errors apart from each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import local
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise

from shoutu.county.kit import holders
from shoutu.county.kit.models import Beat, Lease

S = TypeVar("S", bound=Callable[[], Any])
T = TypeVar("T")
log = logging.getLogger(__name__)
WORKER = "worker"
LEASE_SECONDS = 15
KEEP_STARTS = 20


class LeaseLost(RuntimeError):
    """Another worker has taken over; whatever was being done must not be committed."""


@dataclass(frozen=True)
class Step:
    """`run` is called each `every` seconds (and at once again while it returns True: there is more to do)."""

    name: str
    every: float
    lane: str
    run: Callable[[], Any]
    beat: str | None = None
    title: str | Promise = ""


_steps: dict[str, Step] = {}
_held = local()


def step(
    name: str, every: float, lane: str = "main", beat: str | None = None, title: str | Promise = ""
) -> Callable[[S], S]:
    """Register a step, in a room's ``steps`` module.

    Steps of one lane run one after another in a thread of their own; lanes don't delay each other. `beat` names the
    Beat a successful run refreshes; `title` says what it does to whoever reads that it fails. A failing step is
    counted and tried again, later each time, up to 30 s.
    """

    def register(run: S) -> S:
        _steps[name] = Step(name, every, lane, run, beat, title)
        return run

    return register


def title_of(name: str) -> str:
    """What a step does, in words; its name when nothing says so."""
    found = _steps.get(name)
    return str(found.title) if found is not None and found.title else name


def all_steps() -> list[Step]:
    return list(_steps.values())


def acquire(name: str, holder: str, seconds: float = LEASE_SECONDS) -> int | None:
    """Take or renew a lease. Returns its fence, or None while another holds it.

    A holder that is a process of this machine and is certainly dead holds nothing: after kill -9 the next one works
    at once. Of any other holder the lease is waited out.
    """
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    with transaction.atomic():
        lease, created = Lease.objects.select_for_update(no_key=True).get_or_create(
            name=name, defaults={"holder": holder, "until": until}
        )
        if created:
            return lease.fence
        if lease.holder != holder:
            if lease.until > now and not holders.gone(lease.holder):
                return None
            lease.holder = holder
            lease.fence += 1
        lease.until = until
        lease.save()
        return lease.fence


def release(name: str, holder: str) -> None:
    """Give the lease back so that the next worker need not wait for its end."""
    Lease.objects.filter(name=name, holder=holder).update(until=timezone.now())


def hold(name: str | None, fence: int = 0) -> None:
    """Note in this thread under which lease it works; None forgets it."""
    _held.lease = (name, fence) if name else None


def fence() -> None:
    """Inside a step's transaction: make sure the lease is still ours until it commits.

    Raises LeaseLost otherwise. Harmless outside the worker (a command or a test that runs a step by hand).
    """
    lease = getattr(_held, "lease", None)
    if lease is None:
        return
    # A shared lock: lanes don't wait for each other, but nobody takes the lease over before they have committed.
    share = " FOR SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT fence FROM kit_lease WHERE name = %s{share}", [lease[0]])
        found = cursor.fetchone()
    if found is None or found[0] != lease[1]:
        raise LeaseLost(f"lease {lease[0]!r} has gone to another worker")


def each(items: Iterable[T], run: Callable[[T], object], *, stops: tuple[type[Exception], ...] = ()) -> None:
    """Run for each. One that cannot be done holds up no other: it is logged, and tried again with the next run.

    The database's own trouble, a lost lease and `stops`, which would meet the others too, are raised.
    """
    through: tuple[type[Exception], ...] = (OperationalError, LeaseLost, *stops)
    for item in items:
        try:
            run(item)
        except through:
            raise
        except Exception:
            log.exception("%s could not be done for %s", getattr(run, "__qualname__", run), item)


def beat(
    name: str, tick_at: Any = None, detail: dict[str, Any] | None = None, started_at: datetime | None = None
) -> None:
    """A sign of life of a part, kept as the last one.

    `started_at`: when its process started; each of the last day's starts is kept in the detail, at most `KEEP_STARTS`.
    """
    told = dict(detail or {})
    if started_at is not None:
        told |= {"started_at": started_at.isoformat(), "starts": _starts(name, started_at)}
    Beat.objects.update_or_create(name=name, defaults={"at": timezone.now(), "tick_at": tick_at, "detail": told})


def _starts(name: str, started_at: datetime) -> list[str]:
    last = Beat.objects.filter(name=name).values_list("detail", flat=True).first() or {}
    before = [datetime.fromisoformat(one) for one in last.get("starts", [])]
    since = timezone.now() - timedelta(days=1)
    starts = [one for one in before if one > since and one != started_at]
    return [one.isoformat() for one in (*starts, started_at)][-KEEP_STARTS:]


def count_run(model: Any, name: str, runs: int, failures: int, **last: Any) -> None:
    """Add to a StepState's counters."""
    model.objects.get_or_create(name=name)
    model.objects.filter(name=name).update(runs=F("runs") + runs, failures=F("failures") + failures, **last)
