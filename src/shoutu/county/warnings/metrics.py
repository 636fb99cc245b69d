"""What /metrics tells of signals, warnings and alarms."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from shoutu.county.duties.selectors import open_alarms
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.warnings.selectors import open_levels, signals_by_state, signals_cleaned_out
from shoutu.county.warnings.selectors.reporting import orders_differing


class WarningCollector:
    """Asks the database when asked."""

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        signals = GaugeMetricFamily("shoutu_signals", "Signals in the inbox by state", labels=["state"])
        told = signals_by_state()
        for state in ("new", "done", "aside"):
            signals.add_metric([state], told.get(state, 0))
        cleaned = CounterMetricFamily("shoutu_signals_cleaned_out", "Handled signals removed from the inbox")
        cleaned.add_metric([], signals_cleaned_out())
        warnings = GaugeMetricFamily("shoutu_open_warnings", "Open risk warnings by level", labels=["level"])
        levels = open_levels()
        for level in range(1, 5):
            warnings.add_metric([str(level)], levels.get(level, 0))
        yield from (signals, cleaned, warnings)
        differing = CounterMetricFamily("shoutu_orders_differing", "Orders from above sent again with other content")
        differing.add_metric([], orders_differing())
        yield differing
        yield GaugeMetricFamily(
            "shoutu_alarms", "Alarms about the calling itself", value=len(open_alarms(SYSTEM, 1000))
        )


REGISTRY.register(WarningCollector())  # type: ignore[arg-type]
