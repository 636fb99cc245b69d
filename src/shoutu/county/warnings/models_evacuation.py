"""停产撤人 with its head-count: how many were in, who has been confirmed out, how many are still missing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Point


class EvacuationState(models.TextChoices):
    GOING = "going", _("撤人中")
    OUT = "out", _("人已撤清，停产中")
    RESUMED = "resumed", _("已复工")


class Evacuation(ScopedModel):
    """Work stopped and people withdrawn at one site, from the order until work may resume: one open per site.

    `total` is how many were in when it was ordered, corrections included; null while nobody knows, which is never
    read as zero. `out` is how many of them are confirmed out. `level` is the highest that asked for it.
    """

    subject_type = "evacuation"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="evacuations")
    warnings = models.ManyToManyField("warnings.Warning", related_name="evacuations")
    state = models.CharField(max_length=20, choices=EvacuationState, default=EvacuationState.GOING)
    level = models.PositiveSmallIntegerField()
    ordered_at = models.DateTimeField()
    ordered_by = models.CharField(max_length=120)
    total = models.PositiveIntegerField(null=True)
    out = models.PositiveIntegerField(default=0)
    # Where the first number is from: the points' readings, or words ("调度室口头报").
    source = models.CharField(max_length=120, blank=True, default="")
    counted_at = models.DateTimeField(null=True)
    # The reading was old already, or flagged by the device.
    doubtful = models.BooleanField(default=False)
    # How often its duty was opened: found not to be out after all, people are called anew.
    calls = models.PositiveIntegerField(default=0)
    cleared_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=models.Q(resumed_at__isnull=True), name="evacuation_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.state}"

    @property
    def missing(self) -> int | None:
        """How many are not confirmed out; None while the number is unknown."""
        return None if self.total is None else self.total - self.out


class HeadKind(models.TextChoices):
    SET = "set", _("报人数")
    OUT = "out", _("确认已出")
    POSITIONING = "positioning", _("按定位确认已出")
    MORE = "more", _("人数增加")
    BACK = "back", _("撤回确认")
    FEWER = "fewer", _("人数减少")


class HeadCount(models.Model):
    """One step of the count. `names` are personal and can be erased; `group` names a shift or place, not a person."""

    evacuation = models.ForeignKey(Evacuation, on_delete=models.PROTECT, related_name="counts")
    # Sent twice (a phone without signal repeats itself), counted once.
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=20, choices=HeadKind)
    amount = models.PositiveIntegerField()
    names = models.JSONField(default=list, blank=True)
    group = models.CharField(max_length=60, blank=True, default="")
    reason = models.CharField(max_length=400, blank=True, default="")
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="+")
    read_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evacuation", "key"], name="head_count_once")]

    def __str__(self) -> str:
        return f"{self.evacuation_id} {self.kind} {self.amount}"
