"""What taking up a pack would do at each site, before anybody does it. A selector: nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shoutu.county.kit.actors import Actor
from shoutu.county.places.models import Site
from shoutu.county.sites import gaps, packs
from shoutu.county.sites.models import Binding, Point, Rule, RuleState, RuleVersion
from shoutu.county.sites.needs import there_at
from shoutu.county.sites.packs import Watch
from shoutu.county.sites.services.rules import checked
from shoutu.county.sites.strictness import goes_up_to_the_law, holds_at_once
from shoutu.county.sites.wording import rule_sentence


def candidates(actor: Actor, pack: str) -> list[Site]:
    """The sites in sight a pack is made for, by name. Raises Invalid for a pack that is not there or is wrong."""
    kinds = packs.load(pack).sites
    rows = Site.objects.visible_to(actor).filter(kind__in=kinds).select_related("organisation", "territory")
    return list(rows.order_by("name", "id"))


def plan(pack: str, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """A row a site: rules that would be added, tightened at once, asked of a second person,
    asked already, or stay; and what lacks.

    Raises Invalid for a pack that is wrong.
    """
    read = packs.load(pack)
    bound = dict(Binding.objects.filter(pack=pack, site__in=sites).values_list("site_id", "version"))
    points: dict[int, list[Point]] = {site.pk: [] for site in sites}
    for point in Point.objects.filter(site__in=sites).order_by("id"):
        points[point.site_id].append(point)
    known = _known(pack, sites)
    return [_row(read, pack, site, points[site.pk], known.get(site.pk, {}), bound.get(site.pk)) for site in sites]


class Standing(NamedTuple):
    """A rule of the pack at a site: what is in force, whether a second person agreed to it, and what waits for one."""

    rule: Rule
    params: dict[str, Any]
    enabled: bool
    agreed: bool
    waiting: list[tuple[dict[str, Any], bool]]

    def effect(self, params: dict[str, Any], enabled: bool = True) -> str:
        """What `services.propose` would do about this change."""
        if params == self.params and enabled == self.enabled:
            return "same"
        if (params, enabled) in self.waiting:
            return "asked"
        at_once = holds_at_once(self.rule.kind, (self.params, self.enabled), (params, enabled))
        return "tightened" if at_once else "waits"


def _known(pack: str, sites: Sequence[Site]) -> dict[int, dict[tuple[int | None, str], Standing]]:
    """The pack's rules at these sites: site → (point, origin) → how it stands."""
    found: dict[int, dict[tuple[int | None, str], Standing]] = {}
    rules = list(Rule.objects.filter(site__in=sites, origin__startswith=f"{pack}/").order_by("id"))
    said: dict[tuple[int, int], RuleVersion] = {}
    waiting: dict[int, list[tuple[dict[str, Any], bool]]] = {}
    for version in RuleVersion.objects.filter(rule__in=rules):
        said[(version.rule_id, version.number)] = version
        if version.state == RuleState.PROPOSED:
            waiting.setdefault(version.rule_id, []).append((version.params, version.enabled))
    for rule in rules:
        now = said[(rule.pk, rule.version)]
        found.setdefault(rule.site_id, {})[(rule.point_id, rule.origin)] = Standing(
            rule, now.params, rule.enabled, now.decided_by_id is not None, waiting.get(rule.pk, [])
        )
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
            changes += _change(watch, left.pop((point.pk, f"{pack}/{watch.key}"), None), point)
    for watch in packs.composites(read, {point.item for point in points}):
        changes += _change(watch, left.pop((None, f"{pack}/{watch.key}"), None), None)
    changes += [_told_off(one) for one in left.values() if one.enabled]
    lacks = list(gaps.lacks_of_pack(site, pack, points, there_at(site.pk, points)))
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
        "asked": count["asked"],
        "same": count["same"],
        "changes": [one for one in changes if one["effect"] != "same"][:200],
        "missing": [lack.message for lack in lacks if not lack.optional],
        "optional": [lack.message for lack in lacks if lack.optional],
    }


def _change(watch: Watch, standing: Standing | None, point: Point | None) -> Iterable[dict[str, Any]]:
    """What `services.bind` would do about one rule the pack asks for."""
    limit = checked(watch.kind, watch.params)
    wanted = limit if watch.asked is None else checked(watch.kind, watch.asked)
    if standing is None:
        yield _told("added", watch, limit, point)
        if watch.asked is not None:  # begins at the limit of law; going below it takes two persons
            yield _told("waits", watch, wanted, point)
        return
    if watch.asked is not None and goes_up_to_the_law(
        standing.rule.kind, standing.params, limit, agreed=standing.agreed
    ):
        effect = standing.effect(limit)
        if effect == "tightened":
            yield _told(effect, watch, limit, point)
            standing = standing._replace(params=limit, enabled=True)
    yield _told(standing.effect(wanted), watch, wanted, point)


def _told(effect: str, watch: Watch, params: Mapping[str, Any], point: Point | None) -> dict[str, Any]:
    said = rule_sentence(watch.kind, params, point.unit if point else "", point.interval_s if point else 0)
    return {"effect": effect, "place": point.name if point else "", "title": watch.title, "sentence": said}


def _told_off(one: Standing) -> dict[str, Any]:
    """A rule the pack no longer asks for."""
    effect = one.effect(one.params, enabled=False)
    return {"effect": effect, "place": one.rule.place, "title": one.rule.title, "sentence": ""}
