"""What watches a site and what is missing, and what the packs say: selectors for the pages that show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.places.models import Site
from shoutu.county.sites import gaps, needs, packs, shaping
from shoutu.county.sites.models import Binding, DesignValue, Point
from shoutu.county.sites.selectors import findings_of, rules_for
from shoutu.county.sites.wording import unit_of_levels


def pack_rows(actor: Actor) -> list[dict[str, Any]]:
    """Every pack of this installation; one that cannot be read stands there with what is wrong in it."""
    bound = Counter(Binding.objects.visible_to(actor).values_list("pack", flat=True))
    rows = []
    for name in packs.names():
        try:
            pack = packs.load(name)
        except Invalid as error:
            rows.append({**_NOTHING, "name": name, "title": name, "sites": bound[name], "problem": error.detail})
            continue
        rows.append(
            {
                "name": name,
                "title": pack.title.zh,
                "version": pack.version,
                "cite": pack.cite,
                "note": pack.note,
                "verified": pack.verified,
                "kinds": list(pack.sites),
                "indicators": len(pack.indicators),
                "rules": len(pack.rules),
                "unverified": sum(not rule.verified for rule in pack.rules),
                "required": len(pack.required),
                "sites": bound[name],
                "problem": None,
            }
        )
    return rows


_NOTHING = {
    "version": 0, "cite": "", "note": "", "verified": False, "kinds": [], "indicators": 0, "rules": 0, "unverified": 0,
    "required": 0,
}  # fmt: skip


def pack_detail(actor: Actor, name: str) -> dict[str, Any]:
    """A pack whole: what it asks for, by what rules, citing what. Raises NotFound, Invalid."""
    if name not in packs.names():
        raise NotFound("pack", name)
    pack = packs.load(name)
    row = next(one for one in pack_rows(actor) if one["name"] == name)
    titles = {indicator.id: indicator for indicator in pack.indicators}
    law = packs.law()
    return {
        **row,
        "items": [
            {
                "id": indicator.id,
                "title": indicator.title.zh,
                "unit": _unit(indicator.unit),
                "cite": indicator.cite,
                "verified": indicator.verified,
                "rules": [_pack_rule(rule, titles) for rule in pack.rules if rule.indicator == indicator.id],
            }
            for indicator in pack.indicators
        ],
        "needs": [_need(want) for want in pack.required],
        "values": [_parameter(one) for one in pack.parameters],
        "limits": [
            {
                "title": limit.title.zh, "unit": _unit(limit.unit), "direction": limit.direction,
                "value": _side(limit.value), "cite": limit.cite, "verified": limit.verified,
            }
            for limit in (law.items if law else ())
            if limit.indicator in titles
        ],
    }  # fmt: skip


def _pack_rule(rule: Any, titles: Mapping[str, Any]) -> dict[str, Any]:
    params = rule.params
    unit = _unit(titles[rule.indicator].unit)
    return {
        "id": rule.id,
        "title": rule.title.zh,
        "kind": rule.kind,
        "levels": [
            {
                "level": int(level),
                "bound": _bound(bound, "low" if rule.kind == "forecast" else str(params.get("direction", "high"))),
            }
            for level, bound in sorted((params.get("levels") or {}).items(), key=lambda pair: -int(pair[0]))
        ],
        "unit": unit_of_levels(rule.kind, unit, params),
        "hold_s": params.get("raise_for_s"),
        "window_s": params.get("window_s"),
        "cite": rule.cite,
        "verified": rule.verified,
        "note": rule.note,
    }


def _bound(bound: Any, direction: str) -> str:
    """「≥ 24」, 「≤ phreatic_control_depth」; a band gives both sides."""
    if isinstance(bound, list):
        low, high = (_side(part) for part in bound)
        return f"≤ {low}，≥ {high}"
    return f"{'≤' if direction == 'low' else '≥'} {_side(bound)}"


def _side(value: Any) -> str:
    return value.removeprefix("=").strip() if isinstance(value, str) else f"{value:g}"


def _need(want: Any) -> dict[str, Any]:
    return {"id": want.id, "title": want.title.zh, "count": want.count, "cite": want.cite, "verified": want.verified}


def _parameter(one: Any) -> dict[str, Any]:
    how = "table" if one.table else "derived" if one.derived else "default" if one.default is not None else "design"
    return {
        "id": one.id, "title": one.title.zh, "unit": _unit(one.unit), "how": how,
        "formula": one.derived or (one.table.by if one.table else "") or "", "optional": one.optional, "cite": one.cite,
        "verified": one.verified, "note": one.note,
    }  # fmt: skip


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def watch_of(actor: Actor, site: Site) -> dict[str, Any]:
    """What watches a site: packs, points with their rules, required items met or not, design values, gaps."""
    points = list(Point.objects.visible_to(actor).filter(site=site).order_by("item", "id"))
    rules: dict[int, list[Any]] = {point.pk: [] for point in points}
    for rule in rules_for(actor).filter(point__site=site).order_by("id"):
        if rule.point_id in rules:
            rules[rule.point_id].append(shaping.point_rule(rule))
    told = needs.of_sites(actor, [site])[0]
    bindings = list(Binding.objects.filter(site=site).order_by("id"))
    bound: list[dict[str, Any]] = []
    values: dict[str, dict[str, Any]] = {}
    own = {row.name: row for row in DesignValue.objects.filter(site=site)}
    design = packs.design_values(site)
    for binding in bindings:
        row = {"name": binding.pack, "bound_version": binding.version, "bound_at": binding.bound_at, "problem": None}
        try:
            pack = packs.load(binding.pack)
        except Invalid as error:
            bound.append({**row, "title": binding.pack, "version": "", "problem": error.detail})
            continue
        bound.append({**row, "title": pack.title.zh, "version": str(pack.version)})
        for parameter in pack.parameters:
            values.setdefault(parameter.id, _value_of(pack, parameter, design, site, own.get(parameter.id)))
    fitting = gaps.packs_for(site.kind)
    for binding in bindings:
        fitting.pop(binding.pack, None)
    return {
        "site": {"id": site.pk, "name": site.name},
        "kind": site.get_kind_display(),
        "grade": site.grade,
        "organisation": site.organisation.name,
        "packs": bound,
        "available": [{"name": name, "title": title} for name, title in fitting.items()],
        "points": [
            {
                "id": point.pk, "name": point.name, "address": point.address, "item": point.item,
                "item_title": point.item_title or point.item, "unit": point.unit, "rules": rules[point.pk],
            }
            for point in points
        ],
        "needs": told["needs"],
        "duty": told["duty"],
        "values": list(values.values()),
        "findings": findings_of(site),
        "may_edit": actor.may("site.edit"),
    }  # fmt: skip


def _value_of(pack: Any, parameter: Any, design: dict[str, Any], site: Site, row: DesignValue | None) -> dict[str, Any]:
    from shoutu.engine.packs import ExpressionError, value_of

    try:
        value = value_of(pack, parameter.id, design)
    except ExpressionError:
        value = None
    return {
        **_parameter(parameter),
        "value": value,
        "own": parameter.id in site.params or (parameter.id == "grade" and bool(site.grade)),
        "document": row.document if row else "",
        "dated": row.dated if row else None,
        "entered_at": row.entered_at if row else None,
        "entered_by": row.entered_by if row else "",
    }
