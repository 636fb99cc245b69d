"""Watching a site by a rule pack. A design value nobody has entered is a finding and a duty, never silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.services import check_findings
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site
from shoutu.county.sites import packs
from shoutu.county.sites.models import Binding, Point, Rule
from shoutu.county.sites.needs import GAP
from shoutu.county.sites.packs import Watch
from shoutu.county.sites.services.rules import NewRule, checked, create_composite, create_rules, propose
from shoutu.county.sites.strictness import goes_up_to_the_law


@service
def bind(actor: Actor, site: Site, pack: str, *, agreed_from: Mapping[str, Any] | None = None) -> list[Rule]:
    """Watch every point of a site by a pack, by its present design values; the rules of the pack that now stand.

    Rules that are new or stricter hold at once, weaker ones wait for a second person; one weaker than a limit of law
    holds at the limit until a second person agrees to less. What the pack asks for and nobody has entered becomes a
    finding with a duty. Binding again takes up what has changed. `agreed_from`: the design values from which two
    persons agreed to change; a rule that follows from that change alone holds at once.
    Raises NotAllowed, Invalid for a pack that is not there or is wrong, naming file, line and field.
    """
    actor.require("rule.edit")
    read = packs.load(pack)
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=site.pk)
    binding, created = Binding.objects.update_or_create(
        site=site, pack=pack, defaults={"version": str(read.version), "bound_at": timezone.now()}
    )
    facts = {"site": site.pk, "pack": pack, "version": read.version}
    record(actor, "binding.created" if created else "binding.renewed", ref(binding), facts)
    standing: list[Rule] = []
    values = packs.design_values(site)
    fresh: list[tuple[Point, Watch]] = []
    known = _known(site, pack)
    asked: dict[str, list[Watch]] = {}
    for point in Point.objects.filter(site=site).order_by("id"):
        before = {} if agreed_from is None else _by_key(read, point.item, packs.design_values(site, agreed_from))
        if point.item not in asked:
            asked[point.item] = packs.watches(read, point.item, values)[0]
        more, new = _watch(actor, known.get(point.pk, {}), pack, asked[point.item], before)
        standing += more
        fresh += [(point, watch) for watch in new]
    standing += _begin(actor, pack, fresh)
    standing += _watch_together(actor, site, pack, read)
    check_findings(actor, GAP, ref(site))
    emit("point.rules", ref(site), {"pack": pack})
    return standing


def _by_key(read: Any, item: str, values: Mapping[str, Any]) -> dict[str, Watch]:
    return {watch.key: watch for watch in packs.watches(read, item, values)[0]}


def _follows(rule: Rule, watch: Watch | None) -> bool:
    """Whether the rule says now just what the values agreed to change made it say."""
    return watch is not None and rule.versions.get(number=rule.version).params == checked(rule.kind, watch.params)


def _known(site: Site, pack: str) -> dict[int, dict[str, Rule]]:
    """The rules this pack has made for the site's points: point → origin → rule."""
    found: dict[int, dict[str, Rule]] = defaultdict(dict)
    for rule in Rule.objects.filter(point__site=site, origin__startswith=f"{pack}/"):
        if rule.point_id is not None:
            found[rule.point_id][rule.origin] = rule
    return found


def _watch(
    actor: Actor, known: dict[str, Rule], pack: str, watches: Iterable[Watch], before: Mapping[str, Watch]
) -> tuple[list[Rule], list[Watch]]:
    """The pack's rules of one point brought up to date, and what has no rule yet; those no longer asked for are
    proposed off.

    `known`: the pack's rules of the point, by origin. `before`: what the pack asked by the values two persons agreed
    to change; empty where nobody agreed to anything.
    """
    known, standing, fresh = dict(known), [], []
    for watch in watches:
        rule = known.pop(f"{pack}/{watch.key}", None)
        if rule is None:
            fresh.append(watch)
            continue
        if watch.asked is not None:
            _keep_to_the_law(actor, rule, watch, pack)
            propose(actor, rule, _below(pack, watch), watch.asked)
        else:
            agreed = _follows(rule, before.get(watch.key))
            propose(actor, rule, _("规则包 %(pack)s 或设计值有变") % {"pack": pack}, watch.params, agreed=agreed)
        standing.append(rule)
    for rule in known.values():
        if rule.enabled:
            agreed = _follows(rule, before.get(rule.origin.removeprefix(f"{pack}/")))
            propose(actor, rule, _("规则包 %(pack)s 不再要求") % {"pack": pack}, enabled=False, agreed=agreed)
    return standing, fresh


def _begin(actor: Actor, pack: str, fresh: list[tuple[Point, Watch]]) -> list[Rule]:
    """Rules of the pack that are new, for all points at once; a weaker one than the law waits for a second person."""
    reason = _("规则包 %(pack)s") % {"pack": pack}
    rules = create_rules(
        actor,
        [
            NewRule(
                point, watch.kind, watch.params, reason, watch.title, f"{pack}/{watch.key}", watch.cite,
                watch.verified, watch.words,
            )
            for point, watch in fresh
        ],
    )  # fmt: skip
    for rule, (_point, watch) in zip(rules, fresh, strict=True):
        if watch.asked is not None:
            propose(actor, rule, _below(pack, watch), watch.asked)
    return rules


def _watch_together(actor: Actor, site: Site, pack: str, read: Any) -> list[Rule]:
    """The pack's composites of the site, made or brought up to date; those it no longer asks for are proposed off."""
    known = {r.origin: r for r in Rule.objects.filter(site=site, point=None, origin__startswith=f"{pack}/")}
    present = set(Point.objects.filter(site=site).values_list("item", flat=True))
    reason, standing = _("规则包 %(pack)s") % {"pack": pack}, []
    for watch in packs.composites(read, present):
        origin = f"{pack}/{watch.key}"
        rule = known.pop(origin, None)
        if rule is None:
            rule = create_composite(
                actor, site, watch.params, reason, title=watch.title, origin=origin, cite=watch.cite,
                verified=watch.verified, words=watch.words,
            )  # fmt: skip
        else:
            propose(actor, rule, reason, watch.params)
        standing.append(rule)
    for rule in known.values():
        if rule.enabled:
            propose(actor, rule, _("规则包 %(pack)s 不再要求") % {"pack": pack}, enabled=False)
    return standing


def _keep_to_the_law(actor: Actor, rule: Rule, watch: Watch, pack: str) -> None:
    """A rule below the law that no second person agreed to goes up to the limit at once."""
    standing = rule.versions.get(number=rule.version)
    strict = checked(rule.kind, watch.params)
    if goes_up_to_the_law(rule.kind, standing.params, strict, agreed=standing.decided_by_id is not None):
        propose(actor, rule, _("规则包 %(pack)s：按法定限值收紧") % {"pack": pack}, strict)


def _below(pack: str, watch: Watch) -> str:
    """Why a second person must agree: the pack is weaker than the law."""
    text = _("规则包 %(pack)s 弱于法定限值：%(limit)s；放宽须第二人同意") % {"pack": pack, "limit": watch.below}
    return text[:400]


@service
def rebind(actor: Actor, site_id: int, *, agreed_from: Mapping[str, Any] | None = None) -> None:
    """Take up changed design values or new points in every pack bound to the site; `agreed_from` as in `bind`."""
    unchanged()
    site = Site.objects.filter(pk=site_id).first()
    for binding in Binding.objects.filter(site_id=site_id).order_by("id"):
        assert site is not None
        bind(actor, site, binding.pack, agreed_from=agreed_from)
