"""/metrics in Prometheus text: what the web process and the database know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from shoutu.county.kit import guessing, steps
from shoutu.county.kit.models import Beat, OutboxEvent, StepState
from shoutu.county.kit.watch import PARTS

Figures = Callable[[], Iterable[Metric]]
_figures: list[Figures] = []


def contribute(function: Figures) -> Figures:
    """Add a room's figures, read from the database when asked."""
    if function not in _figures:
        _figures.append(function)
    return function


class CountyCollector:
    """Reads beats, steps and the outbox when asked."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        beats = GaugeMetricFamily("shoutu_beat_age_seconds", "Seconds since a part's last beat", labels=["part"])
        # Others of these rows only keep when something last happened, such as a backup: old is not silent.
        beating = {*PARTS, *(step.beat for step in steps.all_steps() if step.beat)}
        for beat in Beat.objects.filter(name__in=beating):
            beats.add_metric([beat.name], time.time() - beat.at.timestamp())
        runs = CounterMetricFamily("shoutu_step_runs", "Successful runs of a worker step", labels=["step"])
        failures = CounterMetricFamily("shoutu_step_failures", "Failed runs of a worker step", labels=["step"])
        for state in StepState.objects.all():
            runs.add_metric([state.name], state.runs)
            failures.add_metric([state.name], state.failures)
        waiting = OutboxEvent.objects.filter(seq__isnull=True).count()
        yield from (beats, runs, failures)
        yield GaugeMetricFamily("shoutu_outbox_unnumbered", "Events not yet numbered", value=waiting)
        wrong = GaugeMetricFamily("shoutu_wrong_secrets", "Wrong links and tokens shown lately", labels=["door"])
        for door in guessing.DOORS:
            wrong.add_metric([door], guessing.counted(door))
        yield wrong
        for figures in _figures:
            yield from figures()


REGISTRY.register(CountyCollector())  # type: ignore[arg-type]


def metrics(request: HttpRequest) -> HttpResponse:
    try:
        return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError as error:
        return HttpResponse(f"# database: {error}\n", status=503, content_type="text/plain")
