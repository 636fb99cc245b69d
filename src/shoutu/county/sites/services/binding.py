"""Watching a site by a rule pack. A design value nobody has entered is a finding and a duty, never silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.services import open_duty, settle
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site
from shoutu.county.sites import packs
from shoutu.county.sites.models import Binding, Finding, Point, Rule
from shoutu.county.sites.packs import Lack, Watch
from shoutu.county.sites.services.rules import create_rule, propose

FINDING = "site.finding"
LANE: dict[str, Any] = {
    "policy": "sites/finding@1",
    "verified": False,
    "chain": [
        {"who": "enterprise_principal", "answer_s": 86_400},
        {"who": "township_head", "answer_s": 86_400},
        {"who": "county_duty", "answer_s": 86_400},
    ],
    "due_s": {"dispose": 7 * 86_400},
    "orders": ["查设计文件，报设计值", "由监管人员录入"],
    "retry_s": [60],
}
"""Who is asked for a missing design value: in working days, without haste, but until it is there."""


@service
def bind(actor: Actor, site: Site, pack: str) -> list[Rule]:
    """Watch every point of a site by a pack, by its present design values; the rules of the pack that now stand.

    Rules that are new or stricter hold at once, weaker ones wait for a second person. What the pack asks for and
    nobody has entered becomes a finding with a duty. Binding again takes up what has changed.
    Raises NotAllowed, Invalid for a pack that is not there or is wrong, naming file, line and field.
    """
    actor.require("rule.edit")
    read = packs.load(pack)
    site = Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    binding, created = Binding.objects.update_or_create(
        site=site, pack=pack, defaults={"version": str(read.version), "bound_at": timezone.now()}
    )
    facts = {"site": site.pk, "pack": pack, "version": read.version}
    record(actor, "binding.created" if created else "binding.renewed", ref(binding), facts)
    standing: list[Rule] = []
    lacks: dict[tuple[int | None, str], Lack] = {}
    values = packs.design_values(site)
    for point in Point.objects.filter(site=site).order_by("id"):
        watches, lacking = packs.watches(read, point.item, values)
        standing += _watch(actor, point, pack, watches)
        # A design value is the site's: it is asked for once, however many points lack it.
        lacks |= {(None, one.field): one for one in lacking}
        if not watches and not lacking and not Rule.objects.filter(point=point, enabled=True).exists():
            text = _("%(point)s没有规则看住，须另加规则") % {"point": point.name}
            lacks[point.pk, "rules"] = Lack("rules", text, False)
    _findings(actor, site, pack, lacks)
    emit("point.rules", ref(site), {"pack": pack})
    return standing


def _watch(actor: Actor, point: Point, pack: str, watches: Iterable[Watch]) -> list[Rule]:
    """The pack's rules of one point, made or brought up to date; those it no longer asks for are proposed off."""
    known = {rule.origin: rule for rule in Rule.objects.filter(point=point, origin__startswith=f"{pack}/")}
    standing = []
    for watch in watches:
        origin = f"{pack}/{watch.key}"
        rule = known.pop(origin, None)
        if rule is None:
            rule = create_rule(
                actor, point, watch.kind, watch.params, _("规则包 %(pack)s") % {"pack": pack},
                title=watch.title, origin=origin, cite=watch.cite, verified=watch.verified, words=watch.words,
            )  # fmt: skip
        else:
            propose(actor, rule, _("规则包 %(pack)s 或设计值有变") % {"pack": pack}, watch.params)
        standing.append(rule)
    for rule in known.values():
        if rule.enabled:
            propose(actor, rule, _("规则包 %(pack)s 不再要求") % {"pack": pack}, enabled=False)
    return standing


def _findings(actor: Actor, site: Site, pack: str, lacks: dict[tuple[int | None, str], Lack]) -> None:
    """Raise what is lacking, with a duty each unless the design may do without it; clear what no longer is."""
    open_ = {(f.point_id, f.field): f for f in Finding.objects.filter(site=site, pack=pack, cleared_at__isnull=True)}
    for (point_id, field), lack in lacks.items():
        if open_.pop((point_id, field), None) is not None:
            continue
        finding = Finding.objects.create(
            site=site, point_id=point_id, pack=pack, field=field, message=lack.message[:400],
            optional=lack.optional, found_at=timezone.now(),
        )  # fmt: skip
        facts = {"site": site.pk, "point": point_id, "field": field, "message": lack.message}
        record(actor, "finding.raised", ref(finding), facts)
        if not lack.optional:
            title = f"{site.name}：{lack.message}"
            open_duty(SYSTEM, FINDING, ref(finding), site.pk, LANE, 0, title, pack, key=f"finding:{finding.pk}")
    for finding in open_.values():
        finding.cleared_at = timezone.now()
        finding.save(update_fields=["cleared_at"])
        record(actor, "finding.cleared", ref(finding), {"site": site.pk, "field": finding.field})
        settle(actor, ref(finding))


@service
def rebind(actor: Actor, site_id: int) -> None:
    """Take up changed design values or new points in every pack bound to the site."""
    unchanged()
    site = Site.objects.filter(pk=site_id).first()
    for binding in Binding.objects.filter(site_id=site_id).order_by("id"):
        assert site is not None
        bind(actor, site, binding.pack)
