"""What a rule would have been worth against what really happened, and what it would be with its thresholds moved.

The pipeline's engine judges the readings it keeps by every variant in one walk. Events are those given, or else the
warnings of the point that were verified as real. Nothing live is touched, and nothing is changed: what is chosen goes
the way of every change of a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.sites import asking, hooks
from shoutu.county.sites.learning import KIND, learning_s
from shoutu.county.sites.models import Rule
from shoutu.county.sites.selectors import limits, moment
from shoutu.county.sites.services.publishing import point_payload
from shoutu.engine.backtest import FACTORS, scaled
from shoutu.engine.params import RISKS, ParamError

LEARNING_FACTORS = tuple(factor for factor in FACTORS if round(factor * 100) % 25 == 0)
"""Of a kind that learns anew for each variant, which takes longer."""
BEFORE = timedelta(hours=72)
ORANGE = 3
Given = Sequence[tuple[int, int, str]]
LONGEST = timedelta(days=3 * 366)
TIMES = {"first": "first", "last": "last", "until": "next"}


class Asked(NamedTuple):
    """A period, what really happened in it (UTC ms; None: warnings verified real) and how long before it counts."""

    start: datetime
    end: datetime
    events: Given | None
    before: timedelta


def backtest(
    actor: Actor, rule: Rule, start: datetime, end: datetime, events: Given | None = None, before: timedelta = BEFORE,
    *, swept: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """The rule in force (``now``) and with all its thresholds moved (``sweep``, by ``factor``), over ``start``…``end``.

    Not ``swept``: only in force.

    ``events``: (start, end, name), UTC ms; None: the point's orange and red warnings verified as real, from when they
    began.
    Raises Invalid for a composite, a rule that tells of no danger and what the pipeline cannot reckon; Unavailable.
    """
    if rule.point is None or rule.kind not in RISKS:
        raise Invalid("rule", _("单个测点的风险规则"))
    if start >= end:
        raise Invalid("start", _("早于结束时间"))
    if any(one[1] < one[0] for one in events or ()):
        raise Invalid("events", _("结束不早于开始"))
    params = dict(rule.versions.get(number=rule.version).params)
    known = events if events is not None else verified(actor, rule, start, end)
    factors, variants = sweep(rule.kind, params) if swept else ([], [])
    learn = learning_s(params, rule.interval_s) if rule.kind == KIND else 0
    told = asking.backtest(
        {
            "point": point_payload(rule.point),
            "kind": rule.kind,
            "variants": [params, *variants],
            "events": [list(event) for event in known],
            "start": _ms(start),
            "end": _ms(end),
            "before_ms": round(before.total_seconds() * 1000),
            "lead_ms": round(1000 * max(86_400, learn)),
        }
    )
    return laid_out(told, params, factors, variants, of_warnings=events is None)


def laid_out(
    told: Mapping[str, Any],
    params: Mapping[str, Any],
    factors: Sequence[float],
    variants: Sequence[Mapping[str, Any]],
    *,
    of_warnings: bool,
) -> dict[str, Any]:
    """An answer of ``sensing.backtest`` with what was asked beside it. ``of_warnings``: events are warnings of ours."""
    (now, *rest), (drawn, *others) = told["variants"], told["drawn"]
    held = sorted(int(level) for level in params["levels"])
    return {
        **{key: told[key] for key in ("n", "first", "last", "events", "read", "stretches")},
        "next": told.get("next"),
        "of_warnings": of_warnings,
        "levels": held,
        "now": {"factor": 1.0, "params": params, "at": now, "drawn": drawn},
        "sweep": [
            {"factor": factor, "params": variant, "at": one, "drawn": where}
            for factor, variant, one, where in zip(factors, variants, rest, others, strict=True)
        ],
    }  # fmt: skip


def sweep(kind: str, params: Mapping[str, Any]) -> tuple[list[float], list[dict[str, Any]]]:
    """The factors by which this rule's thresholds can be moved, and its parameters at each."""
    found = []
    for factor in LEARNING_FACTORS if kind == KIND else FACTORS:
        try:
            found.append((factor, scaled(kind, params, factor)))
        except ParamError:
            continue
    return [factor for factor, _variant in found], [variant for _factor, variant in found]


def verified(actor: Actor, rule: Rule, start: datetime, end: datetime) -> list[tuple[int, int, str]]:
    """The point's orange and red warnings of the time that were found to be real, as far as the actor sees them."""
    assert rule.point is not None
    return [
        (_ms(one["started_at"]), _ms(one["ended_at"] or end), one["number"])
        for one in hooks.during(actor, rule.point.pk, start, end)
        if one["result"] == "real" and one["level"] >= ORANGE
    ]


def shown(actor: Actor, rule: Rule, asked: Asked) -> dict[str, Any]:
    """``backtest`` for the face: times as times, levels in rows, events with the warnings they are."""
    if asked.end - asked.start > LONGEST:
        raise Invalid("start", _("一次最多回测 %(days)s 天") % {"days": LONGEST.days})
    told = backtest(actor, rule, asked.start, asked.end, asked.events, asked.before)
    numbers = {}
    if told["of_warnings"] and rule.point is not None:
        numbers = {one["number"]: one["id"] for one in hooks.during(actor, rule.point.pk, asked.start, asked.end)}
    return {
        "start": asked.start,
        "end": asked.end,
        "before_h": asked.before.total_seconds() / 3600,
        "readings": told["n"],
        **{name: None if told[key] is None else moment(told[key]) for name, key in TIMES.items()},
        "of_warnings": told["of_warnings"],
        "events": [
            {"start": moment(start), "end": moment(end), "name": name, "warning": numbers.get(name), "read": read}
            for (start, end, name), read in zip(told["events"], told["read"], strict=True)
        ],
        "now": _row(rule.kind, told["levels"], told["now"]),
        "sweep": [_row(rule.kind, told["levels"], row) for row in told["sweep"]],
    }


def _row(kind: str, levels: Sequence[int], row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "factor": row["factor"],
        "params": row["params"],
        "levels": limits(row["params"], kind),
        "at": [{"level": level, **row["at"][str(level)]} for level in reversed(levels)],
        "stood": [
            {"level": level, "start": moment(start), "end": None if end is None else moment(end)}
            for level in levels
            for start, end in row["drawn"][str(level)]
        ],
    }


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
