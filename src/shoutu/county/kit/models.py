"""Kit's own tables: the outbox of events, the catalog wings follow, leases and beats."""

from __future__ import annotations

from django.db import models


class OutboxEvent(models.Model):
    """Something changed. Written in the change's own transaction; numbered only after it has committed."""

    topic = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()
    # Place in the one order every listener sees; null until numbered.
    seq = models.BigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="outbox_unnumbered", condition=models.Q(seq__isnull=True))]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject_type} {self.subject_id}"


class CatalogItem(models.Model):
    """The present value of one key of one section; a null payload says it was removed.

    `version` is that of the last change, so the delta after V is simply the items above V.
    """

    section = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    payload = models.JSONField(null=True)
    version = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["section", "key"], name="catalog_key")]

    def __str__(self) -> str:
        return f"{self.section} {self.key} v{self.version}"


class CatalogHead(models.Model):
    """One row. `version` is the newest; followers below `floor` get everything anew (set by a restore)."""

    version = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"v{self.version}"


class Lease(models.Model):
    """Who alone may do a job until when. `fence` grows with each holder, so a late old holder is known as such."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=120)
    fence = models.BigIntegerField(default=1)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class Beat(models.Model):
    """The last sign of life of a part. `tick_at` is how far it has really come, where that differs."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    tick_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class StepState(models.Model):
    """What the worker last knew of a step: runs, failures in a row, the last error."""

    name = models.CharField(max_length=80, primary_key=True)
    runs = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    failing = models.IntegerField(default=0)
    last_run_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return self.name


class Touched(models.Model):
    """A subject whose findings of one kind are to be looked at anew: a queue, emptied by the worker.

    Rows are only ever added: one that commits late is simply looked at later.
    """

    kind = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"
