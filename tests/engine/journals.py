"""Hypothesis strategies for journals as nasty as we can think of, and the ways to run one."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from shoutu.engine import Engine, Options, RuleSet
from shoutu.engine.layout import CATEGORY_NAMES, FLAG_NAMES, KIND_NAMES, NEVER, TYPE_NAMES

from .reference import Reference

BASE = 1_793_500_000_000
POINTS = [
    {"id": i, "source": source, "site": site, "item": "y" if i in (3, 900) else "x", "unit": "m",
     "interval_s": interval, "low": low, "high": high, "danger": danger}
    for i, source, site, interval, low, high, danger in [
        (1, 1, 1, 10, -5, 10, "high"), (2, 1, 1, 10, None, None, None), (3, 1, 1, 20, -5, None, "low"),
        (4, 2, 1, 10, -100, 100, "none"), (5, 2, 2, 10, None, 8, None), (900, 1, 2, None, None, None, "both"),
    ]
]  # fmt: skip
OPTIONS = Options(
    late_merge_s=30, backfill_s=60, calibration_max_s=40, clock_clear_s=30, site_window_s=15, site_masked_after_s=60
)

KINDS = [
    "threshold",
    "threshold",
    "rate",
    "rate",
    "stuck",
    "implausible",
    "accumulation",
    "quota",
    "forecast",
    "anomaly",
]
# A day of this offset begins while the journal runs.
OFFSET = 24 - (BASE + 60_000) % 86_400_000 / 3_600_000
OFFSET = OFFSET if OFFSET <= 14 else OFFSET - 24
seconds = st.sampled_from([0, 0.5, 10, 20, 35, 60])
values = st.one_of(
    st.sampled_from([-6.0, -1.0, 0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 9.0, 11.0]),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, -0.0]),
    st.floats(allow_nan=True, allow_infinity=True),
)


@st.composite
def level_maps(draw: Any, direction: str, scale: float = 1.0) -> dict[str, Any]:
    chosen = sorted(draw(st.sets(st.sampled_from([1, 2, 3, 4]), min_size=1)))
    steps = sorted(draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 6]), min_size=len(chosen), max_size=len(chosen))))
    if direction == "band":
        return {str(k): [-1 - s * scale, 1 + s * scale] for k, s in zip(chosen, steps, strict=True)}
    sign = 1 if direction == "high" else -1
    return {str(k): sign * s * scale + 1 for k, s in zip(chosen, steps, strict=True)}


@st.composite
def rule_params(draw: Any, kind: str) -> dict[str, Any]:
    level = draw(st.sampled_from([1, 2, 4]))
    if kind in ("threshold", "rate"):
        direction = draw(st.sampled_from(["high", "low", "band"]))
        scale = 1.0 if kind == "threshold" else 100.0
        params = {"direction": direction, "levels": draw(level_maps(direction, scale)),
                  "hysteresis": draw(st.sampled_from([0, 0.5, 0.9]))}  # fmt: skip
        if kind == "threshold":
            return {**params, "raise_for_s": draw(seconds), "clear_for_s": draw(seconds)}
        interval = draw(st.sampled_from([1, 10, 15]))
        window = interval * draw(st.sampled_from([1, 3, 5]))
        return {**params, "interval_s": interval, "window_s": window, "min_samples": draw(st.sampled_from([2, 3]))}
    held = {"raise_for_s": draw(seconds), "clear_for_s": draw(seconds), "hysteresis": draw(st.sampled_from([0, 0.5]))}
    if kind in ("accumulation", "quota"):
        positive = {
            k: abs(v) + 0.5 for k, v in sorted(draw(level_maps("high", draw(st.sampled_from([1.0, 5.0])))).items())
        }
        form = draw(st.sampled_from(["sum", "counter", "integral"]))
        if kind == "quota":
            if draw(st.integers(0, 3)) == 0:
                return {**held, "form": "count", "levels": draw(level_maps("high"))}
            period = draw(st.sampled_from(["day", "month", "year"]))
            offset = draw(st.sampled_from([8, 0, -3.5, OFFSET]))
            return {**held, "levels": positive, "form": form, "period": period, "utc_offset_h": offset}
        bucket = draw(st.sampled_from([1, 10, 30]))
        return {
            **held,
            "levels": positive,
            "form": form,
            "bucket_s": bucket,
            "window_s": bucket * draw(st.sampled_from([1, 2.5, 4])),
        }
    if kind == "forecast":
        chosen = sorted(draw(st.sets(st.sampled_from([1, 2, 3, 4]), min_size=1)))
        hours = {str(k): h for k, h in zip(chosen, [1.0, 0.05, 0.02, 0.005], strict=False)}
        inverse = draw(st.booleans())
        interval = draw(st.sampled_from([1, 5, 10]))
        return {
            **held,
            "levels": hours,
            "hysteresis": draw(st.sampled_from([0, 0.1])),
            "interval_s": interval,
            "window_s": interval * draw(st.sampled_from([12, 25])),
            "form": "inverse_velocity" if inverse else "linear",
            "min_samples": draw(st.sampled_from([11, 12] if inverse else [2, 4, 6])),
            "direction": draw(st.sampled_from(["high", "low"])),
            "target": draw(st.sampled_from([0.0, 0.5] if inverse else [0.0, 3.0, 9.0])),
            "confidence": draw(st.sampled_from([0.5, 0.8, 0.95])),
        }
    if kind == "anomaly":
        return {
            **held,
            "levels": draw(st.sampled_from([{"1": 100}, {"2": 300}, {"1": 200, "2": 3000}])),
            "learn_s": draw(st.sampled_from([0, 600])),
            "min_samples": draw(st.sampled_from([50, 60])),
            "utc_offset_h": draw(st.sampled_from([8, OFFSET])),
        }
    if kind == "stuck":
        return {"window_s": draw(st.sampled_from([1, 20, 50])), "tolerance": draw(st.sampled_from([0, 0.5])),
                "min_samples": draw(st.sampled_from([2, 3])), "level": level}  # fmt: skip
    if kind == "implausible":
        count = st.sampled_from([1, 2, 3])
        danger = draw(st.sampled_from([None, "high", "low", "both", "none"]))
        return {"count": draw(count), "clear_count": draw(count), "danger": danger, "level": level}
    return {"after_s": draw(st.sampled_from([10, 30, 31.5, 60])), "level": level}


@st.composite
def rule_dicts(draw: Any) -> list[dict[str, Any]]:
    rules, number = [], 0
    for point in POINTS:
        kinds = draw(st.lists(st.sampled_from(KINDS), max_size=4))
        if draw(st.booleans()):
            kinds += ["no_data", "threshold"]
        for kind in kinds:
            number += 1
            if kind != "implausible" or kinds.index(kind) == kinds[::-1].index(kind) == 0 or kinds.count(kind) == 1:
                params = draw(rule_params(kind))
                rules.append({"id": number, "version": 1, "point": point["id"], "kind": kind, "params": params})
    return rules


@st.composite
def composite_params(draw: Any) -> dict[str, Any]:
    def steps() -> list[dict[str, int]]:
        levels = sorted(draw(st.sets(st.sampled_from([1, 2, 3]), min_size=1)))
        return [{"level": k, "count": draw(st.integers(1, 3)), "to": draw(st.integers(k + 1, 4))} for k in levels]

    items = draw(st.sampled_from([["x"], ["x", "y"], ["y", "x"]]))
    wait = draw(st.sampled_from([0, 10, 30]))
    if draw(st.booleans()):
        step = {"level": draw(st.integers(1, 4)), "count": draw(st.integers(1, 3)), "to": draw(st.integers(1, 4))}
        points = draw(st.sampled_from([[], [], [1, 2, 900]]))
        return {"form": "k_of_n", "items": items, "steps": [step], "points": points, "wait_s": wait}
    params = {"form": "ladder", "items": items, "steps": steps(), "wait_s": wait}
    if draw(st.booleans()):
        return {**params, "counted": "items", "within": draw(st.sampled_from([[], steps()]))}
    return params


@st.composite
def composite_dicts(draw: Any) -> list[dict[str, Any]]:
    return [
        {"id": 500 + k, "version": 1, "site": site, "kind": "composite", "params": draw(composite_params())}
        for k, site in enumerate(draw(st.lists(st.sampled_from([1, 1, 2, 77]), max_size=3)))
    ]


@st.composite
def rule_sets(draw: Any) -> RuleSet:
    return RuleSet.from_catalog([], POINTS, draw(rule_dicts()) + draw(composite_dicts()), OPTIONS)


@st.composite
def changed(draw: Any, rules: RuleSet) -> RuleSet:
    """Another rule set: some rules gone, some with a new version, some as before; a point may be gone."""
    dicts = []
    for rule in rules.rules:
        fate = draw(st.sampled_from(["keep", "keep", "drop", "new", "again"]))
        if fate == "drop":
            continue
        params, version = _plain(rule.params), rule.version + (fate in ("new", "again"))
        if fate == "new":
            params = draw(rule_params(rule.kind))
        dicts.append({"id": rule.id, "version": version, "point": rule.point, "kind": rule.kind, "params": params})
    for spec in rules.composites:
        fate = draw(st.sampled_from(["keep", "keep", "drop", "new"]))
        params, version = (draw(composite_params()), spec.version + 1) if fate == "new" else (_plain(spec.params), 1)
        if fate != "drop":
            version = spec.version if fate == "keep" else version
            dicts.append({"id": spec.id, "version": version, "site": spec.site, "kind": "composite", "params": params})
    points = [p for p in POINTS if draw(st.integers(0, 9)) > 0]
    return RuleSet.from_catalog([], points, dicts, OPTIONS)


def _plain(params: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(params, str_keys=True))


lags = st.sampled_from([0, 0, 0, 1, 500, 5_000, 10_000, 20_000, 61_000, -60_000, -119_999, -120_001, -9_000_000])
absurd = st.one_of(
    st.sampled_from([0, -1, -(2**63), 2**63 - 1, 4_102_444_800_000, -(2**61), 2**61]), st.integers(-(2**63), 2**63 - 1)
)
jumps = st.sampled_from([0, 0, 1, 1_000, 10_000, 20_000, 45_000, 130_000, -15_000, -3_600_000])
IDS = [p["id"] for p in POINTS]


@st.composite
def stretches(draw: Any, clock: int, focus: list[int]) -> list[tuple[Any, ...]]:
    """Readings of one point, one after another, steady or sloping: what holds, slopes and flat lines need."""
    point, step = draw(st.sampled_from(focus)), draw(st.sampled_from([5_000, 10_000, 10_000]))
    start, slope = (
        draw(st.sampled_from([-6.0, -2.0, 0.0, 0.0, 1.6, 2.0, 4.0, 6.5])),
        draw(st.sampled_from([0, 0, 0.3, -0.3, 1.0])),
    )
    bend = draw(st.sampled_from([0, 0, 0, 0.05]))  # faster and faster
    lag = draw(lags) if draw(st.integers(0, 4)) == 0 else 0
    quality = draw(st.sampled_from([1, 2, 3])) if draw(st.integers(0, 6)) == 0 else 0
    count = draw(st.sampled_from([*range(1, 10), 16]))
    return [
        ("reading", point, clock + k * step - lag, clock + k * step, start + k * slope + k * k * bend, quality)
        for k in range(count)
    ]


@st.composite
def journals(draw: Any, switches: bool = True, size: int = 25) -> list[tuple[Any, ...]]:
    """Records ("switch", ruleset) first, then stretches of readings, nasty single readings, ticks and switches."""
    rules = draw(rule_sets())
    records: list[tuple[Any, ...]] = [("switch", rules)]
    clock = BASE
    focus = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=2))
    for _ in range(draw(st.integers(1, size))):
        what = draw(st.integers(0, 19))
        if what < 9:
            records += draw(stretches(clock + 5_000, focus))
            clock = max(clock, records[-1][3])
            continue
        clock += draw(jumps)
        if what < 12:
            pause = draw(st.sampled_from([1_000, 10_000, 25_000]))
            records += [("tick", clock + k * pause) for k in range(draw(st.integers(1, 6)))]
            clock = records[-1][1]
        elif what == 12 and switches:
            rules = draw(changed(rules))
            records.append(("switch", rules))
        else:
            told = draw(absurd) if draw(st.integers(0, 19)) == 0 else clock - draw(lags)
            received = draw(absurd) if draw(st.integers(0, 49)) == 0 else clock
            point = draw(st.sampled_from(IDS + focus * 3 + [0, -1, 77, 2**31 - 1]))
            quality = draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 3, 9]))
            records.append(("reading", point, told, received, draw(values), quality))
    return records


def run_reference(journal: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    reference = Reference()
    for seq, (what, *rest) in enumerate(journal):
        if what == "reading":
            reference.reading(seq, *rest)
        elif what == "tick":
            reference.tick(seq, *rest)
        else:
            reference.switch(*rest)
    return comparable(sorted(reference.signals, key=lambda s: (s["seq"], s["rule"], s["site"], s["ordinal"])))


def run_engine(
    journal: list[Any],
    cuts: Collection[int] = (),
    restarts: Collection[int] = (),
    numbers: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """Readings between switches and ticks in batches cut at ``cuts``; a restart from a checkpoint at ``restarts``.

    ``numbers``: those of the records, where they are not their places.
    """
    engine, found, pending = Engine(), [], []
    own = np.array(range(len(journal)) if numbers is None else numbers, np.int64)
    for seq, (what, *rest) in enumerate([*journal, ("end",)]):
        if pending and (what != "reading" or seq in cuts or seq in restarts):
            columns = [
                np.array(c, t) for c, t in zip(zip(*pending, strict=True), ("i4", "i8", "i8", "f8", "u1"), strict=True)
            ]
            first = seq - len(pending)
            found.append(engine.readings(first if numbers is None else own[first:seq], *columns))
            pending = []
        if seq in restarts:
            engine = Engine.restore(engine.snapshot())
        if what == "reading":
            pending.append(rest)
        elif what == "tick":
            found.append(engine.tick(int(own[seq]), *rest))
        elif what == "switch":
            engine.switch(int(own[seq]), *rest)
    return comparable([as_dict(signal) for signals in found for signal in signals])


def as_dict(signal: Any) -> dict[str, Any]:
    """A signal record in the reference's words."""
    plain = {name: signal[name].item() for name in signal.dtype.names if name != "_pad"}
    plain["flags"] = frozenset(name for bit, name in FLAG_NAMES.items() if plain["flags"] & bit)
    plain["kind"], plain["category"] = KIND_NAMES[plain["kind"]], CATEGORY_NAMES[plain["category"]]
    plain["type"] = TYPE_NAMES[plain["type"]]
    plain["from"], plain["to"] = plain.pop("level_from"), plain.pop("level_to")
    plain["window_start"] = None if plain["window_start"] == NEVER else plain["window_start"]
    return plain


def comparable(signals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """NaN equals NaN here."""
    return [{k: "nan" if isinstance(v, float) and math.isnan(v) else v for k, v in s.items()} for s in signals]
