"""Limits of law: what no pack may put off unseen. Rules of a pack are compared with them and, if weaker, tightened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from .bind import Lacking, evaluate_for
from .check import NESTED, check_names, check_parameters, read_items, read_struct
from .expressions import ExpressionError
from .model import BoundRule, Pack, Parameter, Text
from .source import Problem, Source


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator must have reached ``level`` (or one above) once it is at ``value``.

    ``value``: a number in ``unit``, or a text beginning with = that computes it from design values. ``period``: not the
    reading, but what has come together since the month or the year began.
    """

    id: str
    indicator: str
    title: Text
    unit: str
    direction: Literal["high", "low"]
    value: float | str
    cite: str
    level: int = 1
    period: Literal["day", "month", "year"] | None = None
    verified: bool = False
    note: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one file. A parameter with a table is looked up; a site cannot put its own value in its place."""

    limits: str
    title: Text
    version: int
    cite: str
    note: str = ""
    parameters: tuple[Parameter, ...] = ()
    items: tuple[Limit, ...] = ()


class Weak(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of law a pack's rules reach later than the law says, or never (``rule`` None: nothing judges it)."""

    limit: Limit
    value: float
    rule: str | None


NESTED.update({Limit: {"title": Text}, Limits: {"title": Text}})


def load_limits(text: str, file: str = "limits.yaml") -> tuple[Limits | None, list[Problem]]:
    """Limits from YAML text, or None with the problems found. Pure."""
    source = Source(text, file)
    value = source.value
    if source.problems or not isinstance(value, dict):
        if not source.problems:
            source.add((), "shape", "文件应是键值对", "a mapping of fields was expected")
        return None, source.problems
    parameters = read_items(source, value, "parameters", Parameter)
    items = read_items(source, value, "items", Limit)
    head = read_struct(source, {k: v for k, v in value.items() if k not in ("parameters", "items")}, (), Limits)
    check_parameters(source, parameters)
    known = [parameter.id for parameter in parameters if parameter]
    for at, item in enumerate(items):
        if item is not None and isinstance(item.value, str):
            check_names(source, ("items", at, "value"), item.value.removeprefix("="), known)
    if head is None or source.problems:
        return None, sorted(source.problems, key=lambda problem: problem.line)
    return msgspec.structs.replace(
        head, parameters=tuple(p for p in parameters if p), items=tuple(i for i in items if i)
    ), []


def value_of_limit(limits: Limits, limit: Limit, site_params: dict[str, Any]) -> float | None:
    """The limit's value for a site; None when a design value it is computed from is lacking or makes no sense."""
    if not isinstance(limit.value, str):
        return float(limit.value)
    parameters = {parameter.id: parameter for parameter in limits.parameters}
    own = {p.id: site_params[p.id] for p in limits.parameters if p.table is None and p.id in site_params}
    try:
        return evaluate_for(limit.value.removeprefix("="), parameters, own)
    except (Lacking, ExpressionError):
        return None


def weakened(
    pack: Pack, indicator: str, rules: Iterable[BoundRule], limits: Limits, site_params: dict[str, Any]
) -> list[Weak]:
    """The limits of law of this indicator that the rules bound for it do not keep; empty when all are kept."""
    rules, found = list(rules), []
    for limit in limits.items:
        judged = [rule for rule in rules if _judges(rule, limit)]
        value = value_of_limit(limits, limit, site_params) if limit.indicator == indicator else None
        if value is None or any(_keeps(rule.params, limit, value) for rule in judged):
            continue
        near = next((rule.rule for rule in judged if _side(rule.params) in (limit.direction, "band")), None)
        found.append(Weak(limit=limit, value=value, rule=near))
    return found


def _judges(rule: BoundRule, limit: Limit) -> bool:
    """Whether what the limit is of is what the rule holds against its levels: the reading, or a period's sum."""
    if rule.kind == "quota":
        return rule.params.get("period") == limit.period
    return rule.kind == "threshold" and limit.period is None


def tightened(params: dict[str, Any], weak: Weak) -> dict[str, Any]:
    """The parameters of a threshold or quota rule with the limit of law put in; levels then too late go."""
    levels = dict(params["levels"])
    level = min((int(key) for key in levels if int(key) >= weak.limit.level), default=weak.limit.level)
    high = weak.limit.direction == "high"
    bound = levels.get(str(level), levels.get(level))
    new: Any = weak.value
    if _side(params) == "band":
        low_, high_ = bound if bound is not None else next(iter(levels.values()))
        new = [low_, weak.value] if high else [weak.value, high_]
    kept = {
        key: value
        for key, value in levels.items()
        if int(key) > level or (int(key) < level and _before(_at(value, high), weak.value, high))
    }
    return {**params, "levels": dict(sorted({**{str(k): v for k, v in kept.items()}, str(level): new}.items()))}


def _side(params: dict[str, Any]) -> str:
    return str(params.get("direction", "high"))


def _at(bound: Any, high: bool) -> float:
    return float(bound[1 if high else 0]) if isinstance(bound, list | tuple) else float(bound)


def _before(bound: float, value: float, high: bool) -> bool:
    return bound <= value if high else bound >= value


def _keeps(params: dict[str, Any], limit: Limit, value: float) -> bool:
    if _side(params) not in (limit.direction, "band"):
        return False
    high = limit.direction == "high"
    levels = params.get("levels", {})
    return any(int(key) >= limit.level and _before(_at(bound, high), value, high) for key, bound in levels.items())
