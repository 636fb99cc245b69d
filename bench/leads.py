"""How long before a mine's fault the packs' rules speak, and how often they speak of nothing.

Faults and healthy months are those of ``shoutu.sensing.simulate.faults`` (seed 7); rules are what ``bind`` makes of the
packs as they are shipped with the design values of ``packs/examples``, all of a point together, judged by the engine.
A level counts for a fault when it is reached between onset and truth, or within ``GRACE_MS`` after it (then its lead is
negative); what stood before the onset counts for nothing. A false alarm is an episode of a healthy month's risk rules.
One that begins in a declared blasting window, of an item and below the level the response pack names, and is over with
the window, asks only the mine itself (``asked``); it is counted apart, and once more in ``false_undeclared``, as if
nobody had declared anything. Alone: ``python -m bench.leads [FAULTS [MONTHS]]``.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np
import yaml

from bench.machine import ROOT
from shoutu.engine.packs import bind, load
from shoutu.engine.params import RISKS
from shoutu.engine.trial import Episode, Series, episodes, judged
from shoutu.sensing.simulate.faults import KINDS, MONTH_DAYS, SORTS, Made, Provoked, fault, healthy

SEED, FAULTS, MONTHS = 7, 40, 12
HOUR_MS = 3_600_000
GRACE_MS = HOUR_MS
LEVELS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}


@cache
def rules_of(item: str) -> tuple[dict[str, Any], ...]:
    """The catalog's rules of a point of this item, numbered from 1; ``name`` is the pack's."""
    sort = SORTS[item]
    file = ROOT / "packs" / "warning" / f"{sort.pack}.yaml"
    pack, problems = load(file.read_text("utf-8"), file.name)
    assert pack is not None, problems
    site = yaml.safe_load((ROOT / "packs" / "examples" / sort.pack / "site.yaml").read_text("utf-8"))
    bound = bind(pack, item, site["design"])
    assert not bound.problems, bound.problems
    return tuple(
        {"id": at, "version": 1, "point": 1, "kind": rule.kind, "params": rule.params, "name": rule.rule}
        for at, rule in enumerate(bound.rules, 1)
    )


def told(made: Made, rules: Iterable[Mapping[str, Any]] | None = None) -> list[Episode]:
    """What the risk rules of the point say of a series, taken together; ``rules``: others than the pack's."""
    mine = list(rules_of(made.item) if rules is None else rules)
    point = {"id": 1, "source": 1, "site": 1, "interval_s": SORTS[made.item].interval_s}
    catalog = [{key: value for key, value in rule.items() if key != "name"} for rule in mine]
    series = Series(made.ts, made.ts, made.value, made.quality)
    return episodes(judged(point, catalog, series, int(made.ts[-1]) + 1), [r["id"] for r in mine if r["kind"] in RISKS])


def leads(made: Made, found: Iterable[Episode]) -> dict[int, float]:
    """Hours before the truth each level was first reached since the onset; levels not reached are left out."""
    first: dict[int, int] = {}
    for episode in found:
        for level, at in episode.reached:
            if made.onset <= at <= made.truth + GRACE_MS:
                first[level] = min(at, first.get(level, at))
    return {level: (made.truth - at) / HOUR_MS for level, at in first.items()}


def asked(made: Made, episode: Episode) -> bool:
    """Whether only the mine is asked: within a declared window, over with it, below the level that calls everybody."""
    policy = blasting()
    within = any(start <= episode.start and (episode.end or 2**62) <= end for start, end in made.windows)
    return made.item in policy["items"] and episode.level < LEVELS[policy["call_from"]] and within


@cache
def blasting() -> dict[str, Any]:
    """What the response pack says of blasting windows."""
    policy = yaml.safe_load((ROOT / "packs" / "response" / "default.yaml").read_text("utf-8"))["blasting"]
    return {"items": tuple(policy["items"]), "call_from": str(policy["call_from"])}


def cause(provoked: Iterable[Provoked], at: int) -> str:
    """What was going on when an alarm began: the latest begun, ``nothing`` where nothing was."""
    within = [one for one in provoked if one.start <= at <= one.end]
    return max(within, key=lambda one: one.start).kind if within else "nothing"


def of_kind(kind: str, count: int = FAULTS, seed: int = SEED) -> dict[str, Any]:
    """Over so many faults of a kind: share found at all and before the truth; per level share, median, worst lead."""
    each = [leads(made, told(made)) for made in (fault(kind, seed, number) for number in range(count))]
    best = [max(one.values(), default=None) for one in each]
    levels = {}
    held = {int(level) for rule in rules_of(KINDS[kind]) for level in rule["params"].get("levels", ())}
    for name, level in LEVELS.items():
        if level not in held:
            continue
        reached = [one[level] for one in each if level in one]
        if reached:
            levels[name] = {
                "share": round(len(reached) / count, 3),
                "median_h": round(statistics.median(reached), 3),
                "worst_h": round(min(reached), 3),
            }
    before = [one for one in best if one is not None and one > 0]
    return {
        "item": KINDS[kind], "faults": count,
        "found": round(sum(one is not None for one in best) / count, 3), "in_time": round(len(before) / count, 3),
        "median_h": round(statistics.median([-GRACE_MS / HOUR_MS if one is None else one for one in best]), 3),
        "levels": levels,
    }  # fmt: skip


def of_sort(item: str, months: int = MONTHS, seed: int = SEED, days: float = MONTH_DAYS) -> dict[str, Any]:
    """Over so many healthy months of a sort of point: false alarms a point-month, by level, by what provoked them."""
    causes: Counter[str] = Counter()
    provoked: Counter[str] = Counter()
    levels: Counter[int] = Counter()
    apart = 0
    for number in range(months):
        made = healthy(item, seed, number, days)
        provoked.update(one.kind for one in made.provoked)
        for episode in told(made):
            if asked(made, episode):
                apart += 1
            else:
                causes[cause(made.provoked, episode.start)] += 1
                levels[episode.level] += 1
    point_months = months * days / MONTH_DAYS
    false = sum(causes.values())
    return {
        "point_months": round(point_months, 2), "false": false,
        "false_per_month": round(false / point_months, 3),
        "asked_per_month": round(apart / point_months, 3),
        "false_undeclared_per_month": round((false + apart) / point_months, 3),
        "by_level": {name: levels[level] for name, level in LEVELS.items() if levels[level]},
        "by_cause": dict(sorted(causes.items())), "provocations": dict(sorted(provoked.items())),
    }  # fmt: skip


def run(faults: int = FAULTS, months: int = MONTHS) -> dict[str, Any]:
    """Leads per kind, false alarms per sort, and the worst of both; each kind and each sort in a process of its own."""
    of_kind("fan_stop", 1)  # the kernel is loaded before the processes part
    with ProcessPoolExecutor(len(KINDS) + len(SORTS), get_context("fork")) as pool:
        waiting = {kind: pool.submit(of_kind, kind, faults) for kind in KINDS}
        more = {item: pool.submit(of_sort, item, months) for item in SORTS}
        kinds = {kind: one.result() for kind, one in waiting.items()}
        sorts = {item: one.result() for item, one in more.items()}
    return {
        "seed": SEED, "kinds": kinds, "sorts": sorts,
        "least_found": float(np.min([one["found"] for one in kinds.values()])),
        "most_false_per_month": float(np.max([one["false_per_month"] for one in sorts.values()])),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(*(int(one) for one in sys.argv[1:])), indent=1))
