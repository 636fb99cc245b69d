"""A pack's rules for one point, with the site's own design values put in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from ..params import ParamError, parse
from .check import composed
from .expressions import ExpressionError, evaluate, names
from .model import Binding, BoundRule, Indicator, Missing, Pack, Parameter, Rule, Wrong


class Lacking(Exception):
    """Values are missing: their parameters' ids."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(", ".join(ids))
        self.ids = ids


def bind(pack: Pack, indicator_id: str, site_params: dict[str, Any]) -> Binding:
    """Rules, missing values and senseless values for a point of an indicator. Raises KeyError for the indicator."""
    indicator = pack.indicator(indicator_id)
    parameters = {parameter.id: parameter for parameter in pack.parameters}
    rules: list[BoundRule] = []
    missing: list[Missing] = []
    problems: list[Wrong] = []
    for rule in pack.rules:
        if rule.indicator != indicator_id or rule.kind == "composite":
            continue
        params: Any = None
        try:
            params = _params(rule, parameters, site_params, missing)
            if params is not None:
                parse(rule.kind, params)
                rules.append(_bound(pack, indicator, rule, params))
        except ParamError as error:
            if error.field.startswith("params.levels") and len(params["levels"]) > 1:
                # Values that contradict each other are said so; the highest level is watched all the same.
                top = max(params["levels"])
                rules.append(_bound(pack, indicator, rule, {**params, "levels": {top: params["levels"][top]}}))
            zh = f"{rule.title.zh}：现场参数代入后不成立（{error.zh}），核对设计值"
            problems.append(Wrong(rule=rule.id, zh=zh, en=f"site values make no rule: {error}"))
        except ExpressionError as error:
            problems.append(
                Wrong(rule=rule.id, zh=f"{rule.title.zh}：无法计算（{error}）", en=f"not computable: {error}")
            )
    return Binding(rules=tuple(rules), missing=tuple(missing), problems=tuple(problems))


def bind_site(pack: Pack, present: Collection[str]) -> tuple[BoundRule, ...]:
    """The composites of a site where these items are measured: of an item that is there, across items if two are."""
    titles = {indicator.id: indicator.title for indicator in pack.indicators}
    found = []
    for rule in pack.rules:
        if rule.kind != "composite":
            continue
        params = composed(rule)
        if sum(item in present for item in params["items"]) >= min(2, len(params["items"])):
            title = titles[params["items"][0]] if len(params["items"]) == 1 else rule.title
            found.append(BoundRule(
                rule=rule.id, kind=rule.kind, params=params, title=title, unit="", decimals=0, sentence=rule.sentence,
                cite=rule.cite or pack.cite, verified=rule.verified, pack=pack.pack, pack_version=pack.version,
            ))  # fmt: skip
    return tuple(found)


def value_of(pack: Pack, parameter_id: str, site_params: dict[str, Any]) -> float | None:
    """A design value as the rules take it: the site's own, looked up, derived or by default; None when lacking.

    Raises KeyError for an unknown parameter, ExpressionError for a value that is no number.
    """
    parameters = {parameter.id: parameter for parameter in pack.parameters}
    try:
        return _parameter(parameters[parameter_id], parameters, site_params)
    except Lacking:
        return None


def _bound(pack: Pack, indicator: Indicator, rule: Rule, params: dict[str, Any]) -> BoundRule:
    return BoundRule(
        rule=rule.id, kind=rule.kind, params=params, title=indicator.title, unit=unit_of(indicator.unit, params),
        decimals=indicator.decimals, sentence=rule.sentence, cite=rule.cite or pack.cite, verified=rule.verified,
        pack=pack.pack, pack_version=pack.version,
    )  # fmt: skip


def unit_of(unit: str, params: Mapping[str, Any]) -> str:
    """In what a rule tells its figures: the sum of a rate per hour has lost the hour."""
    if params.get("form") != "integral":
        return unit
    return unit.removesuffix("/h") if unit.endswith("/h") else f"{unit}·h"


def _params(
    rule: Rule, parameters: dict[str, Parameter], site: dict[str, Any], missing: list[Missing]
) -> dict[str, Any] | None:
    """The rule's parameters as numbers, without the levels that lack a value; None when nothing is left to watch."""
    result: dict[str, Any] = {}
    whole = True
    for name, value in rule.params.items():
        if name != "levels":
            try:
                result[name] = _value(value, parameters, site)
            except Lacking as lack:
                missing += [_missing(parameters[id], rule, None) for id in lack.ids]
                whole = False
            continue
        levels = {}
        for level, bound in value.items():
            try:
                levels[level] = _value(bound, parameters, site)
            except Lacking as lack:
                missing += [_missing(parameters[id], rule, int(level)) for id in lack.ids]
        result["levels"] = levels
        whole = whole and bool(levels)
    return result if whole else None


def _missing(parameter: Parameter, rule: Rule, level: int | None) -> Missing:
    return Missing(
        parameter=parameter.id, title=parameter.title, unit=parameter.unit, optional=parameter.optional,
        rule=rule.id, level=level,
    )  # fmt: skip


def _value(value: Any, parameters: dict[str, Parameter], site: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_value(part, parameters, site) for part in value]
    if not isinstance(value, str) or not value.startswith("="):
        return value
    return evaluate_for(value[1:], parameters, site)


def evaluate_for(text: str, parameters: dict[str, Parameter], site: dict[str, Any]) -> float:
    values, lacking = {}, []
    for name in names(text):
        try:
            values[name] = _parameter(parameters[name], parameters, site)
        except Lacking as lack:
            lacking += lack.ids
    if lacking:
        raise Lacking(list(dict.fromkeys(lacking)))
    return evaluate(text, values)


def _parameter(parameter: Parameter, parameters: dict[str, Parameter], site: dict[str, Any]) -> float:
    """A site's value of a parameter: its own, else looked up, else derived. The pack was checked to have no cycle."""
    own = site.get(parameter.id)
    if own is not None:
        return _number(parameter, own)
    if parameter.table is not None:
        key = _parameter(parameters[parameter.table.by], parameters, site)
        row = f"{key:g}"
        if row not in parameter.table.values:
            rows = ", ".join(parameter.table.values)
            raise ExpressionError(f"{parameter.table.by} = {row}: not one of {rows}")
        return parameter.table.values[row]
    if parameter.derived is not None:
        return evaluate_for(parameter.derived, parameters, site)
    if parameter.default is not None:
        return parameter.default
    raise Lacking([parameter.id])


def _number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ExpressionError(f"{parameter.id} = {value!r}: a finite number in {parameter.unit} was expected")
    return float(value)
