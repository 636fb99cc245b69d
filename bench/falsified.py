"""The search for falsified readings: a day of 50,000 points on one core, what it finds in honest series, and its power.

Honest series are of 42 sorts: the profiles of the simulated sensors, and what is hard: switches, dry gauges, saturated
sensors, pump cycles, smooth walks, bursts, heavy tails, peers of unlike noise, a weather they share. Each fault is put
into one series of a county in stretches of several lengths. Run alone:
``python -m bench.falsified [POINTS [COUNTIES [SEED]]]``, or over series of the world, folders of files
``timestamp,value`` (the NAB corpus): ``python -m bench.falsified FOLDER``.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoutu.engine.falsified import Column, Point, columns, find
from shoutu.sensing.simulate.series import PROFILES

POINTS, READINGS, STEP_MS = 50_000, 1440, 60_000
START = 1_793_500_000_000
DAY = 86_400_000
Series = NDArray[np.float64]
HARD = (
    "switch", "pump", "dry", "saturated", "smooth", "walk", "bursts", "heavy", "shared", "coarse", "counter", "mixed",
    "shifts",
)  # fmt: skip


def honest(rng: np.random.Generator, sort: str, count: int, n: int) -> tuple[NDArray[np.int64], int]:
    """``count`` series of one sort (rows, in last digits) and their decimals."""
    t = np.arange(n)
    day = np.sin(2 * np.pi * (t * STEP_MS / DAY) + rng.uniform(0, 0.3, (count, 1)))
    white = rng.standard_normal((count, n))
    if sort in PROFILES:
        profile = PROFILES[sort]
        phase = rng.uniform(0, 7, (count, 1))
        value = 20 + profile.drift * np.sin(2 * np.pi * t * STEP_MS / DAY / 5.3 + phase) + profile.day * day
        value = np.maximum(value + profile.noise * white, profile.floor)
        return np.rint(value * 10**profile.digits).astype(np.int64), profile.digits
    made: Series
    if sort == "switch":
        made = (rng.random((count, n)) < 0.02).cumsum(axis=1) % 2
    elif sort == "pump":
        period = rng.integers(20, 120, (count, 1))
        made = np.abs((t + rng.integers(0, 120, (count, 1))) % period - period // 2)
    elif sort == "dry":
        made = np.rint(np.maximum(0, white - 2.5) * 20)
    elif sort == "saturated":
        made = np.minimum(1000, np.rint(1020 + 10 * day + 5 * white))
    elif sort == "smooth":
        made = np.rint(500 * np.sin(2 * np.pi * t / rng.integers(200, 2000, (count, 1)) + 7 * white[:, :1]))
    elif sort == "walk":
        made = np.rint((white * 2).cumsum(axis=1))
    elif sort == "bursts":
        made = np.rint(white * np.where((t // 120 + rng.integers(0, 9, (count, 1))) % 3 == 0, 30.0, 4.0))
    elif sort == "heavy":
        made = np.rint(rng.standard_t(2, (count, n)) * 8)
    elif sort == "shared":
        made = np.rint(rng.standard_normal(n).cumsum() * 5 + rng.uniform(0, 999, (count, 1)) + 2 * white)
    elif sort == "coarse":
        made = np.rint(2 * day + 0.3 * white)
    elif sort == "mixed":
        made = np.rint(white * 9 * np.exp(rng.standard_normal((count, 1)) * 0.7))
    elif sort == "counter":
        made = (rng.random((count, n)) < 0.4).cumsum(axis=1).astype(np.float64)
    else:
        made = np.rint(40 * (t // 480 % 2) + 0.8 * white)
    return made.astype(np.int64), 1


def county(rng: np.random.Generator, count: int, n: int = READINGS) -> tuple[Column, dict[int, Point], Column]:
    """Points of all sorts with as many readings each, and the same points as long before."""
    sorts = [*PROFILES, *HARD]
    rows: list[NDArray[np.int64]] = []
    points = {}
    for at, sort in enumerate(sorts):
        values, decimals = honest(rng, sort, len(range(at, count, len(sorts))), 2 * n)
        for row in values:
            points[len(rows) + 1] = Point(sort, STEP_MS, decimals)
            rows.append(row)
    return column([row[n:] for row in rows]), points, column([row[:n] for row in rows], START - n * STEP_MS)


def column(rows: list[NDArray[np.int64]], start: int = START) -> Column:
    """Series of points 1, 2, … as the search takes them."""
    sizes = [len(row) for row in rows]
    ts = np.concatenate([start + STEP_MS * np.arange(n) for n in sizes]) if rows else np.empty(0, np.int64)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Column(np.arange(1, len(rows) + 1), bounds, ts, np.concatenate(rows))


def falsify(rng: np.random.Generator, kind: str, mine: NDArray[np.int64], other: NDArray[np.int64], n: int) -> None:
    """Put one fault into ``n`` readings of a series."""
    at = (
        int(rng.integers(n, len(mine) - n + 1))
        if kind in {"copied", "shifted"}
        else int(rng.integers(0, len(mine) - n + 1))
    )
    if kind == "copied":
        begin = int(rng.integers(0, at - n + 1))
        mine[at : at + n] = mine[begin : begin + n].copy()
    elif kind == "cloned":
        mine[at : at + n] = other[at : at + n]
    elif kind == "offset":
        mine[at : at + n] = other[at : at + n] + 37
    elif kind == "scaled":
        mine[at : at + n] = np.rint(other[at : at + n] * 1.37 + 50)
    elif kind == "shifted":
        begin = int(rng.integers(0, at - n + 1))
        mine[at : at + n] = other[begin : begin + n]
    elif kind == "smooth":
        mine[at : at + n] = np.rint(np.linspace(mine[at], mine[at] + 60, n))
    elif kind == "rounded":
        mine[at : at + n] = mine[at : at + n] // 10 * 10
    elif kind == "typed":
        few = mine[at : at + n]
        few[:] = np.where(rng.random(n) < 0.5, few // 5 * 5, few)
    else:
        mine[at : at + n] = np.resize(mine[at : at + 12].copy(), n)


TOLD = {"offset": "cloned", "scaled": "cloned", "typed": "liked"}
FAULTS = ("copied", "cloned", "offset", "scaled", "shifted", "smooth", "rounded", "typed", "pattern")
LENGTHS = (20, 40, 80, 160, 320, 720)


def power(rng: np.random.Generator, sd: float, tries: int = 60) -> dict[str, dict[int, float]]:
    """Share found of each fault at each length, noise of ``sd`` last digits, at the error of a county of 50,000."""
    found: dict[str, dict[int, float]] = {}
    for kind in FAULTS:
        found[kind] = {}
        for n in LENGTHS:
            rows = [np.rint(rng.standard_normal(READINGS) * sd + 1000).astype(np.int64) for _ in range(2 * tries)]
            earlier = column(
                [np.rint(rng.standard_normal(READINGS) * sd + 1000).astype(np.int64) for _ in rows], START - DAY
            )
            points = {at + 1: Point("made", STEP_MS, 1) for at in range(len(rows))}
            for at in range(tries):
                falsify(rng, kind, rows[2 * at], rows[2 * at + 1], n)
            # So few points compare less: what a whole county compares beyond is taken off the error.
            share = (len(rows) / POINTS) ** (2 if kind in {"cloned", "offset", "scaled", "shifted"} else 1)
            told = find(column(rows), points, earlier, alpha=0.01 * share)
            hit = {(one.point - 1) // 2 for one in told if one.kind == TOLD.get(kind, kind)}
            found[kind][n] = round(len(hit) / tries, 2)
    return found


def false_findings(counties: int, count: int, seed: int = 1) -> dict[str, Any]:
    """What is found in honest counties, with and without a day before."""
    told: Counter[str] = Counter()
    nearest = 0.0
    for number in range(counties):
        rng = np.random.default_rng([seed, number])
        now, points, earlier = county(rng, count)
        for before in (earlier, None):
            for one in find(now, points, before):
                told[f"{one.kind} {points[one.point].kind}{'' if before else ' no before'}"] += 1
                nearest = max(nearest, one.bits_left)
    return {"point_days": counties * count * 2, "found": dict(told), "most_bits_left": nearest}


def read(file: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], Point]:
    """A series of the world, its first day taken for day 0; what is written in more than four decimals is noise."""
    rows = list(csv.reader(file.open()))[1:]
    ts = np.array([round(datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() * 1000) for row in rows])
    value = np.array([float(row[1]) for row in rows])
    whole = [np.mean(np.abs(np.rint(value * 10**n) - value * 10**n) < 1e-6 * 10**n) > 0.99 for n in range(4)]
    decimals = whole.index(True) if True in whole else 4
    return ts - ts[0] // DAY * DAY, value, Point(file.parent.name, int(np.median(np.diff(ts))), decimals)


def of_the_world(folder: Path, back: int = 7) -> dict[str, Any]:
    """What is found in them, day by day: with ``back`` days before, with none, and in all days at once."""
    files = sorted(folder.glob("real*/*.csv"))
    series = [read(file) for file in files]
    points = {at + 1: one[2] for at, one in enumerate(series)}

    def part(first: int, last: int) -> Column:
        cut = [(ts >= first * DAY) & (ts < last * DAY) for ts, _value, _point in series]
        ids = np.repeat(np.arange(1, len(series) + 1), [int(one.sum()) for one in cut])
        ts = np.concatenate([one[0][mine] for one, mine in zip(series, cut, strict=True)])
        value = np.concatenate([one[1][mine] for one, mine in zip(series, cut, strict=True)])
        return columns(ids, ts, value, points)

    days = 1 + max(int(ts[-1] // DAY) for ts, _value, _point in series)
    told = [(0, "all", one) for one in find(part(0, days), points)]
    for day in range(days):
        now = part(day, day + 1)
        told += [(day, "before", one) for one in find(now, points, part(day - back, day))]
        told += [(day, "alone", one) for one in find(now, points)]
    found = [[how, day, files[one.point - 1].name, one.en] for day, how, one in told]
    return {"series": len(files), "point_days": sum(len(part(day, day + 1).ids) for day in range(days)), "found": found}


def run(count: int = POINTS, counties: int = 20, seed: int = 1) -> dict[str, Any]:
    """Figures of ``docs/falsified.md``."""
    rng = np.random.default_rng(5)
    small, of, earlier = county(rng, 200)
    find(small, of, earlier)  # compiled
    now, points, _ = county(rng, count)
    begun = time.process_time()
    found = find(now, points)
    seconds = time.process_time() - begun
    return {
        "points": count,
        "readings": len(now.ts),
        "seconds": round(seconds, 1),
        "found_in_it": len(found),
        "honest": false_findings(counties, 2_000, seed),
        "power": {str(sd): power(np.random.default_rng(9), sd) for sd in (3.0, 10.0)},
    }


if __name__ == "__main__":
    world = len(sys.argv) == 2 and not sys.argv[1].isdecimal()
    figures = of_the_world(Path(sys.argv[1])) if world else run(*(int(one) for one in sys.argv[1:]))
    json.dump(figures, sys.stdout, indent=1, ensure_ascii=False)
