"""Silences of calls, and what each held back; of a point under calibration, what it would have raised."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.people.models import User
from shoutu.county.places.models import Site
from shoutu.county.sites.models import Point, Signal
from shoutu.county.warnings.models import Warning


class Silence(ScopedModel):
    """For a time, calls for warnings of a site, a point or one warning are held back. Red is never held back.

    It holds by its times alone: past `ends_at` nothing is held, whatever the worker does. `begun_at` and `ended_at`
    say when those concerned were told; `ended_at` before `ends_at` is an early end (解除).

    `mutes`: it marks its point as under maintenance or calibration, which raises nothing new; `withheld` counts that.
    """

    subject_type = "silence"

    class Kind(models.TextChoices):
        SILENCE = "silence", _("静默")
        MAINTENANCE = "maintenance", _("维护")
        CALIBRATION = "calibration", _("标校")

    kind = models.CharField(max_length=20, choices=Kind)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="silences")
    # At most one of both: the whole site without either.
    point = models.ForeignKey(Point, on_delete=models.PROTECT, null=True, related_name="silences")
    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, null=True, related_name="silences")
    reason = models.CharField(max_length=400)
    alone = models.BooleanField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_label = models.CharField(max_length=200)
    agreed_label = models.CharField(max_length=200, blank=True, default="")
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_label = models.CharField(max_length=200, blank=True, default="")
    # How often a red broke through it.
    broken = models.PositiveIntegerField(default=0)
    mutes = models.BooleanField(default=False)
    withheld = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["site", "ends_at"], name="silence_open", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["-ends_at"], name="silence_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.site_id} {self.starts_at:%m-%d %H:%M}"

    def state(self, now: datetime) -> str:
        """planned, running, ended (its time was up) or revoked."""
        if self.ended_at is not None and self.ended_at < self.ends_at:
            return "revoked"
        if now >= self.ends_at:
            return "ended"
        return "running" if now >= self.starts_at else "planned"

    def where(self) -> str:
        """「甲矿尾矿库 JR-03 断面」"""
        if self.warning is not None:
            return f"{self.site.name} {self.warning.number}"
        return f"{self.site.name} {self.point.name}" if self.point is not None else self.site.name


class HeldBack(models.Model):
    """One warning whose calls a silence held back, and the highest level it had then."""

    silence = models.ForeignKey(Silence, on_delete=models.PROTECT, related_name="held")
    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    # How calling went on: called, broken (red), fallen (only verified), over (closed), other (another silence).
    outcome = models.CharField(max_length=10, blank=True, default="")
    released_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["silence", "warning"], name="held_once")]

    def __str__(self) -> str:
        return f"{self.silence_id} {self.warning_id}"


class Withheld(models.Model):
    """A signal of a marked point that raised, or lowered, nothing. `let_out_at`: when the mark ended for it.

    `signal`: null once the inbox was cleaned; what it told stays here and in the ledger.
    """

    silence = models.ForeignKey(Silence, on_delete=models.PROTECT, related_name="signals")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, null=True, related_name="withheld")
    rule_id = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    level_from = models.PositiveSmallIntegerField()
    level_to = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    let_out_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["silence", "signal"], name="withheld_once")]
        indexes = [models.Index(fields=["silence"], name="withheld_waits", condition=Q(let_out_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.silence_id} {self.level_from}→{self.level_to}"
