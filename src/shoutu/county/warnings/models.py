"""Warnings, the rules and points that take part in one, and each change of level."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Point, Rule, Signal
from shoutu.county.warnings.course import Facts, Place


class State(models.TextChoices):
    CALLING = "calling", _("叫应中")
    VERIFYING = "verifying", _("待核实")
    DISPOSING = "disposing", _("待处置")
    FEEDBACK = "feedback", _("待反馈")
    CLOSABLE = "closable", _("可关闭")
    CLOSED = "closed", _("已关闭")


class Result(models.TextChoices):
    REAL = "real", _("真警")
    FALSE_ALARM = "false_alarm", _("误报")
    DEVICE_FAULT = "device_fault", _("设备故障")


class Reason(models.TextChoices):
    """Why it was a false alarm: the reasons offered when verifying."""

    CALIBRATION = "calibration", _("标校")
    POWER_SWITCH = "power_switch", _("断电/停机切换")
    SENSOR_MOVED = "sensor_moved", _("传感器拆除移位")
    EXHAUST = "exhaust", _("车辆尾气")
    BLASTING = "blasting", _("放炮")
    TRANSMISSION = "transmission", _("传输故障")
    WRONG_THRESHOLD = "wrong_threshold", _("误设阈值")
    OTHER = "other", _("其他")


class Warning(ScopedModel):
    """One danger (or device fault) at one site and item, while it lasts.

    `level` is what people are called for, `current_level` what the signals say now, `peak_level` the highest ever.
    `below_since` is since when the current level has stood below `level`. `episode` counts how often people were
    called anew. `key` is unique while the warning is open, so there is one per site and item.
    """

    subject_type = "warning"

    number = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=160)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="warnings")
    category = models.CharField(max_length=10)
    item = models.CharField(max_length=60)
    item_title = models.CharField(max_length=60)
    # The point and rule that speak for it: those of the highest level.
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="+")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, null=True, related_name="+")
    rule_version = models.PositiveIntegerField(null=True)
    level = models.PositiveSmallIntegerField()
    peak_level = models.PositiveSmallIntegerField()
    current_level = models.PositiveSmallIntegerField()
    below_since = models.DateTimeField(null=True)
    episode = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=20, choices=State, default=State.CALLING)
    title = models.CharField(max_length=200)
    sentence = models.CharField(max_length=400, blank=True, default="")
    value = models.FloatField(null=True)
    threshold = models.FloatField(null=True)
    direction = models.CharField(max_length=10, null=True)
    started_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    last_signal_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=1)
    answered_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=20, choices=Result, null=True)
    # Words: those of a Reason, or the verifier's own.
    reason = models.CharField(max_length=60, blank=True, default="")
    disposed_at = models.DateTimeField(null=True)
    withdrawn = models.BooleanField(default=False)
    fed_back_at = models.DateTimeField(null=True)
    backfill = models.BooleanField(default=False)
    late = models.BooleanField(default=False)
    verified_source = models.BooleanField(default=False)
    unknown_now = models.BooleanField(default=False)
    policy = models.CharField(max_length=120, blank=True, default="")
    # In what the site was found: "stopped" (停产封条), "blasting" (放炮时段, until then), "" for neither.
    circumstance = models.CharField(max_length=10, blank=True, default="")
    circumstance_until = models.DateTimeField(null=True)
    # Closed by somebody whose closing another must review; null when none waits.
    close_asked_at = models.DateTimeField(null=True)
    close_asked_by = models.CharField(max_length=120, blank=True, default="")
    close_asked_user = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(closed_at__isnull=True), name="warning_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["-level", "-opened_at"], name="warning_open", condition=~models.Q(state="closed")),
            models.Index(fields=["site", "item", "-id"], name="warning_before"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def unit(self) -> str:
        """In what its value and limit are told: a sum of a rate per hour has lost the hour."""
        own = self.point.unit if self.point else ""
        return str(self.rule.words.get("unit", own)) if self.rule else own

    def facts(self) -> Facts:
        """What decides its stage, for the pure course."""
        return Facts(
            category=self.category,
            current=self.current_level,
            unknown=self.unknown_now,
            answered=self.answered_at is not None,
            result=self.result,
            disposed=self.disposed_at is not None,
            fed_back=self.fed_back_at is not None,
            closed=self.closed_at is not None,
        )


class Member(models.Model):
    """One rule at one point taking part in a warning, with the level it stands at.

    shard, seq, ordinal are those of the signal that put it there.
    """

    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="members")
    # 0 where no rule of the catalog or no single point raised it (silence of a whole source or site, a clock).
    rule_id = models.BigIntegerField()
    point_id = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    source_id = models.BigIntegerField(default=0)
    level = models.PositiveSmallIntegerField()
    value = models.FloatField(null=True)
    threshold = models.FloatField(null=True)
    shard = models.IntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    ordinal = models.IntegerField(default=0)
    at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warning", "rule_id", "point_id", "kind"], name="member_once")]
        # Those at a level now are few among all there ever were; lists that begin with the worst ask for them.
        indexes = [models.Index(fields=["level", "warning"], name="member_level")]

    def __str__(self) -> str:
        return f"{self.warning_id} {self.kind} {self.level}"


class Heard(models.Model):
    """The newest signal of one rule at one point, kept whether or not a warning was open.

    A signal taken in late (set aside and tried again, delivered anew after its row was cleaned out) finds its place
    by it: what a later signal has said already still holds.
    """

    # 0 where there is none; source and site only where there is no single point.
    rule_id = models.BigIntegerField()
    point_id = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    source_id = models.BigIntegerField(default=0)
    site_id = models.BigIntegerField(default=0)
    shard = models.IntegerField()
    seq = models.BigIntegerField()
    ordinal = models.IntegerField()
    received = models.BigIntegerField()
    level = models.PositiveSmallIntegerField()

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_id", "point_id", "kind", "source_id", "site_id"], name="heard_once")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.point_id} {self.kind} {self.level}"

    @property
    def place(self) -> Place:
        return Place(self.shard, self.seq, self.ordinal, self.received)


class Event(models.Model):
    """A change of level, as the engine told it. `at` is event time."""

    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="events")
    signal = models.OneToOneField(Signal, on_delete=models.PROTECT, null=True, related_name="event")
    at = models.DateTimeField()
    level_from = models.PositiveSmallIntegerField()
    level_to = models.PositiveSmallIntegerField()
    value = models.FloatField(null=True)
    point_id = models.BigIntegerField(default=0)
    flags = models.JSONField(default=list)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.warning_id} {self.level_from}→{self.level_to}"


class DayNumber(models.Model):
    """The last number given on a day of the county's calendar."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.day} {self.last}"


# Django finds an app's models by this module.
from shoutu.county.warnings.models_care import RuleCare  # noqa: E402
from shoutu.county.warnings.models_evacuation import Evacuation, EvacuationState, HeadCount, HeadKind  # noqa: E402
from shoutu.county.warnings.models_evidence import Evidence, Origin  # noqa: E402
from shoutu.county.warnings.models_groups import Group, Membership  # noqa: E402
from shoutu.county.warnings.models_reports import (  # noqa: E402
    Dispatch,
    Order,
    OrderVersion,
    Report,
    ReportKind,
    ReportPlan,
    Superior,
)
from shoutu.county.warnings.models_silences import HeldBack, Silence, Withheld  # noqa: E402

__all__ = [
    "DayNumber",
    "Dispatch",
    "Evacuation",
    "EvacuationState",
    "Event",
    "Evidence",
    "Group",
    "HeadCount",
    "HeadKind",
    "Heard",
    "HeldBack",
    "Member",
    "Membership",
    "Order",
    "OrderVersion",
    "Origin",
    "Reason",
    "Report",
    "ReportKind",
    "ReportPlan",
    "Result",
    "RuleCare",
    "Silence",
    "State",
    "Superior",
    "Warning",
    "Withheld",
]
