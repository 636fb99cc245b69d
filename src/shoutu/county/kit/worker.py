"""The worker's loop: one lease for the process, a thread per lane, a beat every two seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from shoutu import __version__
from shoutu.county.kit import holders, process, steps, worker_health
from shoutu.county.kit.models import Beat, StepState

log = logging.getLogger(__name__)
BEAT_SECONDS = 2.0
BACKOFF_MAX = 30.0


@dataclass
class _Tally:
    """What happened to a step since the last beat."""

    runs: int = 0
    failures: int = 0
    failing: int = 0
    last_ok: Any = None
    error: str = ""
    error_at: Any = None


@dataclass
class Worker:
    """Runs all steps until `stop` is set. Two workers on one database never run at once: the second waits."""

    stop: threading.Event = field(default_factory=threading.Event)
    holder: str = field(default_factory=holders.holder)
    lease_seconds: float = steps.LEASE_SECONDS
    when_watching: Callable[[], object] = lambda: None
    """Called once, when this worker holds the lease and its first beat is written."""
    _told: bool = False
    _valid_until: float = 0.0
    _fence: int = 0
    _tallies: dict[str, _Tally] = field(default_factory=lambda: defaultdict(_Tally))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Blocks until stopped. Database trouble is logged and waited out, never fatal."""
        lanes: list[threading.Thread] = []
        by_lane: dict[str, list[steps.Step]] = defaultdict(list)
        for step in steps.all_steps():
            by_lane[step.lane].append(step)
        for name, members in by_lane.items():
            lanes.append(threading.Thread(target=self._lane, args=(members,), name=f"lane-{name}"))
            lanes[-1].start()
        try:
            while not self.stop.is_set():
                self._renew()
                self.stop.wait(BEAT_SECONDS)
        finally:
            self.stop.set()
            for lane in lanes:
                lane.join()
            self._farewell()

    def watching(self) -> bool:
        """Whether this worker holds the lease now and has begun."""
        return self._told and time.monotonic() < self._valid_until

    def _renew(self) -> None:
        try:
            asked = time.monotonic()
            got = steps.acquire(steps.WORKER, self.holder, self.lease_seconds)
            if got is None:
                self._valid_until = 0.0
                return
            if got != self._fence:
                log.info("worker holds the lease (fence %s)", got)
            self._fence, self._valid_until = got, asked + self.lease_seconds - 2
            self._write_beats()
            if not self._told:
                self.when_watching()
                self._told = True
        except Exception:
            log.exception("worker could not renew its lease or write its beat; trying again")
            connection.close()

    def _write_beats(self) -> None:
        with self._lock:
            tallies, self._tallies = dict(self._tallies), defaultdict(_Tally)
            for name, tally in tallies.items():
                self._tallies[name] = _Tally(failing=tally.failing)
        beats = {step.name: step.beat for step in steps.all_steps()}
        with transaction.atomic():
            failing = {name: t.failing for name, t in tallies.items() if t.failing}
            told = {"holder": self.holder, "failing": failing, "version": __version__}
            steps.beat("worker", detail=told, started_at=process.STARTED)
            for name, tally in tallies.items():
                if not tally.runs and not tally.failures:
                    continue
                last: dict[str, Any] = {"failing": tally.failing}
                if tally.last_ok:
                    last["last_run_at"] = tally.last_ok
                if tally.error:
                    last |= {"last_error": tally.error, "last_error_at": tally.error_at}
                steps.count_run(StepState, name, tally.runs, tally.failures, **last)
                if beats.get(name) and tally.last_ok:
                    Beat.objects.update_or_create(name=beats[name], defaults={"at": tally.last_ok})

    def _lane(self, members: list[steps.Step]) -> None:
        due = {step.name: 0.0 for step in members}
        while not self.stop.is_set():
            now = time.monotonic()
            if now >= self._valid_until:
                self.stop.wait(0.05)
                continue
            for step in members:
                if self.stop.is_set() or time.monotonic() >= self._valid_until:
                    break
                if time.monotonic() >= due[step.name]:
                    due[step.name] = time.monotonic() + self._run(step)
            pause = min(due.values()) - time.monotonic()
            if pause > 0:
                self.stop.wait(min(pause, 1.0))
        connection.close()

    def _run(self, step: steps.Step) -> float:
        """Run one step; seconds until it is due again."""
        try:
            steps.hold(steps.WORKER, self._fence)
            with worker_health.SECONDS.labels(step.name).time():
                more = step.run()
        except Exception as error:
            worker_health.FAILED.labels(step.name).inc()
            with self._lock:
                tally = self._tallies[step.name]
                tally.failures += 1
                tally.failing += 1
                tally.error, tally.error_at = f"{type(error).__name__}: {error}"[:2000], timezone.now()
                failing = tally.failing
            log.exception("step %s failed (%s in a row)", step.name, failing)
            connection.close()
            return min(max(step.every, 0.5) * 2 ** min(failing - 1, 6), BACKOFF_MAX)
        finally:
            steps.hold(None)
        with self._lock:
            tally = self._tallies[step.name]
            tally.runs += 1
            tally.failing = 0
            tally.last_ok = timezone.now()
        return 0.0 if more is True else step.every

    def _farewell(self) -> None:
        try:
            self._write_beats()
            steps.release(steps.WORKER, self.holder)
        except Exception:
            log.exception("worker could not hand its lease back; the next one waits %s s", self.lease_seconds)
        connection.close()


def run(
    stop: threading.Event | None = None,
    when_watching: Callable[[], object] = lambda: None,
    health: tuple[str, int] = ("127.0.0.1", 0),
) -> None:
    """Run the worker until `stop` is set; `when_watching` is called once, when it has begun its work.

    `health`: host and port where it says how it is; port 0 is nowhere.
    """
    worker = Worker(stop or threading.Event(), when_watching=when_watching)
    worker_health.serve(*health, worker.watching)
    worker.run()
