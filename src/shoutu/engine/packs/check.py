"""Reads a rule pack: text in, pack and problems out. A pack with problems is no pack; each problem is named."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar, get_type_hints

import msgspec

from ..params import KINDS, ParamError, parse
from .explain import PLACEHOLDERS
from .expressions import ExpressionError, names
from .model import Indicator, Pack, Parameter, Requirement, Rule, Table, Text
from .source import Path, Problem, Source

T = TypeVar("T", bound=msgspec.Struct)
NESTED: dict[type, dict[str, type]] = {
    Parameter: {"title": Text, "table": Table},
    Indicator: {"title": Text},
    Rule: {"title": Text, "sentence": Text},
    Requirement: {"title": Text},
    Pack: {"title": Text},
}
SECTIONS = ("parameters", "required", "indicators", "rules")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def load(text: str, file: str = "pack.yaml") -> tuple[Pack | None, list[Problem]]:
    """A pack from YAML text, or None with the problems found. Pure: reads no file; ``file`` only names it."""
    source = Source(text, file)
    if source.problems:
        return None, source.problems
    value = source.value
    if not isinstance(value, dict):
        source.add((), "shape", "规则包应是键值对", "a pack is a mapping of fields")
        return None, source.problems
    parameters = read_items(source, value, "parameters", Parameter)
    indicators = read_items(source, value, "indicators", Indicator)
    rules = read_items(source, value, "rules", Rule)
    required = read_items(source, value, "required", Requirement)
    head = {key: part for key, part in value.items() if key not in SECTIONS}
    pack = read_struct(source, head, (), Pack)
    check_parameters(source, parameters)
    _check_rules(source, rules, indicators, parameters)
    _check_required(source, required, indicators, parameters)
    if pack is None or source.problems:
        return None, sorted(source.problems, key=lambda problem: problem.line)
    return msgspec.structs.replace(
        pack,
        parameters=tuple(p for p in parameters if p), indicators=tuple(i for i in indicators if i),
        rules=tuple(r for r in rules if r), required=tuple(r for r in required if r),
    ), []  # fmt: skip


def read_items(source: Source, value: dict[str, Any], section: str, kind: type[T]) -> list[T | None]:
    """The entries of a section, None where one is wrong, so that places keep their numbers."""
    entries = value.get(section) or []
    if not isinstance(entries, list):
        source.add((section,), "shape", f"{section} 应是列表", f"{section} must be a list")
        return []
    found: list[T | None] = []
    seen: set[Any] = set()
    for at, entry in enumerate(entries):
        place: Path = (section, at)
        if not isinstance(entry, dict):
            source.add(place, "shape", "此项应是键值对", "an entry is a mapping of fields")
            continue
        item = read_struct(source, entry, place, kind)
        id = entry.get("id")
        if isinstance(id, str) and id in seen:
            source.add((*place, "id"), "repeated", f"编号 {id} 重复", f"id {id} is used twice")
        seen.add(id if isinstance(id, str) else None)
        found.append(item)
    return found


def read_struct(source: Source, entry: dict[str, Any], place: Path, kind: type[T]) -> T | None:
    """One struct; unknown fields, missing fields and wrong types each a problem of their own."""
    before = len(source.problems)
    known = _known(source, entry, place, kind)
    for field, inner in NESTED.get(kind, {}).items():
        if isinstance(known.get(field), dict):
            known[field] = _known(source, known[field], (*place, field), inner)
        elif isinstance(known.get(field), str) and inner is Text:
            known[field] = {"zh": known[field]}
    for info in msgspec.structs.fields(kind):
        if info.required and known.get(info.name) in (None, ""):
            source.add(
                (*place, info.name), "missing",
                f"缺少 {info.name}" + ("（单位；无量纲写 \"1\"）" if info.name == "unit" else ""),
                f"{info.name} is missing" + (' (write "1" when there is none)' if info.name == "unit" else ""),
            )  # fmt: skip
    if len(source.problems) > before:
        return None
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError as error:
        where = re.findall(r"\w+", str(error).rsplit("`$", 1)[-1]) if "`$" in str(error) else []
        source.add((*place, *where), "type", f"取值不对：{error}", str(error))
        return None


def _known(source: Source, entry: dict[str, Any], place: Path, kind: type) -> dict[str, Any]:
    fields = [name for name in get_type_hints(kind) if not name.startswith("__")]
    for name in entry:
        if name not in fields:
            _unknown(source, (*place, name), "字段", "field", name, fields)
    return {name: value for name, value in entry.items() if name in fields}


def _unknown(source: Source, place: Path, zh: str, en: str, name: str, known: list[str]) -> None:
    close = difflib.get_close_matches(name, known, 1)
    hint_zh = f"，是否想写 {close[0]}？" if close else f"，可用的有 {'、'.join(known)}"
    hint_en = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
    source.add(place, "unknown", f"没有名为 {name} 的{zh}{hint_zh}", f"no {en} is called {name}{hint_en}")


def check_parameters(source: Source, parameters: list[Parameter | None]) -> None:
    known = [parameter.id for parameter in parameters if parameter]
    needs: dict[str, list[str]] = {}
    for at, parameter in enumerate(parameters):
        if parameter is None:
            continue
        place: Path = ("parameters", at)
        if not NAME.match(parameter.id):
            source.add((*place, "id"), "name", "编号只用字母、数字和下划线", "an id is letters, digits and underscores")
        if parameter.derived is not None and parameter.table is not None:
            source.add(place, "both", "derived 与 table 只能写一个", "give derived or table, not both")
        needs[parameter.id] = []
        if parameter.derived is not None:
            needs[parameter.id] = check_names(source, (*place, "derived"), parameter.derived, known)
        elif parameter.table is not None:
            needs[parameter.id] = [parameter.table.by]
            if parameter.table.by not in known:
                _unknown(source, (*place, "table", "by"), "参数", "parameter", parameter.table.by, known)
    for at, parameter in enumerate(parameters):
        if parameter and (cycle := _cycle(parameter.id, needs)):
            way = " → ".join(cycle)
            source.add(
                ("parameters", at, "derived"), "cycle", f"参数互相推导成环：{way}", f"derived in a circle: {way}"
            )


def _cycle(start: str, needs: dict[str, list[str]]) -> list[str] | None:
    """The circle through ``start``, told once: from its first member in order of the alphabet."""
    ways, done = [[start]], set()
    while ways:
        way = ways.pop()
        for name in needs.get(way[-1], []):
            if name == start:
                return [*way, start] if start == min(way) else None
            if name not in done:
                done.add(name)
                ways.append([*way, name])
    return None


def check_names(source: Source, place: Path, text: str, known: list[str]) -> list[str]:
    try:
        found = names(text)
    except ExpressionError as error:
        source.add(place, "expression", f"算式不对：{error}", str(error))
        return []
    for name in found:
        if name not in known:
            _unknown(source, place, "参数", "parameter", name, known)
    return [name for name in found if name in known]


def _check_rules(
    source: Source, rules: list[Rule | None], indicators: list[Indicator | None], parameters: list[Parameter | None]
) -> None:
    known = [parameter.id for parameter in parameters if parameter]
    items = [indicator.id for indicator in indicators if indicator]
    for at, rule in enumerate(rules):
        if rule is None:
            continue
        place: Path = ("rules", at)
        if rule.kind == "composite":
            for item in rule.params.get("items") or [rule.indicator]:
                if item not in items:
                    _unknown(source, (*place, "params", "items"), "指标", "indicator", str(item), items)
        elif rule.indicator not in items:
            _unknown(source, (*place, "indicator"), "指标", "indicator", rule.indicator, items)
        if rule.kind not in KINDS:
            _unknown(source, (*place, "kind"), "规则类型", "rule kind", rule.kind, list(KINDS))
        else:
            _check_params(source, place, rule, known)
        for lang in ("zh", "en"):
            for name in re.findall(r"\{(\w*)\}", getattr(rule.sentence, lang, "")):
                if name not in PLACEHOLDERS:
                    _unknown(source, (*place, "sentence", lang), "占位符", "placeholder", name, list(PLACEHOLDERS))


def _check_required(
    source: Source,
    required: list[Requirement | None],
    indicators: list[Indicator | None],
    parameters: list[Parameter | None],
) -> None:
    known = [parameter.id for parameter in parameters if parameter]
    items = [indicator.id for indicator in indicators if indicator]
    for at, want in enumerate(required):
        if want is None:
            continue
        place: Path = ("required", at)
        for item in want.indicators:
            if item not in items:
                _unknown(source, (*place, "indicators"), "指标", "indicator", item, items)
        named = [*(condition.parameter for condition in want.when), *([want.declared] if want.declared else [])]
        for name in named:
            if name not in known:
                _unknown(source, (*place, "when"), "参数", "parameter", name, known)
        if not want.indicators and not want.declared:
            source.add(
                place, "missing", "indicators 与 declared 至少写一个", "give indicators or declared, at least one"
            )


def composed(rule: Rule) -> dict[str, Any]:
    """A composite's parameters with its items: those it names, else the one it stands at."""
    return {"items": [rule.indicator] if rule.indicator else [], **rule.params}


def _check_params(source: Source, place: Path, rule: Rule, known: list[str]) -> None:
    fields = list(KINDS[rule.kind].__struct_fields__)
    unknown = [name for name in rule.params if name not in fields]
    for name in unknown:
        _unknown(source, (*place, "params", name), "规则参数", "rule parameter", name, fields)
    computed = False
    levels = rule.params.get("levels")
    texts: list[tuple[Path, Any]] = [((name,), value) for name, value in rule.params.items() if name != "levels"]
    if isinstance(levels, dict):
        texts += [(("levels", level), value) for level, value in levels.items()]
        _check_levels(source, place, rule, levels)
    for where, value in texts:
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str) and part.startswith("="):
                computed = True
                check_names(source, (*place, "params", *where), part[1:], known)
    if not computed and not unknown:
        try:
            parse(rule.kind, composed(rule) if rule.kind == "composite" else rule.params)
        except ParamError as error:
            if error.field != "params.after_s":
                source.add((*place, *error.field.split(".")), "params", f"参数不对：{error.expected}", error.expected)


def _check_levels(source: Source, place: Path, rule: Rule, levels: dict[str, Any]) -> None:
    for level in levels:
        here: Path = (*place, "params", "levels", level)
        if level not in ("1", "2", "3", "4"):
            source.add(here, "level", "等级只有 1 蓝、2 黄、3 橙、4 红", "levels are 1 blue, 2 yellow, 3 orange, 4 red")
        elif int(level) > rule.max_level:
            most = rule.max_level
            source.add(
                here, "max_level", f"此规则最高只能到 {most} 级", f"this rule may go no higher than level {most}"
            )
