"""What the worker does for people: opens what has come within its lead time."""

from __future__ import annotations

from shoutu.county.kit.steps import step
from shoutu.county.people.services import open_due


@step("people.obligations", every=60.0, lane="people")
def obligations() -> bool:
    return open_due()
