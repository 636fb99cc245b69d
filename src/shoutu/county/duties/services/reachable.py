"""Who cannot be called: a finding before the accident. Looked at per organisation, so that one duty asks for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import Contact, Trial
from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.models import Holding, Post, Responsibility, User
from shoutu.county.people.selectors import at_time

UNREACHABLE = "duties.unreachable"
LANE: dict[str, Any] = {
    "policy": "duties/unreachable@1",
    "verified": False,
    "chain": [{"who": "county_duty", "answer_s": 86_400}, {"who": "county_leader", "answer_s": 86_400}],
    "due_s": {"dispose": 7 * 86_400},
    "orders": ["核对电话，登记能叫到人的通道", "试叫一次，看本人应答"],
    "retry_s": [60],
}
"""Who sees to it: the county's duty officer, in working days, until somebody answers a test."""


def _called_posts() -> Any:
    """Posts that may be called now: those that answer for something."""
    return at_time(Responsibility.objects.all(), timezone.now()).values("post_id")


def bodies() -> list[SubjectRef]:
    """The organisations with posts that may be called."""
    ids = Post.objects.filter(pk__in=_called_posts()).values_list("organisation_id", flat=True).distinct()
    return [SubjectRef("organisation", id) for id in ids.order_by("organisation_id")]


def organisations_of(people: Iterable[int]) -> set[int]:
    """The organisations in which these people sit on a post now."""
    seats = at_time(Holding.objects.filter(person_id__in=list(people)), timezone.now())
    return set(seats.values_list("post__organisation_id", flat=True))


def unreachable(organisation: SubjectRef) -> Iterator[Gap]:
    """One gap for each person on a called post whom no channel reaches; optional where the application alone does.

    A contact works when it and its channel are on and its last test call, if it had one, was not missed.
    """
    seats = at_time(
        Holding.objects.filter(post__organisation_id=organisation.id, post_id__in=_called_posts()), timezone.now()
    )
    posts: dict[int, str] = {}
    for seat in seats.select_related("post").order_by("post_id", "rank"):
        posts.setdefault(seat.person_id, seat.post.title)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for contact in Contact.objects.filter(person_id__in=posts, enabled=True).select_related("channel"):
        if contact.channel is None or contact.channel.enabled:
            contacts[contact.person_id].append(contact)
    accounts = set(User.objects.filter(person_id__in=posts, is_active=True).values_list("person_id", flat=True))
    silent = missed_last([contact.pk for own in contacts.values() for contact in own])
    for person, post in posts.items():
        own = contacts[person]
        if any(contact.pk not in silent for contact in own):
            continue
        if own:
            yield Gap(f"person:{person}", _("%(post)s：上次试叫没有一条通道应答") % {"post": post})
        elif person in accounts:
            yield Gap(
                f"person:{person}", _("%(post)s：只有应用内一条通道，离开屏幕就叫不到") % {"post": post}, optional=True
            )
        else:
            yield Gap(f"person:{person}", _("%(post)s：没有账号，也没有登记通道，叫不到") % {"post": post})


def missed_last(contacts: Iterable[int]) -> set[int]:
    """Those of these contacts whose newest finished test call was not answered."""
    ended: dict[int, bool] = {}
    rows = Trial.objects.filter(contact_id__in=list(contacts)).order_by("called_at", "id")
    for contact, answered, missed in rows.values_list("contact_id", "answered_at", "missed_at"):
        if answered is not None or missed is not None:
            ended[contact] = answered is None
    return {contact for contact, silent in ended.items() if silent}
