"""Entries, the tree over them, its signed heads; the erasable personal values; the log of looks."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from shoutu.county.kit import subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.kit.subjects import SubjectRef


class Entry(ScopedModel):
    """One thing that was done. `canonical` (RFC 8785) is the record; the other columns repeat it for searching."""

    uid = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=120)
    verb = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    canonical = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="entry_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"

    @property
    def body(self) -> dict[str, Any]:
        """The record as it was written: id, at, actor, verb, subject, payload, personal."""
        return json.loads(bytes(self.canonical))  # type: ignore[no-any-return]

    @property
    def payload(self) -> dict[str, Any]:
        return self.body["payload"]  # type: ignore[no-any-return]

    @property
    def subject(self) -> SubjectRef:
        return SubjectRef(self.subject_type, self.subject_id)

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        """Entries about subjects the actor sees, looked up by kind of subject and put together.

        Not one question with an OR over all kinds: for that both databases go through the whole ledger and ask of each
        entry what it may be about, which is slower for a mine and for a township alike.
        """
        seen = cls.seen_ids(actor)
        return models.Q() if seen is None else models.Q(pk__in=seen)

    @classmethod
    def seen_ids(cls, actor: Actor) -> models.QuerySet[Entry, Any] | None:
        """The ids of the entries about subjects the actor sees, each once; None where that is all of them."""
        if actor.scope.all:
            return None
        each = [
            cls.objects.filter(about, subject_type=kind.type).order_by().values("pk")
            for kind in subjects.kinds().values()
            for about in (
                (models.Q(),)
                if kind.visible is None
                else (models.Q(subject_id__in=ids) for ids in kind.all_visible(actor))
            )
        ]
        return each[0].union(*each[1:], all=True) if each else cls.objects.none()


class Unsealed(models.Model):
    """An entry that has no leaf yet: the sealer's queue, written with the entry."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="unsealed")

    def __str__(self) -> str:
        return str(self.entry_id)


class Leaf(models.Model):
    """An entry's place in the tree. `index` counts from 0 without holes."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="leaf")
    hash = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return str(self.index)


class Node(models.Model):
    """The hash of a complete subtree of 2**level leaves. `id` is level * 2**48 + number, level ≥ 1."""

    id = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return f"{self.id >> 48}/{self.id & (1 << 48) - 1}"


class Epoch(models.Model):
    """A stretch of the log between restores. The first has no `previous`; later ones name the head they came after.

    `key` is the public key (PEM) its heads are signed with.
    """

    number = models.PositiveIntegerField(primary_key=True)
    opened_at = models.DateTimeField()
    hash = models.CharField(max_length=10, default="sha256")
    key = models.TextField(default="", blank=True)
    size = models.BigIntegerField(default=0)
    previous = models.TextField(default="", blank=True)
    reason = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return str(self.number)


class TreeHead(models.Model):
    """A signed statement: the log had `size` entries and this root. `note` is the signed text itself."""

    size = models.BigIntegerField()
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT)
    at = models.DateTimeField()
    root = models.BinaryField(max_length=64)
    note = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["epoch", "size"], name="head_once")]

    def __str__(self) -> str:
        return f"{self.epoch_id}/{self.size}"


class Personal(models.Model):
    """A personal value that an entry only names by salted digest. Erasing it breaks no proof."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="personal_values")
    field = models.CharField(max_length=60)
    salt = models.CharField(max_length=32)
    value = models.TextField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="personal_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.field}"


class Access(models.Model):
    """Somebody looked at personal data. `entry` is the hourly entry that carries the root over it."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=120)
    user_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    fields = models.CharField(max_length=200)
    purpose = models.CharField(max_length=200)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True)

    def __str__(self) -> str:
        return f"{self.actor} {self.subject_type} {self.subject_id}"


class Witness(models.Model):
    """Where heads are kept outside: a folder (a stick, a share), an address that takes them by POST, an e-mail box."""

    subject_type = "witness"

    class Kind(models.TextChoices):
        FOLDER = "folder"
        URL = "url"
        MAIL = "mail"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    target = models.CharField(max_length=400)
    every_minutes = models.PositiveIntegerField(default=60)
    enabled = models.BooleanField(default=True)
    last_at = models.DateTimeField(null=True)
    last_size = models.BigIntegerField(null=True)
    last_error = models.TextField(default="", blank=True)

    objects = models.Manager()

    def __str__(self) -> str:
        return self.name


class KeptLog(ScopedModel):
    """Another installation's log whose heads are kept here, as its witness. `key`: its public key (PEM)."""

    subject_type = "kept_log"

    name = models.CharField(max_length=80, unique=True)
    origin = models.CharField(max_length=80, unique=True)
    key = models.TextField()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return models.Q() if actor.scope.all else models.Q(pk__in=[])


class KeptHead(models.Model):
    """A head of another log, as it came. `contradicts`: in words, why it cannot be of the same log as one before.

    `doubt`: in words, how its time and its length do not go together with one before. That is a log cut off, or a clock
    that was set back: which, only the log itself can prove.
    """

    log = models.ForeignKey(KeptLog, on_delete=models.PROTECT, related_name="heads")
    received_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    epoch = models.PositiveIntegerField()
    size = models.BigIntegerField()
    root = models.CharField(max_length=128)
    note = models.TextField()
    digest = models.CharField(max_length=64)
    contradicts = models.TextField(default="", blank=True)
    doubt = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "digest"], name="kept_head_once")]
        indexes = [models.Index(fields=["log", "signed_at"], name="kept_head_time")]

    def __str__(self) -> str:
        return f"{self.log_id} {self.epoch}/{self.size}"


class SentAct(models.Model):
    """What somebody did, as their device sent it: the same key sent again is the same act, done once.

    `told_at` is when it was done by the device's clock, `came_at` when the county had it. Limits count the latter.
    """

    user = models.BigIntegerField()
    key = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    verb = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    told_at = models.DateTimeField()
    came_at = models.DateTimeField()

    objects = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="sent_act_once")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id} {self.key}"
