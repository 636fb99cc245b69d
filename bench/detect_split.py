"""What the detector of the unlike is worth on files its setting was not chosen by, and how it does folder by folder.

Alarm level and pause are chosen from a grid by the score of one part of the files and scored on the other: every other
file of each folder, both ways; each folder by all others; and random halves. What the engine has in force is scored on
the same parts beside it. This tells what choosing these two is worth. It does not tell what choosing features, memories
and widths was worth: they were sought with some of these files in view (docs/detector.md).
"""

from __future__ import annotations

import csv
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shoutu.engine import anomaly

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (local time)
TARGETS = (0.0001, 0.0002, 0.0003, 0.0005, 0.0008, 0.0012)
PAUSES = (35, 70, 140, 280)
IN_FORCE = (anomaly.TARGET, anomaly.REFRACTORY)
HALVES = 500


class Part(NamedTuple):
    """What a file adds to the benchmark's score: gain over saying nothing, and the most there is to gain."""

    gain: float
    most: float
    false: int


Scored = dict[str, dict[tuple[float, int], Part]]
"""By file, by setting."""


def measured(scorer: Any, data: Path, labels: Any) -> dict[str, Any]:
    """``folders``: score and false rows at the setting in force. ``split``: see the module; scores of 100."""
    found = {name: _by_setting(scorer, data / name, name, labels[name]) for name in sorted(labels)}
    folders: dict[str, list[str]] = defaultdict(list)
    for name in found:
        folders[name.split("/")[0]].append(name)
    by_folder = {
        folder: {"score": score(found, names, IN_FORCE), "false": sum(found[name][IN_FORCE].false for name in names)}
        for folder, names in folders.items()
    }
    return {"folders": by_folder, "split": _split(found, folders)}


def _by_setting(scorer: Any, file: Path, name: str, windows: Any) -> dict[tuple[float, int], Part]:
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    stamps = [row["timestamp"] for row in rows]
    ts = np.array([round((datetime.fromisoformat(one) - EPOCH).total_seconds() * 1000) for one in stamps], np.int64)
    values = np.array([float(row["value"]) for row in rows])
    spans = [(a.split(".")[0], b.split(".")[0]) for a, b in windows]
    made = {}
    for target in TARGETS:
        for pause in PAUSES:
            alarms = anomaly.scores(ts, values, target, pause) >= 1 - target
            made[target, pause] = part(scorer, scorer.points(name, stamps, alarms.astype(float).tolist(), spans))
    return made


def part(scorer: Any, rows: Iterable[tuple[float, float, str | None]]) -> Part:
    """One file's rows (alarm 1 or 0, gain, window) as the benchmark counts them: of a window the best alarm alone."""
    best: dict[str, float] = {}
    total, false = 0.0, 0
    for alarm, gain, window in rows:
        if window is not None:
            best[window] = max(best.get(window, -scorer.FN), gain if alarm else -scorer.FN)
        elif alarm:
            total, false = total + gain, false + 1
    return Part(total + sum(best.values()) + scorer.FN * len(best), (scorer.TP + scorer.FN) * len(best), false)


def score(found: Scored, names: Iterable[str], setting: tuple[float, int]) -> float | None:
    """Of these files together, 0 for saying nothing, below it for less than nothing; None where nothing is to gain."""
    parts = [found[name][setting] for name in names]
    most = sum(one.most for one in parts)
    return round(100 * sum(one.gain for one in parts) / most, 2) if most else None


def chosen(found: Scored, names: list[str]) -> tuple[float, int]:
    """The setting of the grid that does best on these files; the first of equals."""
    return max(found[names[0]], key=lambda setting: sum(found[name][setting].gain for name in names))


def _held_out(found: Scored, pairs: Iterable[tuple[list[str], list[str]]]) -> float:
    """Chosen on the first of each pair, scored on the second; all the second ones together."""
    gain = most = 0.0
    for known, kept in pairs:
        setting = chosen(found, known)
        gain += sum(found[name][setting].gain for name in kept)
        most += sum(found[name][setting].most for name in kept)
    return round(100 * gain / most, 2) if most else 0.0


def _split(found: Scored, folders: dict[str, list[str]]) -> dict[str, Any]:
    names = list(found)
    even = [name for mine in folders.values() for name in mine[0::2]]
    odd = [name for name in names if name not in even]
    ways = {"even_to_odd": (even, odd), "odd_to_even": (odd, even)}
    rng = random.Random(1)
    halves, in_force = [], []
    for _ in range(HALVES):
        drawn = rng.sample(names, len(names) // 2)
        rest = [name for name in names if name not in drawn]
        if any(found[name][IN_FORCE].most for name in rest) and drawn:
            halves.append(_held_out(found, [(drawn, rest)]))
            in_force.append(score(found, rest, IN_FORCE) or 0.0)
    by_folder = [([name for name in names if name not in mine], mine) for mine in folders.values()]
    spread = sorted(halves)
    return {
        **{
            way: {
                "chosen": list(chosen(found, known)), "on_known": score(found, known, chosen(found, known)),
                "on_kept": score(found, kept, chosen(found, known)), "in_force_on_kept": score(found, kept, IN_FORCE),
            }
            for way, (known, kept) in ways.items() if known
        },
        "both_ways": _held_out(found, [pair for pair in ways.values() if pair[0]]),
        "each_folder_by_the_others": _held_out(found, [pair for pair in by_folder if pair[0]]),
        "random_halves": {
            "median": round(statistics.median(spread), 2), "p05": spread[len(spread) // 20],
            "p95": spread[-1 - len(spread) // 20], "in_force": round(statistics.median(in_force), 2),
        } if spread else None,
    }  # fmt: skip
