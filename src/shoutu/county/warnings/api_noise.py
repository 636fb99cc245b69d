"""误报 over HTTP: how often rules were right, who owns them, and their reviews."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.limits import Limit
from shoutu.county.warnings import noise, services

router = Router()


class NoisyRule(Schema):
    """A rule, or all rules of one rule of a pack (`rule` null). `rate`: false ones per point and 30 days."""

    key: str
    rule: int | None
    point: int | None
    title: str
    where: str
    origin: str
    points: int
    raised: int
    real: int
    false_alarm: int
    device_fault: int
    unjudged: int
    rate: float
    reasons: dict[str, int]
    owner: str | None
    owner_id: int | None
    review_on: date | None
    limit: float | None


class Noise(Schema):
    """The noisiest first, and what all false ones were made of."""

    items: list[NoisyRule]
    count: int
    days: int
    raised: int
    false: int
    reasons: dict[str, int]


class CareIn(Schema):
    """Owner (a post's id), next review, and the most false alarms a month before a review is asked for at once."""

    owner: int = Field(ge=1)
    review_on: date
    limit: float | None = None


class RuleReviewIn(Schema):
    """What the review found, and when the next is due."""

    note: str = Field(max_length=2000)
    review_on: date


class Care(Schema):
    """Who owns a rule and when it is reviewed next."""

    rule_id: int
    owner_id: int
    review_on: date
    limit: float | None


@router.get("/noise", response=Noise, throttle=Limit("read"))
def get_noise(request: HttpRequest, days: Literal["30", "90"] = "30", by: Literal["rule", "pack"] = "rule") -> Any:
    """False alarms per rule or per pack rule over 30 or 90 days, the noisiest first."""
    actor = asker(request)
    actor.require("warning.read")
    return noise.noise(actor, int(days), by)


@router.put("/rules/{id}/care", response=Care)
def put_care(request: HttpRequest, id: int, body: CareIn) -> Any:
    """Who owns a rule, its next review, its limit of false alarms a month."""
    return services.set_care(asker(request), id, body.owner, body.review_on, body.limit)


@router.post("/rules/{id}/review", response=Care)
def review(request: HttpRequest, id: int, body: RuleReviewIn) -> Any:
    """The rule was reviewed: its duty is done, its false alarms count anew."""
    return services.review_rule(asker(request), id, body.note, body.review_on)
