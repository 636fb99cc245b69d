"""Warnings of one cause as one event: merged by hand, or a storm the county notices by itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.warnings.models import Warning


class Group(ScopedModel):
    """Warnings that have one cause. `lead` is the one named first; each member keeps its clocks, calls and ledger.

    `cause` is what they share, such as ``"source:3"``; empty where people said so by hand.
    """

    subject_type = "warning_group"

    class Kind(models.TextChoices):
        MERGED = "merged", _("并案")
        STORM = "storm", _("同因事件")

    kind = models.CharField(max_length=10, choices=Kind)
    cause = models.CharField(max_length=40, blank=True, default="")
    title = models.CharField(max_length=120)
    reason = models.CharField(max_length=400, blank=True, default="")
    lead = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    last_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=Q(ended_at__isnull=True) & ~Q(cause=""), name="group_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def scope_filter(cls, actor: Actor) -> Q:
        """Those with a member at a site within the scope."""
        if actor.scope.all:
            return Q()
        seen = Membership.objects.filter(actor.scope.sites("warning__site"))
        return Q(pk__in=seen.values("group_id"))


class Membership(models.Model):
    """A warning in a group, from when until when."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")
    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    # Taken out by hand: it starts or joins no event by itself again.
    split = models.BooleanField(default=False)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warning"], condition=Q(left_at__isnull=True), name="member_of_one")
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.warning_id}"
