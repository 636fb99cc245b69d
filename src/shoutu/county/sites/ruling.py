"""One rule with everything it ever said, and what a change of it would do: selectors of the page of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import get_visible
from shoutu.county.ledger.models import Entry
from shoutu.county.people.models import Proposal, ProposalState
from shoutu.county.sites import packs, selectors, shaping
from shoutu.county.sites.models import Rule
from shoutu.county.sites.services.rules import checked
from shoutu.county.sites.strictness import holds_at_once
from shoutu.county.sites.wording import rule_sentence


class Change(NamedTuple):
    """What a rule would say. `effect`: nothing, at_once, second_person, as `services.propose` would decide."""

    params: dict[str, Any]
    enabled: bool
    effect: str


def change_of(rule: Rule, params: Mapping[str, Any] | None, enabled: bool) -> Change:
    """A change as it would be proposed, with all its parameters. Raises Invalid naming the field."""
    standing = rule.versions.get(number=rule.version)
    complete = checked(rule.kind, params) if params is not None else dict(standing.params)
    if complete == standing.params and enabled == rule.enabled:
        return Change(complete, enabled, "nothing")
    at_once = holds_at_once(rule.kind, (standing.params, rule.enabled), (complete, enabled))
    return Change(complete, enabled, "at_once" if at_once else "second_person")


def rule_detail(actor: Actor, id: int) -> dict[str, Any]:
    """A rule with its versions, newest first. Raises NotFound."""
    rule: Rule = get_visible(selectors.rules_for(actor), actor, id, "rule")  # type: ignore[arg-type]
    point = rule.point
    pack = rule.origin.partition("/")[0]
    decimals = selectors.decimals_of([point.pk]).get(point.pk) if point else None
    return {
        **shaping.rule(rule),
        "unit": rule.unit,
        "interval_s": rule.interval_s,
        "axis": point.axis if point else "up",
        "decimals": decimals,
        "pack": packs.title(pack) if pack else "",
        "pack_name": pack,
        "item": (point.item_title or point.item) if point else "",
        "versions": _versions(actor, rule),
        "may_edit": actor.may("rule.edit"),
    }


def _versions(actor: Actor, rule: Rule) -> list[dict[str, Any]]:
    waited = {p.key: p for p in Proposal.objects.visible_to(actor).filter(kind="rule.change", subject_id=rule.pk)}
    alone = _who(rule)
    rows = []
    for version in rule.versions.order_by("-number"):
        proposal = waited.get(f"rule:{rule.pk}:{version.number}")
        rows.append(
            {
                "number": version.number,
                "sentence": rule_sentence(rule.kind, version.params, rule.unit, rule.interval_s),
                "params": version.params,
                "enabled": version.enabled,
                "state": version.state,
                "reason": version.reason,
                "proposed_by": proposal.proposed_label if proposal else alone.get(version.number, ""),
                "proposed_at": version.proposed_at,
                "decided_by": proposal.decided_label if proposal else "",
                "decided_at": version.decided_at,
                "proposal": proposal.pk if proposal and proposal.state == ProposalState.WAITING else None,
            }
        )
    return rows


def _who(rule: Rule) -> dict[int, str]:
    """Who asked for each version, as the ledger has it."""
    entries = Entry.objects.filter(
        subject_type="rule", subject_id=rule.pk, verb__in=("rule.created", "rule.proposed")
    ).order_by("id")
    bodies = [entry.body for entry in entries]
    return {int(body["payload"].get("version", 1)): str(body["actor"]["label"]) for body in bodies}
