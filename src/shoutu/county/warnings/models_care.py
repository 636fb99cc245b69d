"""Who keeps a rule quiet and true: its owner, when it is to be looked at again, how many false alarms are too many."""

from __future__ import annotations

from django.db import models

from shoutu.county.kit.selectors import ScopedModel
from shoutu.county.people.models import Post
from shoutu.county.sites.models import Rule


class RuleCare(ScopedModel):
    """`limit`: false alarms a month at its point, null for no limit; they count from `reviewed_at`."""

    subject_type = "rule_care"
    scope_path = "rule__site"

    rule = models.OneToOneField(Rule, on_delete=models.PROTECT, related_name="care")
    owner = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField()
    limit = models.FloatField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    # How often it was asked for: the key of the duty that asks.
    asked = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.review_on}"
