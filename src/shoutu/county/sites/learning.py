"""Until when a rule that learns what is usual at its point says nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from shoutu.county.sites.models import Rule, RuleState

KIND = "anomaly"


def learning_s(params: Mapping[str, Any], interval_s: float) -> float:
    """How long it learns where no reading is missing: a time, and a number of readings."""
    return max(float(params.get("learn_s", 604_800)), float(params.get("min_samples", 500)) * interval_s)


def learning_until(rule: Rule) -> datetime | None:
    """About when it can speak, None when that is past or it does not learn.

    It has learnt since the first version of those that follow one another, switched on and by the same local time:
    what one has learnt the next goes on with. The pipeline counts the readings there are; missing ones make it longer,
    older ones that were sent after shorter.
    """
    if rule.kind != KIND or not rule.enabled:
        return None
    begun: datetime | None = None
    params: dict[str, Any] = {}
    told = rule.versions.exclude(state__in=(RuleState.PROPOSED, RuleState.REJECTED)).order_by("-number")
    for version in told:
        params = params or version.params
        if not version.enabled or version.params.get("utc_offset_h") != params.get("utc_offset_h"):
            break
        begun = version.decided_at or version.proposed_at
    if begun is None:
        return None
    until = begun + timedelta(seconds=learning_s(params, rule.interval_s))
    return until if until > timezone.now() else None
