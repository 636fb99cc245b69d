"""What taking up a pack would do at each site, before anybody does it. A selector: nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.sites import gaps, packs
from shoutu.county.sites.models import Binding, Point, Rule, RuleVersion
from shoutu.county.sites.packs import Watch
from shoutu.county.sites.services.rules import checked
from shoutu.county.sites.strictness import holds_at_once
from shoutu.county.sites.wording import rule_sentence


def candidates(actor: Actor, pack: str) -> list[Site]:
    """The sites in sight a pack is made for, by name. Raises Invalid for a pack that is not there or is wrong."""
    kinds = packs.load(pack).sites
    rows = Site.objects.visible_to(actor).filter(kind__in=kinds).select_related("organisation", "territory")
    return list(rows.order_by("name", "id"))


def plan(pack: str, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """A row a site: rules that would be added, tightened at once, wait for a second person, or stay; and what lacks.

    Raises Invalid for a pack that is wrong.
    """
    read = packs.load(pack)
    bound = dict(Binding.objects.filter(pack=pack, site__in=sites).values_list("site_id", "version"))
    points: dict[int, list[Point]] = {site.pk: [] for site in sites}
    for point in Point.objects.filter(site__in=sites).order_by("id"):
        points[point.site_id].append(point)
    known = _known(pack, sites)
    return [_row(read, pack, site, points[site.pk], known.get(site.pk, {}), bound.get(site.pk)) for site in sites]


Standing = tuple[Rule, dict[str, Any]]


def _known(pack: str, sites: Sequence[Site]) -> dict[int, dict[tuple[int | None, str], Standing]]:
    """The pack's rules at these sites: site → (point, origin) → rule and its parameters in force."""
    found: dict[int, dict[tuple[int | None, str], Standing]] = {}
    rules = list(Rule.objects.filter(site__in=sites, origin__startswith=f"{pack}/").order_by("id"))
    said = {
        (rule, number): params
        for rule, number, params in RuleVersion.objects.filter(rule__in=rules).values_list(
            "rule_id", "number", "params"
        )
    }
    for rule in rules:
        found.setdefault(rule.site_id, {})[(rule.point_id, rule.origin)] = (rule, said[(rule.pk, rule.version)])
    return found


def _row(
    read: Any,
    pack: str,
    site: Site,
    points: list[Point],
    known: Mapping[tuple[int | None, str], Standing],
    version: str | None,
) -> dict[str, Any]:
    values = packs.design_values(site)
    asked: dict[str, list[Watch]] = {}
    left = dict(known)
    changes: list[dict[str, Any]] = []
    for point in points:
        if point.item not in asked:
            asked[point.item] = packs.watches(read, point.item, values)[0]
        for watch in asked[point.item]:
            changes += _change(pack, watch, left.pop((point.pk, f"{pack}/{watch.key}"), None), point)
    for watch in packs.composites(read, {point.item for point in points}):
        changes += _change(pack, watch, left.pop((None, f"{pack}/{watch.key}"), None), None)
    changes += [_told("waits", rule, None) for rule, _params in left.values() if rule.enabled]
    lacks = list(gaps.lacks_of_pack(site, pack, points, gaps.items_of(site.pk, points)))
    count = Counter(str(one["effect"]) for one in changes)
    return {
        "site": {"id": site.pk, "name": site.name},
        "kind": site.get_kind_display(),
        "organisation": site.organisation.name,
        "territory": site.territory.name,
        "bound_version": version,
        "points": len(points),
        "unknown_points": sum(not asked.get(point.item) for point in points),
        "added": count["added"],
        "tightened": count["tightened"],
        "waits": count["waits"],
        "same": count["same"],
        "changes": [one for one in changes if one["effect"] != "same"][:200],
        "missing": [lack.message for lack in lacks if not lack.optional],
        "optional": [lack.message for lack in lacks if lack.optional],
    }


def _change(pack: str, watch: Watch, standing: Standing | None, point: Point | None) -> Iterable[dict[str, Any]]:
    """What `services.bind` would do about one rule the pack asks for."""
    if standing is None:
        yield _told("added", watch, point)
    else:
        rule, params = standing
        wanted = checked(watch.kind, watch.asked if watch.asked is not None else watch.params)
        if wanted == params and rule.enabled:
            yield _told("same", watch, point)
        elif holds_at_once(rule.kind, (params, rule.enabled), (wanted, True)):
            yield _told("tightened", watch, point)
        else:
            yield _told("waits", watch, point)
        return
    if watch.asked is not None:  # begins at the limit of law; going below it takes two persons
        yield _told("waits", watch, point)


def _told(effect: str, rule: Rule | Watch, point: Point | None) -> dict[str, Any]:
    if isinstance(rule, Rule):
        return {"effect": effect, "place": rule.place, "title": rule.title, "sentence": ""}
    said = rule_sentence(rule.kind, rule.params, point.unit if point else "", point.interval_s if point else 0)
    return {"effect": effect, "place": point.name if point else "", "title": rule.title, "sentence": said}
