"""What the engine costs as points grow from a thousand to a million, in order of point and in no order.

The five kinds of rule of ``bench.engine`` for every point; batches of 10,000 readings, each point once in turn
(``sorted``), or the points of each round shuffled (``random``). ``bytes_per_point``: the engine's arrays; ``rss``: by
how much the process has grown by rule set and engine. ``against_small`` is the rate over that of a thousand points.
Each size in a process of its own. Alone: ``python -m bench.growth [REPEATS [MOST]]``.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import time
from typing import Any

import numpy as np

from bench.kinds import BATCH, START, STEP_MS, columns, resident, ruleset
from shoutu.engine import Engine, warm_up

SIZES = (1_000, 10_000, 100_000, 1_000_000)
KINDS = ("threshold", "rate", "stuck", "implausible", "no_data")
READINGS = 2_000_000


def order(rng: np.random.Generator, points: int, how: str, count: int) -> list[Any]:
    """``count`` batches of ids: whole rounds of all points, cut into batches."""
    size, made = min(BATCH, points), []
    ids = np.arange(1, points + 1, dtype=np.int32)
    while len(made) < count:
        if how == "random":
            rng.shuffle(ids)
        made += [ids[at : at + size].copy() for at in range(0, points, size)]
    return made[:count]


def passed(engine: Engine, seq: int, how: str, points: int, readings: int, begin: int) -> tuple[float, int]:
    """Readings per second of one pass whose times begin at round ``begin``, and the next number."""
    rng, size = np.random.default_rng(7), min(BATCH, points)
    work = [
        columns(rng, ids, START + (begin + at * size // points) * STEP_MS, at * size // points)
        for at, ids in enumerate(order(rng, points, how, readings // size))
    ]
    begun = time.perf_counter()
    for batch in work:
        engine.readings(seq, *batch)
        seq += size
    return len(work) * size / (time.perf_counter() - begun), seq


def _size(points: int, repeats: int, readings: int, out: Any) -> None:
    warm_up()
    before, engine = resident(), Engine()
    engine.switch(0, ruleset(KINDS, points))
    begin = max(points, BATCH) // points
    rates: dict[str, list[float]] = {"sorted": [], "random": []}
    # The first pass touches all memory for the first time, and is not counted.
    _, seq = passed(engine, 1, "sorted", points, max(points, BATCH), 0)
    state = sum(array.nbytes for array in engine._state.arrays)
    found = {"bytes_per_point": round(state / points), "rss_per_point": round((resident() - before) / points)}
    for _ in range(repeats):
        for how in rates:
            rate, seq = passed(engine, seq, how, points, max(readings, points), begin)
            begin += max(readings, points) // points + 1
            rates[how].append(rate)
    out.put({**{f"{how}_per_s": round(statistics.median(those)) for how, those in rates.items()}, **found})


def run(repeats: int = 5, most: int = SIZES[-1], readings: int = READINGS) -> dict[str, Any]:
    """Medians of ``repeats`` passes for each size up to ``most`` points."""
    context, found = multiprocessing.get_context("spawn"), {}
    for points in (size for size in SIZES if size <= most):
        out = context.Queue()
        process = context.Process(target=_size, args=(points, repeats, readings, out))
        process.start()
        found[f"points_{points}"] = out.get(timeout=3_600)
        process.join(60)
        print(f"{points}: {found[f'points_{points}']}", file=sys.stderr, flush=True)
    small = found[f"points_{SIZES[0]}"]
    for figures in found.values():
        for how in ("sorted", "random"):
            figures[f"{how}_against_small"] = round(figures[f"{how}_per_s"] / small[f"{how}_per_s"], 3)
    return found


if __name__ == "__main__":
    json.dump(run(*(int(one) for one in sys.argv[1:])), sys.stdout, indent=1)
