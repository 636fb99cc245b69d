"""Weather events, the messages they are made of, the townships they concern and who was called there."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.places.models import Organisation, Territory


class State(models.TextChoices):
    ACTIVE = "active", _("生效中")
    ENDED = "ended", _("已结束")


class Standing(models.TextChoices):
    """What became of a message."""

    STANDING = "standing", _("生效")
    REPLACED = "replaced", _("已更新")
    CANCELLED = "cancelled", _("已解除")
    EXPIRED = "expired", _("已到期")
    WAITING = "waiting", _("待第二人复核")
    NOTED = "noted", _("仅登记")
    REFUSED = "refused", _("未收")


class Door(models.TextChoices):
    HAND = "hand", _("手工录入")
    PASTE = "paste", _("粘贴 CAP")
    CAP = "cap", _("CAP 推送")
    WEBHOOK = "webhook", _("接口推送")


class Weather(ScopedModel):
    """One spell of weather of one type, made of the messages that stand for it; one 叫应.

    `level` is the highest of its townships now (0: over). `called_level` is what the county's own lane was called
    for, `episode` counts how often it was called anew. What the weather service warns of is no secret: every
    signed-in actor sees it; who was called follows the scope of the duties.
    """

    subject_type = "weather"

    number = models.CharField(max_length=20, unique=True)
    type = models.CharField(max_length=30)
    type_title = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    level = models.PositiveSmallIntegerField()
    peak_level = models.PositiveSmallIntegerField()
    called_level = models.PositiveSmallIntegerField(default=0)
    episode = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, default="")
    policy = models.CharField(max_length=120, blank=True, default="")
    verified = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["state", "-level"], name="weather_open")]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q()


class Message(ScopedModel):
    """One message as it came, whatever became of it; `raw` is its text. `key` makes delivering it twice harmless.

    `townships` are ids, `unmatched` the words of its areas that name nothing known.
    """

    subject_type = "weather_message"

    event = models.ForeignKey(Weather, on_delete=models.PROTECT, null=True, related_name="messages")
    key = models.CharField(max_length=64, unique=True)
    # Digest of what was asked under this key: other content under it is refused.
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
    door = models.CharField(max_length=10, choices=Door)
    sender = models.CharField(max_length=200, blank=True, default="")
    identifier = models.CharField(max_length=220, blank=True, default="")
    kind = models.CharField(max_length=10, default="alert")
    status = models.CharField(max_length=20, default="Actual")
    standing = models.CharField(max_length=10, choices=Standing)
    type = models.CharField(max_length=30, blank=True, default="")
    level = models.PositiveSmallIntegerField(default=0)
    level_assumed = models.BooleanField(default=False)
    end_assumed = models.BooleanField(default=False)
    headline = models.CharField(max_length=400, blank=True, default="")
    text = models.TextField(blank=True, default="")
    areas = models.CharField(max_length=2000, blank=True, default="")
    townships = models.JSONField(default=list)
    unmatched = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    by = models.CharField(max_length=200, blank=True, default="")
    because = models.CharField(max_length=400, blank=True, default="")
    raw = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["sender", "identifier"], name="weather_reference"),
            models.Index(fields=["ends_at"], name="weather_expiry", condition=models.Q(standing="standing")),
        ]

    def __str__(self) -> str:
        return self.identifier or f"{self.pk}"

    @property
    def end(self) -> datetime:
        """Until when it stands; what has no end of its own (it was refused) never did."""
        return self.ends_at or self.received_at

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q()


class Area(models.Model):
    """One township under an event: its level now, and what people there were called for."""

    event = models.ForeignKey(Weather, on_delete=models.PROTECT, related_name="areas")
    township = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    called_level = models.PositiveSmallIntegerField(default=0)
    episode = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "township"], name="weather_area_once")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.township_id} {self.level}"


class Called(models.Model):
    """A duty opened for an event: of one enterprise in one township, of a township, or of the county.

    `site` kinds concerned are counted in `sites`. `episode`: the area's (or event's) when people were last called.
    """

    event = models.ForeignKey(Weather, on_delete=models.PROTECT, related_name="called")
    duty = models.OneToOneField(Duty, on_delete=models.PROTECT, related_name="weather")
    lane = models.CharField(max_length=12)
    township = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    sites = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=100)
    episode = models.PositiveIntegerField(default=1)

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["event", "key"], name="weather_called_key")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.key}"


class DayNumber(models.Model):
    """The last number given on a day of the county's calendar."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.day} {self.last}"
