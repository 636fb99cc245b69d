"""The demo's week of readings: what every sensor would have sent, bent where something happened, and what the engine
says to it.

The series are the simulator's own, so that the week goes on without a seam where the gateways take up. They go straight
into the store as the history from before the journal: whoever starts the demo gets no signal of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from shoutu.demo.episodes import Episode
from shoutu.engine import Engine, RuleSet, signal_to_dict
from shoutu.sensing.model import Floats, Ints64
from shoutu.sensing.simulate.plan import Sensor
from shoutu.sensing.simulate.series import calm, smooth, steady, times, told
from shoutu.sensing.store import Columns, lay_prehistory

SHARD = 1
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class Week:
    """Readings of all points from `began` up to `until` (UTC ms), told as they came: received when measured.

    `episodes`: what happens at which point; `rules`: the catalog as the county publishes it, by which it is judged.
    """

    def __init__(
        self, sensors: Mapping[int, Sensor], seed: int, began: int, until: int,
        episodes: Mapping[int, Episode], catalog: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.seed, self.began, self.until = seed, began, until
        self._catalog = catalog
        self._limits = _limits(catalog["rules"])
        self._silences: list[tuple[int, int]] = []
        self.last: dict[str, int] = {}
        """Per address the time of its last reading, from where its gateway goes on."""
        pieces = []
        for point in sorted(sensors):
            ts, value = self._series(point, sensors[point], episodes.get(point))
            self.last[sensors[point].address] = int(ts[-1]) if len(ts) else until
            pieces.append((np.full(len(ts), point, np.int32), ts, value))
        ids, ts, value = (np.concatenate(column) for column in zip(*pieces, strict=True))
        self.columns = Columns(ids, ts, ts, value, np.zeros(len(ts), np.uint8))

    def _series(self, point: int, sensor: Sensor, episode: Episode | None) -> tuple[Ints64, Floats]:
        moments = times(sensor, self.seed, self.began, self.until)
        ts = np.array(moments, np.int64)
        value = calm(sensor, self.seed, ts)
        if episode is None:
            return ts, value
        start = self.began + round(episode.at * HOUR_MS)
        end = start + round(episode.minutes * MINUTE_MS)
        if episode.course == "fault":
            self._silences.append((start, end))
            heard = (ts < start) | (ts >= end)
            return ts[heard], value[heard]
        if episode.slope:
            # What has moved stays where it is; it began so much nearer.
            way = np.clip((ts - end) / HOUR_MS + episode.creep_h, 0.0, episode.creep_h) - episode.creep_h
            return ts, told(sensor, value + episode.slope * way)
        limit, outward, clear_ms = self._limits[point, episode.level]
        peak = episode.value or limit * (1 + 0.025 * outward)
        share = _share(ts, start, end - clear_ms, episode.rise * MINUTE_MS)
        return ts, told(sensor, value + share * (peak - steady(sensor, self.seed, ts)))

    def signals(self) -> list[dict[str, Any]]:
        """What the engine says to the week by the county's rules, in order, as it goes up to the county."""
        rules = RuleSet.from_catalog(*(self._catalog[name] for name in ("sources", "points", "rules")))
        engine = Engine()
        engine.switch(0, rules)
        order = np.argsort(self.columns.ts, kind="stable")
        rows = self.columns.take(order)
        ticks = self._ticks()
        ends = np.searchsorted(rows.ts, ticks, "right").tolist()
        found: list[dict[str, Any]] = []
        at, seq = 0, 1
        for tick, end in zip(ticks.tolist(), ends, strict=True):
            one = rows.take(slice(at, end))
            raised = engine.readings(seq, one.point, one.ts, one.received, one.value, one.quality)
            found += [signal_to_dict(signal, rules, SHARD) for signal in raised]
            seq, at = seq + end - at, end
            found += [signal_to_dict(signal, rules, SHARD, engine.evidence) for signal in engine.tick(seq, tick)]
            seq += 1
        return [{**signal, "flags": [*signal["flags"], "demo"]} for signal in found]

    def _ticks(self) -> Ints64:
        """The clock: every five minutes, and every minute where somebody falls silent."""
        sparse = np.arange(self.began, self.until + 5 * MINUTE_MS, 5 * MINUTE_MS)
        return np.unique(np.concatenate([sparse, *(np.arange(a, b, MINUTE_MS) for a, b in self._silences)]))

    def store(self, folder: Path) -> None:
        """Put it into the store of the county's pipeline, which must not run. Raises StoreBlocked."""
        lay_prehistory(folder, self.columns)


def plan_sensors(told_: Sequence[Mapping[str, Any]], points: Mapping[str, int]) -> dict[int, Sensor]:
    """The plan's sensors by the id of their point."""
    return {points[str(one["address"])]: msgspec.convert(one, Sensor) for one in told_}


def _share(ts: Ints64, start: int, back: float, rise: float) -> Floats:
    """How far the way to the peak: there at `start`, gone at `back`, `rise` ms each way."""
    fall = min(rise, (back - start) * 0.5)
    there, gone = np.asarray((ts - start) / rise + 1.0, np.float64), np.asarray((back - ts) / fall, np.float64)
    return np.asarray(smooth(there) * smooth(gone), np.float64)


def _limits(rules: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], tuple[float, int, float]]:
    """Per point and level of its rule of limits: the limit, on which side danger lies, ms it clears after."""
    found = {}
    for rule in rules:
        params = rule["params"]
        counted = rule["kind"] == "quota" and params.get("form") == "count"
        if not (rule["kind"] == "threshold" or counted) or "point" not in rule:
            continue
        for level, limit in params["levels"].items():
            outward = -1 if params.get("direction") == "low" else 1
            highest = limit[1] if isinstance(limit, list | tuple) else limit
            found[rule["point"], int(level)] = highest, outward, 1000.0 * params.get("clear_for_s", 0)
    return found
