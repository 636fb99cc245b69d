"""A file somebody wants to import, and its rows as they were read: staged, judged, and only then written."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel


class State(models.TextChoices):
    UPLOADED = "uploaded", _("等待试读")
    READING = "reading", _("正在试读")
    CHECKED = "checked", _("试读完")
    REFUSED = "refused", _("读不了")
    CONFIRMED = "confirmed", _("正在导入")
    FOLLOWING = "following", _("已导入，正在跟进")
    DONE = "done", _("已导入")
    DISCARDED = "discarded", _("已放弃")


class Import(ScopedModel):
    """One file for one table. Whoever sent it sees it and nobody else: its rows may hold personal values."""

    subject_type = "import"

    table = models.CharField(max_length=40)
    user_id = models.BigIntegerField(db_index=True)
    token_id = models.BigIntegerField(null=True)
    language = models.CharField(max_length=10)
    file = models.CharField(max_length=200)
    stored = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State, default=State.UPLOADED, db_index=True)
    # Why it cannot be read, or what happened on the way.
    message = models.TextField(blank=True, default="")
    notes = models.JSONField(default=list)
    titles = models.JSONField(default=list)
    # For each column of the file its name in the table, or null.
    order = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    noted = models.PositiveIntegerField(default=0)
    plan = models.CharField(max_length=64, blank=True, default="")
    # What is still to be told to others after the commit: [[kind, id], …].
    follow = models.JSONField(default=list)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # When whoever sent it was shown that it was refused.
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q(user_id=actor.user_id) if actor.user_id is not None else models.Q(pk__in=[])


class ImportRow(models.Model):
    """A row as it was read, with what would come of it."""

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    formulas = models.JSONField(default=list)
    state = models.CharField(max_length=10)
    errors = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    changes = models.JSONField(default=list)

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["job", "state", "number"], name="import_row")]

    def __str__(self) -> str:
        return f"{self.job_id}:{self.number}"
