"""What was found in a day's readings, the checks on site it led to, and how far a day's search has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Point
from shoutu.county.sites.models_days import WalkedDay


class Kind(models.TextChoices):
    """As the engine names them."""

    COPIED = "copied", _("自身重放")
    CLONED = "cloned", _("与另一测点相同")
    SHIFTED = "shifted", _("另一测点错时重放")
    PATTERN = "pattern", _("固定循环")
    ROUNDED = "rounded", _("末位舍入")
    LIKED = "liked", _("末位有偏好")
    SMOOTH = "smooth", _("过于平滑")


STRONG = (Kind.COPIED, Kind.CLONED, Kind.SHIFTED, Kind.PATTERN, Kind.ROUNDED)
"""Kinds that get a check by themselves; the others upset honest series too often (docs/falsified.md)."""


class State(models.TextChoices):
    LEAD = "lead", _("线索")
    CHECKING = "checking", _("待现场核查")
    REAL = "real", _("属实")
    FAULT = "fault", _("设备故障")
    NORMAL = "normal", _("正常")


UNDECIDED = (State.LEAD, State.CHECKING)


class Hidden(ScopedModel):
    """Of a site's county bodies only: no enterprise, nor whoever is called in, sees what is suspected."""

    class Meta:
        abstract = True

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        return Q(pk__in=[]) if actor.outside else actor.scope.sites(cls.scope_path)


class SearchDay(WalkedDay):
    """One day's search, site by site. `points`: those searched; `left`: those for whose readings there was no room;
    `aside`: those whose search failed; `failures`: how often one did."""

    left = models.PositiveIntegerField(default=0)
    aside = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)


class Owed(models.Model):
    """A site's day to be searched once more: the search of some of its points failed, or readings of it came in later.

    `points` of the site; `why` a search failed, as the program said it. `settled_at`: when the search that went well
    began; nothing that was received before it is owed.
    """

    class Cause(models.TextChoices):
        FAILED = "failed"
        LATE = "late"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    cause = models.CharField(max_length=8, choices=Cause)
    points = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=400, blank=True, default="")
    noted_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="falsified_owed_once")]
        indexes = [models.Index(fields=["settled_at", "day"], name="falsified_owed_open")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.day}"


class Check(Hidden):
    """现场核查 of one site, unannounced: one at a time, for all that is found there meanwhile."""

    subject_type = "falsified_check"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    # The day it was opened by the search; null: a person did.
    day = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site"], condition=Q(ended_at__isnull=True), name="falsified_check_one")
        ]

    def __str__(self) -> str:
        return self.site.name


class Finding(Hidden):
    """A stretch of a point's readings beside what it is suspected to be made of. Times UTC ms, ends inclusive.

    Found again on later days it stays one: `last_day` and `times` say so. `bits`: anything alike among all that was
    compared comes by chance with 2^-bits, under the assumptions of docs/falsified.md. `more`: with the first of a site
    and day, how many others of them were not put down one by one.
    """

    subject_type = "falsified_finding"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.LEAD)
    check_on_site = models.ForeignKey(Check, on_delete=models.PROTECT, null=True, related_name="findings")
    day = models.DateField()
    last_day = models.DateField()
    times = models.PositiveIntegerField(default=1)
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    readings = models.PositiveIntegerField()
    beside = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="+")
    beside_start = models.BigIntegerField(null=True)
    beside_end = models.BigIntegerField(null=True)
    factor = models.FloatField(default=1.0)
    offset = models.FloatField(default=0.0)
    bits = models.FloatField()
    zh = models.CharField(max_length=400)
    en = models.CharField(max_length=400)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, blank=True, default="")
    note = models.CharField(max_length=1000, blank=True, default="")
    more = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["state", "bits"], name="falsified_state"),
            models.Index(fields=["point", "kind"], name="falsified_same"),
            models.Index(fields=["site", "day"], name="falsified_site"),
        ]

    def __str__(self) -> str:
        return f"{self.point.name}：{Kind(self.kind).label}"
