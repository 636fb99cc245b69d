"""What wings follow: this room's sections of the catalog, as docs/architecture.md gives their shapes."""

from __future__ import annotations

from typing import Any

from shoutu.county.kit import catalog
from shoutu.county.sites.models import Point, Rule, RuleVersion, Source

SOURCES = catalog.section("sources")
POINTS = catalog.section("points")
RULES = catalog.section("rules")


def publish_source(source: Source) -> None:
    """Tell the wings about a source and the tokens that speak for it now."""
    live = list(
        source.tokens.filter(revoked_at__isnull=True).order_by("id").values_list("hash", "mn", "device", "pk", "name")
    )
    stations = [digest for digest, mn, *_ in live if mn]
    devices = [{**device, "id": pk, "name": name} for _, _, device, pk, name in live if device]
    catalog.publish(
        SOURCES,
        source.pk,
        {
            "id": source.pk,
            "name": source.name,
            "trusted": source.trusted,
            "disabled": source.disabled,
            "token_hashes": [digest for digest, mn, device, *_ in live if not mn and not device],
            **({"station_hashes": stations} if stations else {}),
            **({"devices": devices} if devices else {}),
            **({"zone": source.zone} if source.zone else {}),
            **({"seconds": True} if source.seconds else {}),
        },
    )


def point_payload(point: Point) -> dict[str, Any]:
    """A point as wings know it."""
    return {
        "id": point.pk,
        "source": point.source_id,
        "address": point.address,
        "site": point.site_id,
        "item": point.item,
        "unit": point.unit,
        "interval_s": point.interval_s,
        "low": point.low,
        "high": point.high,
        "danger": point.danger,
    }


def publish_points(points: list[Point]) -> None:
    """Tell the wings about points, all under one version."""
    catalog.publish_many(POINTS, {point.pk: point_payload(point) for point in points})


def rule_payload(rule: Rule, version: RuleVersion) -> dict[str, Any]:
    """A rule as wings know it."""
    return {
        "id": rule.pk,
        "version": version.number,
        **({"point": rule.point_id} if rule.point_id else {"site": rule.site_id}),
        "kind": rule.kind,
        "params": version.params,
    }


def publish_rules(pairs: list[tuple[Rule, RuleVersion]]) -> None:
    """Tell the wings what these rules say now; a rule switched off is removed. All under one version."""
    catalog.publish_many(
        RULES, {rule.pk: rule_payload(rule, version) if rule.enabled else None for rule, version in pairs}
    )
