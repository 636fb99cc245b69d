"""Photographs that prove what was seen and done: the original as it came, and the copy people are shown."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.selectors import ScopedModel


class Origin(models.TextChoices):
    CAMERA = "camera", _("现场拍摄")
    GALLERY = "gallery", _("相册选取")


class Evidence(ScopedModel):
    """One photograph about a warning. `sha256` is of the original, byte for byte; the same bytes lie there once.

    `origin`, `taken_at` (from the picture itself), `seen_at` (when the device took it up) and where the device stood
    then (WGS 84, degrees; `accuracy_m` metres) are what the sender and its device say, not what is proved.
    """

    subject_type = "evidence"
    scope_path = "warning__site"

    warning = models.ForeignKey("warnings.Warning", on_delete=models.PROTECT, related_name="evidence")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    origin = models.CharField(max_length=10, choices=Origin)
    taken_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    note = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warning", "sha256"], name="evidence_once")]

    def __str__(self) -> str:
        return self.sha256[:12]
