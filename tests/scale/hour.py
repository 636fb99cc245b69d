"""An hour of the simulator's readings in a journal of several segments, and the embedded pipeline's word on it."""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from shoutu.sensing.core import Core
from shoutu.sensing.journal import Item, Journal, NewSwitch, NewTick
from shoutu.sensing.model import Batch
from shoutu.sensing.simulate.plan import Sensor
from shoutu.sensing.simulate.series import times, values
from shoutu.sensing.store import Store

from .cluster import PATIENCE_S

START = 1_793_500_000_000
HOUR_MS = 3_600_000
SITES = range(1, 13)
INDICATORS = {
    "pond_level": (612.0, 614.0), "co": (4.0, 60.0), "surface_displacement": (2.0, 40.0), "inflow": (20.0, 90.0),
}  # fmt: skip
"""Base and peak of what each site measures."""


@dataclass(frozen=True)
class Hour:
    """``said``: the embedded pipeline's signals, each as the JSON the county is told, sorted."""

    journal: Path
    said: list[bytes]


def sensor(site: int, indicator: str) -> Sensor:
    """Every third site goes to red, every fourth falls silent for a while, the others are calm."""
    base, peak = INDICATORS[indicator]
    scenario: Any = "to_red" if site % 3 == 0 else "silent" if site % 4 == 1 else "calm"
    return Sensor(
        f"{indicator}-{site}", "-", "http", indicator, base, interval_s=10.0 if indicator == "co" else 20.0,
        scenario=scenario, peak=peak if scenario == "to_red" else None, after_s=300.0 + 40 * site, over_s=240.0,
    )  # fmt: skip


def catalog(version: int, high: float) -> dict[str, Any]:
    """Four points a site; rules of the kinds that look at values, at their course, at silence, and a composite."""
    points, rules = [], []
    for site in SITES:
        for at, (indicator, (base, peak)) in enumerate(INDICATORS.items()):
            point, span = site * 10 + at, peak - base
            points.append({
                "id": point, "source": 100 + site % 5, "site": site, "address": f"{indicator}-{site}",
                "item": indicator, "interval_s": 20, "low": base - 50, "high": peak + 2 * span, "danger": "high",
            })  # fmt: skip
            levels = {str(k): base + span * high * k / 4 for k in (1, 2, 3, 4)}
            told = [
                ("threshold", version, {"direction": "high", "levels": levels, "raise_for_s": 20, "clear_for_s": 60}),
                ("rate", 1, {"direction": "high", "levels": {"2": span * 6}, "interval_s": 20, "window_s": 200,
                             "min_samples": 4, "hysteresis": 0.1}),
                ("no_data", 1, {"after_s": 90, "level": 1}),
                ("stuck", 1, {"window_s": 600, "tolerance": 0, "min_samples": 10, "level": 1}),
                ("implausible", 1, {"count": 1, "clear_count": 2, "danger": "high", "level": 1}),
            ]  # fmt: skip
            rules += [
                {"id": point * 10 + k, "version": number, "point": point, "kind": kind, "params": params}
                for k, (kind, number, params) in enumerate(told)
            ]
        ladder = {"form": "ladder", "items": list(INDICATORS), "wait_s": 30,
                  "steps": [{"level": 1, "count": 2, "to": 2}, {"level": 3, "count": 2, "to": 4}]}  # fmt: skip
        rules.append({"id": 100_000 + site, "version": 1, "site": site, "kind": "composite", "params": ladder})
    return {"version": version, "sources": [], "points": points, "rules": rules}


Reading = tuple[int, int, int, float, int, int]


def readings() -> list[Reading]:
    """(received, point, ts, value, quality, source) in order of receipt: some late, some no numbers, some repeated."""
    found = []
    for site in SITES:
        for at, indicator in enumerate(INDICATORS):
            one = sensor(site, indicator)
            ts, value = values(one, 7, np.array(times(one, 7, START, START + HOUR_MS)), START)
            for k, (when, number) in enumerate(zip(ts.tolist(), value.tolist(), strict=True)):
                received = when + 150 + 37 * ((site + k) % 7)
                if site == 7 and 600_000 < when - START < 1_500_000:
                    received = START + 1_500_000 + k  # a gateway without a line keeps them and sends them together
                number = {101: np.nan, 137: np.inf, 171: -1e9}.get(k + site, number)
                found.append((received, site * 10 + at, when, number, 1 if k % 50 == 3 else 0, 100 + site % 5))
                if k % 41 == 0:
                    found.append((received + 900, site * 10 + at, when, number, 0, 100 + site % 5))
    return sorted(found, key=lambda reading: reading[:3])


def items() -> Iterator[list[Item]]:
    """The commits of an hour: each second the readings received in it, source by source, and the clock."""
    by_second: dict[int, dict[int, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    for reading in readings():
        by_second[(reading[0] - START) // 1000][reading[5]].append(reading)
    yield [NewSwitch(msgspec.json.encode({**catalog(1, 0.9), "full": True}))]
    for second in range(HOUR_MS // 1000 + 5):
        batches: list[Item] = []
        for source, rows in sorted(by_second[second].items()):
            columns = list(zip(*rows, strict=True))
            kinds = (np.int32, np.int64, np.float64, np.uint8)
            point, ts, value, quality = (np.array(c, t) for c, t in zip(columns[1:5], kinds, strict=True))
            batches.append(Batch(point, ts, value, quality, rows[-1][0], source, "http"))
        if second == 1_800:
            # New thresholds, a site gone, another's point taken off, a point without a rule.
            change = catalog(2, 0.8)
            change["points"] = [{"id": 999, "source": 101, "site": 3, "item": "co", "interval_s": 20}]
            thresholds = (rule for rule in change["rules"] if rule["kind"] == "threshold")
            change["rules"] = [rule for rule in thresholds if rule["point"] % 20 < 10]
            change["removed"] = {"points": [20, 21, 22, 23, 31], "rules": [100_002]}
            batches.append(NewSwitch(msgspec.json.encode(change)))
        yield [*batches, NewTick(START + 1000 * (second + 1))]


def made(folder: Path) -> tuple[Path, int]:
    """The journal of the hour in ``folder``, and its next number."""
    journal = Journal(folder, segment_bytes=128 << 10, sync=lambda _: None)
    for commit in items():
        journal.commit(commit)
    end = journal.next_seq
    journal.close()
    assert len(list(folder.glob("*.log"))) >= 4
    return folder, end


def embedded(journal: Path, data: Path, end: int) -> list[bytes]:
    """What the pipeline says that finds this journal when it starts."""
    shutil.copytree(journal, data / "journal")

    async def run() -> list[bytes]:
        core = Core(data, Store(data / "store"))
        await core.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                while core.engine.evaluated < end:
                    await asyncio.sleep(0.05)
            signals, _ = core.spool.peek(1_000_000)
        finally:
            await core.stop()
        return sorted(msgspec.json.encode(signal) for signal in signals if signal["seq"] < end)

    return asyncio.run(run())
