"""Rows of this room as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shoutu.county.duties.selectors.chains import masked
from shoutu.county.kit.actors import Actor
from shoutu.county.people.selectors import Answerer
from shoutu.county.places.models import Site
from shoutu.county.sites import selectors
from shoutu.county.sites.learning import learning_until
from shoutu.county.sites.models import EnterpriseQuality, Point, PointQuality, Rule, RuleState, Source, Unclaimed
from shoutu.county.sites.standing import RAISED, words
from shoutu.county.sites.suggesting import hindrance
from shoutu.county.sites.wording import rule_sentence, unit_of_levels


def site(row: Any, care: dict[str, Any] | None) -> dict[str, Any]:
    """`row`: a Site with its point count `n` and its `standing`; `care`: of `care.of_sites`."""
    assert isinstance(row, Site)
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "organisation": row.organisation.name,
        "organisation_id": row.organisation_id,
        "territory": row.territory.name,
        "grade": row.grade,
        "params": row.params,
        "level": row.standing // RAISED,  # type: ignore[attr-defined]
        "standing": words(row.standing),  # type: ignore[attr-defined]
        "operating": row.operating or "producing",  # type: ignore[attr-defined]
        "care": care,
        "points": row.n,  # type: ignore[attr-defined]
        "latitude": row.latitude,
        "longitude": row.longitude,
    }


def answerer(row: Answerer, actor: Actor) -> dict[str, Any]:
    return {
        "post_id": row.post.pk,
        "post": row.post.title,
        "organisation": row.post.organisation.name,
        "person": masked(row.person, actor),
        "kind": row.kind,
        "rung": row.rung,
    }


def shown_device(device: dict[str, Any] | None) -> dict[str, Any] | None:
    """Settings of a device without its password, which is never shown: only that there is one."""
    if device is None or device["kind"] != "opcua":
        return device
    kept = {name: told for name, told in device.items() if name != "sealed"}
    return kept | {"password_kept": bool(device.get("sealed"))}


def source(row: Source) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "site": {"id": row.site.pk, "name": row.site.name} if row.site else None,
        "trusted": row.trusted,
        "disabled": row.disabled,
        "disabled_until": row.disabled_until,
        "zone": row.zone,
        "seconds": row.seconds,
        "tokens": [
            {
                "mn": token.mn,
                "device": shown_device(token.device),
                **{name: getattr(token, name) for name in ("id", "name", "created_at", "revoked_at")},
            }
            for token in row.tokens.all()
        ],
    }


def sender(source: int, told: dict[str, Any]) -> dict[str, Any]:
    """A device as the pipeline's table of senders has it, its times as ours."""

    def at(ms: int | None) -> datetime | None:
        return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)

    return {
        "reason": "",
        "detail": "",
        **told,
        "source": source,
        "since": at(told["since"]),
        "heard": at(told["heard"]),
    }


def point(
    row: Point, latest: dict[str, Any] | None, decimals: int | None = None, care: dict[str, Any] | None = None
) -> dict[str, Any]:
    """`care`: by `care.finder`."""
    return {
        "id": row.pk,
        "name": row.name,
        "address": row.address,
        "source": {"id": row.source.pk, "name": row.source.name},
        "site": {"id": row.site.pk, "name": row.site.name},
        "item": row.item,
        "item_title": row.item_title or row.item,
        "unit": row.unit,
        "interval_s": row.interval_s,
        "latest": latest,
        "decimals": decimals,
        "axis": row.axis,
        "care": care,
    }


def point_rule(row: Rule) -> dict[str, Any]:
    """Needs `selectors.rules_for`."""
    standing = next((v for v in row.current if v.state == RuleState.IN_FORCE), None)  # type: ignore[attr-defined]
    params = standing.params if standing else {}
    return {
        "id": row.pk,
        "version": row.version,
        "kind": row.kind,
        "title": row.title,
        "sentence": rule_sentence(row.kind, params, row.unit, row.interval_s),
        "levels": selectors.limits(params, row.kind),
        "levels_unit": unit_of_levels(row.kind, row.unit, params),
        "on_value": selectors.on_value(row.kind, params),
        "cite": row.cite,
        "verified": row.verified,
        "enabled": row.enabled,
        "learning_until": learning_until(row),
        "params": params,
    }


def rule(row: Rule) -> dict[str, Any]:
    """A rule with its point and what is proposed."""
    waiting = [v for v in row.current if v.state == RuleState.PROPOSED]  # type: ignore[attr-defined]
    return {
        **point_rule(row),
        "point": {"id": row.point.pk, "name": row.point.name} if row.point else None,
        "site": {"id": row.site_id, "name": row.site.name},
        "proposals": [
            {
                "version": version.number,
                "params": version.params,
                "enabled": version.enabled,
                "reason": version.reason,
                "proposed_at": version.proposed_at,
            }
            for version in waiting
        ],
    }


def unclaimed(row: Unclaimed) -> dict[str, Any]:
    return {
        "id": row.pk,
        "source": {"id": row.source.pk, "name": row.source.name},
        "site": {"id": row.source.site.pk, "name": row.source.site.name} if row.source.site else None,
        "address": row.address,
        "count": row.count,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "last_value": row.last_value,
        "reason": row.reason,
        "hindrance": hindrance(row),
    }


def _rate(value: float) -> float | None:
    return value if value <= 1 else None


def point_quality(row: PointQuality, repair: dict[str, Any] | None) -> dict[str, Any]:
    copied = (
        "day", "counted_s", "online_s", "away_s", "stopped_s", "readings", "expected", "covered", "late_p50_s",
        "late_p95_s", "skew_s", "stuck_s", "implausible",
    )  # fmt: skip
    mine = row.site.organisation
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in copied},
        "point": {"id": row.point.pk, "name": row.point.name},
        "site": {"id": row.site.pk, "name": row.site.name},
        "organisation": {"id": mine.pk, "name": mine.name},
        "online": _rate(row.online),
        "complete": _rate(row.complete),
        "repair": repair,
    }


def enterprise_quality(row: EnterpriseQuality, repairs: list[dict[str, Any]]) -> dict[str, Any]:
    """`repairs`: the most urgent first."""
    copied = (
        "day", "rank", "ranked", "points", "judged", "poor", "counted_s", "online_s", "away_s", "stuck_s",
        "implausible",
    )  # fmt: skip
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in copied},
        "organisation": {"id": row.organisation.pk, "name": row.organisation.name},
        "online": _rate(row.online),
        "complete": _rate(row.complete),
        "repairs": len(repairs),
        "late": sum(one["overdue"] for one in repairs),
        "repair": repairs[0] if repairs else None,
    }
