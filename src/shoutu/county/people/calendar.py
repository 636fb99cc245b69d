"""The roster over days: who is on which post when, where nobody is, and who is in two places at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from shoutu.county.people.models import Post, Shift


def shifts_between(posts: Iterable[Post], start: datetime, end: datetime) -> list[Shift]:
    """Shifts that stand and touch [start, end), in order."""
    found = Shift.objects.filter(
        post__in=[post.pk for post in posts], cancelled_at=None, starts_at__lt=end, ends_at__gt=start
    )
    return list(found.select_related("person", "handover").order_by("starts_at", "id"))


def gaps(posts: list[Post], start: datetime, end: datetime) -> Iterator[tuple[Post, datetime, datetime]]:
    """Times in [start, end) in which nobody is rostered to a post on shift."""
    by_post: dict[int, list[Shift]] = defaultdict(list)
    for shift in shifts_between(posts, start, end):
        by_post[shift.post_id].append(shift)
    for post in posts:
        until = start
        for shift in by_post[post.pk]:
            if shift.starts_at > until:
                yield post, until, shift.starts_at
            # Signed out early: from then on nobody is there.
            until = max(until, min(shift.ends_at, shift.signed_out_at or shift.ends_at))
        if until < end:
            yield post, until, end


def doubles(start: datetime, end: datetime) -> Iterator[tuple[Shift, Shift]]:
    """Pairs of shifts in [start, end) that put one person in two places at once."""
    found = Shift.objects.filter(cancelled_at=None, signed_out_at=None, starts_at__lt=end, ends_at__gt=start)
    by_person: dict[int, list[Shift]] = defaultdict(list)
    for shift in found.select_related("person", "post__organisation").order_by("starts_at", "id"):
        for other in by_person[shift.person_id]:
            if other.ends_at > shift.starts_at:
                yield other, shift
        by_person[shift.person_id].append(shift)
