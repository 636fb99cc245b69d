"""Which alarms somebody on duty has heard and switched off."""

from __future__ import annotations

from django.db import models

from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.people.models import User
from shoutu.county.warnings.models import Warning


class SoundAck(ScopedModel):
    """One alarm heard: a warning as it stood, at one level of one calling. Called anew or raised, it sounds again."""

    scope_path = "warning__site"

    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="sound_acks")
    episode = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warning", "episode", "level"], name="sound_ack_once")]

    def __str__(self) -> str:
        return f"{self.warning_id} {self.episode} {self.level}"
