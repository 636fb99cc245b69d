"""Rules: made, changed, switched off. What lowers or delays a warning waits for a second person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.ledger.services.record import Draft, record_many
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal, ProposalState
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.models import Point, Rule, RuleState, RuleVersion
from shoutu.county.sites.services.publishing import publish_rules
from shoutu.county.sites.strictness import holds_at_once
from shoutu.county.sites.wording import rule_sentence
from shoutu.engine.packs.bind import unit_of
from shoutu.engine.params import RISKS


def checked(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with their defaults, as JSON. Raises Invalid naming the field, in the words of who asks."""
    from shoutu.engine.params import ParamError, parse

    try:
        parsed = parse(kind, dict(params))
    except ParamError as error:
        raise Invalid(error.field, error.expected if (get_language() or "").startswith("en") else error.zh) from error
    complete = msgspec.json.decode(msgspec.json.encode(parsed))
    return {name: value for name, value in complete.items() if value is not None}


@dataclass(frozen=True)
class NewRule:
    """A rule to be made: which point is watched, by what, and why."""

    point: Point
    kind: str
    params: Mapping[str, Any]
    reason: str
    title: str = ""
    origin: str = ""
    cite: str = ""
    verified: bool = False
    words: Mapping[str, Any] = field(default_factory=dict)


@service
def create_rule(
    actor: Actor,
    point: Point,
    kind: str,
    params: Mapping[str, Any],
    reason: str,
    *,
    title: str = "",
    origin: str = "",
    cite: str = "",
    verified: bool = False,
    words: Mapping[str, Any] | None = None,
) -> Rule:
    """Watch a point by a rule, from now on (a new rule only adds warnings). Raises NotAllowed, Invalid."""
    asked = NewRule(point, kind, params, reason, title, origin, cite, verified, words or {})
    return create_rules(actor, [asked])[0]


@service
def create_rules(actor: Actor, asked: Sequence[NewRule]) -> list[Rule]:
    """Many rules at once, set-wise, under one version of the catalog; in the order asked. All or none.

    Raises NotAllowed, Invalid as `create_rule` does.
    """
    actor.require("rule.edit")
    if not asked:
        unchanged()
        return []
    if any(one.kind == "composite" for one in asked):
        raise Invalid("kind", _("单个测点的规则；综合规则属于场所"))
    complete = [checked(one.kind, one.params) for one in asked]
    for one in asked:
        _reason(one.reason)
    lock_sites(one.point.site_id for one in asked)
    _never_mask(asked, complete)
    for one, params in zip(asked, complete, strict=True):
        _one_range(one, params)
    rules = [
        Rule(
            site_id=one.point.site_id, point=one.point, kind=one.kind, title=one.title[:120], origin=one.origin,
            cite=one.cite[:400], verified=one.verified, words={**_unit_words(one, params), **one.words},
        )
        for one, params in zip(asked, complete, strict=True)
    ]  # fmt: skip
    Rule.objects.bulk_create(rules, batch_size=200)
    now = timezone.now()
    versions = [
        RuleVersion(
            rule=rule, number=1, params=params, reason=one.reason, state=RuleState.IN_FORCE,
            proposed_by_id=actor.user_id, proposed_at=now, decided_at=now,
        )
        for rule, one, params in zip(rules, asked, complete, strict=True)
    ]  # fmt: skip
    RuleVersion.objects.bulk_create(versions, batch_size=200)
    record_many(
        Draft(
            actor, "rule.created", ref(rule),
            {"point": rule.point_id, "kind": rule.kind, "params": version.params, "reason": version.reason,
             "origin": rule.origin},
        )
        for rule, version in zip(rules, versions, strict=True)
    )  # fmt: skip
    publish_rules(list(zip(rules, versions, strict=True)))
    for one, rule in {one.point.pk: (one, rule) for one, rule in zip(asked, rules, strict=True)}.values():
        emit("point.rules", ref(one.point), {"rule": rule.pk})
    return rules


def _unit_words(asked: NewRule, params: Mapping[str, Any]) -> dict[str, str]:
    """In what the rule tells its sum, where that is not the point's unit."""
    unit = unit_of(asked.point.unit, params)
    return {} if unit == asked.point.unit else {"unit": unit}


@service
def create_composite(
    actor: Actor,
    site: Site,
    params: Mapping[str, Any],
    reason: str,
    *,
    title: str = "",
    origin: str = "",
    cite: str = "",
    verified: bool = False,
    words: Mapping[str, Any] | None = None,
) -> Rule:
    """Judge points of a site together, from now on (a new rule only adds warnings). Raises NotAllowed, Invalid."""
    actor.require("rule.edit")
    complete = checked("composite", params)
    _reason(reason)
    named = set(complete.get("points", ()))
    known = set(Point.objects.filter(site=site, item__in=complete["items"]).values_list("pk", flat=True))
    if named - known:
        raise Invalid("params.points", _("本场所这些监测项的测点；%(ids)s 不是") % {"ids": sorted(named - known)})
    rule = Rule(
        site=site, kind="composite", title=title[:120], origin=origin, cite=cite[:400], verified=verified,
        words=dict(words or {}),
    )  # fmt: skip
    _begin(actor, rule, complete, reason, {"site": site.pk})
    return rule


def _begin(actor: Actor, rule: Rule, params: dict[str, Any], reason: str, place: dict[str, int]) -> None:
    """Save a new rule with its first version, in force at once."""
    rule.save()
    version = RuleVersion.objects.create(
        rule=rule, number=1, params=params, reason=reason, state=RuleState.IN_FORCE,
        proposed_by_id=actor.user_id, proposed_at=timezone.now(), decided_at=timezone.now(),
    )  # fmt: skip
    facts = {**place, "kind": rule.kind, "params": params, "reason": reason, "origin": rule.origin}
    record(actor, "rule.created", ref(rule), facts)
    publish_rules([(rule, version)])


@service
def propose(
    actor: Actor,
    rule: Rule,
    reason: str,
    params: Mapping[str, Any] | None = None,
    *,
    enabled: bool = True,
    agreed: bool = False,
) -> RuleVersion:
    """Change what a rule says, or switch it off or on.

    At least as strict: in force at once, and so where two persons have `agreed` to what it follows from. Otherwise it
    waits until a second person agrees; the rule stays as it is. The same change proposed again returns the proposal
    that waits. Raises NotAllowed, Invalid.
    """
    actor.require("rule.edit")
    _reason(reason)
    lock_sites([rule.site_id])
    rule = Rule.objects.select_for_update(of=("self",), no_key=True).get(pk=rule.pk)
    standing = rule.versions.get(number=rule.version)
    complete = checked(rule.kind, params) if params is not None else dict(standing.params)
    waiting = rule.versions.filter(state=RuleState.PROPOSED, params=complete, enabled=enabled).first()
    if complete == standing.params and enabled == rule.enabled:
        unchanged()
        return standing
    if waiting is not None and not agreed:
        unchanged()
        _ask_second(actor, rule, standing, waiting)
        return waiting
    strict = holds_at_once(rule.kind, (standing.params, rule.enabled), (complete, enabled))
    newest = rule.versions.order_by("-number").values_list("number", flat=True)[0]
    version = RuleVersion.objects.create(
        rule=rule, number=newest + 1, params=complete, enabled=enabled, reason=reason, state=RuleState.PROPOSED,
        proposed_by_id=actor.user_id, proposed_at=timezone.now(),
    )  # fmt: skip
    facts = {"version": version.number, "params": complete, "enabled": enabled, "reason": reason}
    record(actor, "rule.proposed", ref(rule), {**facts, "needs_second": not (strict or agreed)})
    if strict or agreed:
        _put_in_force(actor, rule, version)
    else:
        _ask_second(actor, rule, standing, version)
        emit("rule.proposed", ref(rule), {"version": version.number})
    return version


def _ask_second(actor: Actor, rule: Rule, standing: RuleVersion, version: RuleVersion) -> None:
    """Let it wait for a second person; asked for again by somebody known what nobody known asked for is theirs."""
    title = f"{rule.place} {rule.title or rule.kind}"

    def said(params: Mapping[str, Any], enabled: bool) -> str:
        return rule_sentence(rule.kind, params, rule.unit, rule.interval_s) if enabled else _("停用")

    proposals.propose(
        actor,
        RULE_CHANGE,
        ref(rule),
        rule.site_id,
        version.reason,
        title=title,
        key=_key(version),
        payload={"rule": rule.pk, "version": version.number},
        changes=[
            proposals.change(
                rule.title or rule.kind,
                said(standing.params, rule.enabled),
                said(version.params, version.enabled),
            )
        ],
    )


def _key(version: RuleVersion) -> str:
    return f"rule:{version.rule_id}:{version.number}"


def _proposal(version: RuleVersion) -> Proposal:
    """The proposal this version waits in. Raises Conflict when it waits no more."""
    found = Proposal.objects.filter(key=_key(version), state=ProposalState.WAITING).first()
    if found is None:
        raise Conflict(_("这一版已经处理过"))
    return found


@service
def approve(actor: Actor, version: RuleVersion) -> Rule:
    """A second person agrees; the version is in force from now on.

    Raises NotAllowed for the proposer and while nobody known proposed it, Conflict when it waits no more.
    """
    proposals.agree(actor, _proposal(version))
    return Rule.objects.get(pk=version.rule_id)


@service
def reject(actor: Actor, version: RuleVersion, reason: str) -> Rule:
    """A second person disagrees (or the first withdraws); the rule stays as it is.

    Raises NotAllowed, Conflict when it waits no more, Invalid without a reason.
    """
    proposals.reject(actor, _proposal(version), reason)
    return Rule.objects.get(pk=version.rule_id)


def _waiting_version(proposal: Proposal) -> tuple[Rule, RuleVersion]:
    rule = Rule.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.payload["rule"])
    version = rule.versions.get(number=proposal.payload["version"])
    if version.state != RuleState.PROPOSED:
        raise Conflict(_("这一版已经处理过"))
    return rule, version


def _agreed(actor: Actor, proposal: Proposal) -> None:
    rule, version = _waiting_version(proposal)
    version.proposed_by_id = proposal.proposed_by_id
    record(actor, "rule.approved", ref(rule), {"version": version.number, "proposed_by": proposal.proposed_by_id})
    _put_in_force(actor, rule, version)


def _dropped(actor: Actor, proposal: Proposal) -> None:
    rule, version = _waiting_version(proposal)
    version.state, version.decided_by_id, version.decided_at = RuleState.REJECTED, actor.user_id, timezone.now()
    version.save()
    record(actor, "rule.rejected", ref(rule), {"version": version.number, "reason": proposal.decision})


RULE_CHANGE = proposals.register(
    proposals.Kind("rule.change", gettext_lazy("修改规则"), "rule.edit", _agreed, _dropped)
)


def _put_in_force(actor: Actor, rule: Rule, version: RuleVersion) -> None:
    rule.versions.filter(state=RuleState.IN_FORCE).update(state=RuleState.REPLACED)
    version.state, version.decided_at = RuleState.IN_FORCE, timezone.now()
    if version.proposed_by_id != actor.user_id:
        version.decided_by_id = actor.user_id
    version.save()
    rule.version, rule.enabled = version.number, version.enabled
    rule.save(update_fields=["version", "enabled"])
    record(actor, "rule.in_force", ref(rule), {"version": version.number, "enabled": version.enabled})
    publish_rules([(rule, version)])
    # Warnings raised by the old version hear of it: the engine judges the new one afresh.
    emit("rule.changed", ref(rule), {"version": version.number, "enabled": version.enabled, "point": rule.point_id})


def _never_mask(asked: Sequence[NewRule], complete: Sequence[Mapping[str, Any]]) -> None:
    """A plausible range that calls the dangerous side a mere fault would silence the point's limits: refused.

    The limits are those in force and those asked for before it; of a range made by hand also those of other kinds than
    a threshold. Raises Invalid("danger"). Design: danger is never mistaken for a fault.
    """
    ranges = {one.point.pk for one in asked if one.kind == "implausible"}
    if not ranges:
        return
    sides: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    standing = RuleVersion.objects.filter(
        rule__point_id__in=ranges, rule__kind__in=RISKS, state=RuleState.IN_FORCE
    ).values_list("rule__point_id", "rule__kind", "params")
    for point, kind, params in standing:
        sides[point][kind].add(_side(kind, params))
    for one, params in zip(asked, complete, strict=True):
        if one.kind in RISKS:
            sides[one.point.pk][one.kind].add(_side(one.kind, params))
        if one.kind != "implausible" or params.get("danger", "both") == "both":
            continue
        kinds = ("threshold",) if one.origin else RISKS
        for side in {side for kind in kinds for side in sides[one.point.pk][kind]}:
            if side != params["danger"]:
                expected = "both" if side == "band" else side
                raise Invalid("danger", _("%(side)s 或 both：本测点的限值在这一侧") % {"side": expected})


def _side(kind: str, params: Mapping[str, Any]) -> str:
    """On which side of its range a point is dangerous by a rule."""
    if kind in ("rate", "anomaly"):
        return "band"
    return str(params.get("direction", "high"))


def _one_range(one: NewRule, params: Mapping[str, Any]) -> None:
    """The engine watches a point by one range, and by none that is no range. Raises Invalid.

    A pack's is not refused: the rest of the pack must watch all the same.
    """
    if one.kind != "implausible" or one.origin:
        return
    if Rule.objects.filter(point=one.point, kind="implausible", enabled=True).exists():
        raise Invalid("kind", _("别的规则：这个测点已有一条合理范围，改那一条"))
    low, high = params.get("low", one.point.low), params.get("high", one.point.high)
    if low is not None and high is not None and low >= high:
        raise Invalid("params.low", _("下限小于上限（没填的一侧是测点的量程）"))


def _reason(reason: str) -> None:
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
