"""A walk over all points or sites for each day that is over, in parts, which goes on after whatever stopped it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone


class WalkedDay(models.Model):
    """How far a day's walk has come. `upto`: the id of the last point or site done."""

    day = models.DateField(unique=True)
    upto = models.PositiveBigIntegerField(default=0)
    points = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = models.Manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day}"

    @classmethod
    def due(cls, now: datetime, settle: timedelta, back: int) -> date | None:
        """The oldest day over, for `settle` at least, that is not done; None: all are.

        None before the first one ever, and after a standstill `back` days at most are made up for.
        """
        over = cls.over(now, settle)
        newest = cls.last()
        day: date = over if newest is None else max(newest.day + timedelta(days=1), over - timedelta(days=back - 1))
        return day if day <= over else None

    @staticmethod
    def over(now: datetime, settle: timedelta) -> date:
        """The newest day that is over, for `settle` at least."""
        return timezone.localtime(now - settle).date() - timedelta(days=1)

    @classmethod
    def last(cls) -> Self | None:
        """The newest day that is done whole."""
        return cls.objects.filter(finished_at__isnull=False).order_by("-day").first()

    @classmethod
    def reached(cls, day: date) -> int:
        """The id of the last one done of a day; 0 before the first."""
        return cls.objects.filter(day=day).values_list("upto", flat=True).first() or 0

    @classmethod
    def begun(cls, day: date) -> Self:
        """The row of a day, made where it is the first time."""
        row, _new = cls.objects.get_or_create(day=day, defaults={"started_at": timezone.now()})
        return row

    def finish(self) -> bool:
        """Note that the day is done whole. False when it was already."""
        if self.finished_at is not None:
            return False
        self.finished_at = timezone.now()
        self.save(update_fields=["finished_at"])
        return True
