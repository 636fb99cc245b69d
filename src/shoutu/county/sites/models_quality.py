"""How good the readings of a day were: a row per point, and 在线率 per enterprise."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Organisation, Site
from shoutu.county.sites.models_days import WalkedDay

NOT_JUDGED = 2.0
"""The rate of what was under maintenance, or stood still, all day: behind all others, and shown as none."""


class QualityDay(WalkedDay):
    """One day's reckoning, point by point."""


class PointQuality(ScopedModel):
    """One point's day. Seconds; `counted_s` is the day without `away_s`, of which `stopped_s` for a site at rest.

    `online`, `complete`: rates of 0 to 1, NOT_JUDGED where nothing counted.
    """

    subject_type = "point_quality"

    point = models.ForeignKey("sites.Point", on_delete=models.PROTECT, related_name="quality")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    online = models.FloatField()
    complete = models.FloatField()
    counted_s = models.FloatField()
    online_s = models.FloatField()
    away_s = models.FloatField()
    stopped_s = models.FloatField()
    readings = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()
    covered = models.PositiveIntegerField()
    late_p50_s = models.FloatField(null=True)
    late_p95_s = models.FloatField(null=True)
    # How far its clock is ahead; negative: behind.
    skew_s = models.FloatField(null=True)
    # Null: no rule says how long its value may stay the same.
    stuck_s = models.FloatField(null=True)
    implausible = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "day"], name="point_quality_once")]
        indexes = [
            models.Index(fields=["day", "online", "id"], name="point_quality_worst"),
            models.Index(fields=["day", "site"], name="point_quality_site"),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.day}"


class EnterpriseQuality(ScopedModel):
    """One enterprise's day, all its points together. `rank`: 1 is the best, the same rate the same rank; null unjudged.

    Whoever sees the enterprise sees its rate, which speaks of all its sites.
    """

    subject_type = "enterprise_quality"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    online = models.FloatField()
    complete = models.FloatField()
    rank = models.PositiveIntegerField(null=True)
    ranked = models.PositiveIntegerField()
    points = models.PositiveIntegerField()
    judged = models.PositiveIntegerField()
    poor = models.PositiveIntegerField()
    counted_s = models.FloatField()
    online_s = models.FloatField()
    away_s = models.FloatField()
    stuck_s = models.FloatField()
    implausible = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "day"], name="enterprise_quality_once")]
        indexes = [models.Index(fields=["day", "online", "id"], name="enterprise_quality_worst")]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.day}"

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        return Q() if actor.scope.all else Q(organisation__in=Organisation.objects.visible_to(actor))
