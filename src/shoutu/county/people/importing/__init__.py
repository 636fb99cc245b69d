"""Persons, posts with who sits on them, responsibility and shifts from a table: judged and written as a whole.

Nothing that was true is rewritten: a seat, a responsibility or a shift is ended or added, never changed backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.importing.persons import apply_persons, plan_persons
from shoutu.county.people.importing.posts import apply_posts, plan_posts
from shoutu.county.people.importing.responsibilities import apply_responsibilities, plan_responsibilities
from shoutu.county.people.importing.shifts import apply_shifts, plan_shifts

__all__ = [
    "apply_persons",
    "apply_posts",
    "apply_responsibilities",
    "apply_shifts",
    "follow",
    "plan_persons",
    "plan_posts",
    "plan_responsibilities",
    "plan_shifts",
]

TOPICS = {
    "person": ("roster.changed", "person"),
    "post": ("roster.changed", "post"),
    "responsible": ("responsibility.changed", "post"),
}


def follow(kind: str, ids: Sequence[int]) -> None:
    """Tell whoever listens that these have changed."""
    topic, subject = TOPICS[kind]
    for one in ids:
        emit(topic, SubjectRef(subject, one))
