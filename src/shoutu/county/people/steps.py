"""What the worker does for people: opens what has come within its lead time."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.people.services import open_due


@step("people.obligations", every=60.0, lane="people", title=_("派出到期责任"))
def obligations() -> bool:
    return open_due()
