"""号码核对: whose number is known to answer, worked out for all at once.

A number is known to answer when somebody answered a call or a test call that went to one of the person's own contacts,
since that contact last got another address. An answer given in the application tells nothing about the number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, Contact, Duty, Finding, Notice, Trial
from shoutu.county.duties.services.reachable import unreachable
from shoutu.county.kit.findings import Gap
from shoutu.county.kit.selectors import among
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.matrix import Cover, places_among
from shoutu.county.people.models import Holding, Person, Post, Responsibility, Rung, Shift
from shoutu.county.people.selectors import at_time
from shoutu.county.places.models import Organisation, Site

NUMBER = "duties.number"
AHEAD = timedelta(days=7)
"""How far ahead the roster is looked at."""
URGENCIES = ("on_duty", "rostered", "principal", "other")
STATES = ("none", "silent", "never", "reached")
"""The worst first: no contact at all; tried and not answered since it last did; never tried; known to answer."""
LANE: dict[str, Any] = {
    "policy": "duties/number@1",
    "verified": False,
    "chain": [{"who": "county_duty", "answer_s": 86_400}, {"who": "county_leader", "answer_s": 86_400}],
    "due_s": {"dispose": 3 * 86_400},
    "orders": ["核对号码，错的改掉", "试叫一次，看本人应答", "上班前叫不到的，换人值班"],
    "retry_s": [60],
}
"""Whom it calls: the county's duty officer, in working days. Times are ours (来源待核)."""


@dataclass
class Number:
    """One person. `missed`: test calls unanswered since the last answer; `waiting`: until when one may be answered.

    `body`: the name of the organisation the person is of.
    """

    person: Person
    urgency: str
    body: str = ""
    posts: list[str] = field(default_factory=list)
    contacts: int = 0
    last_at: datetime | None = None
    missed: int = 0
    waiting: datetime | None = None

    @property
    def state(self) -> str:
        if not self.contacts:
            return "none"
        if self.missed:
            return "silent"
        return "reached" if self.last_at else "never"


def numbers(now: datetime) -> list[Number]:
    """Everybody who may be called: on the roster of now and the coming week, and on a post that answers for something.

    Those not known to answer come first, the most urgent of them first.
    """
    found: dict[int, Number] = {}
    for shift in rostered(now).select_related("person", "post__organisation").order_by("starts_at"):
        on = shift.starts_at <= now and shift.signed_out_at is None
        one = found.setdefault(shift.person_id, Number(shift.person, "rostered"))
        one.urgency = "on_duty" if on else one.urgency
        _sits(one, str(shift.post))
    principals = _principals(now)
    called = at_time(Responsibility.objects.all(), now).values("post_id")
    held = at_time(Holding.objects.filter(post_id__in=called), now).order_by("post_id", "rank")
    seats = list(held.values_list("post_id", "person_id"))
    # Each post and person once, not once a seat, and of bodies the name: thousands of enterprises have one each.
    named = Post.objects.filter(pk__in=called).values_list("pk", "organisation__name", "title")
    posts = {post: f"{body}{title}" for post, body, title in named}
    persons = {one.pk: one for one in Person.objects.filter(pk__in=held.order_by().values("person_id"))}
    for post, person in seats:
        if post in posts and person in persons:  # else the seat was taken back since it was read
            urgency = "principal" if person in principals else "other"
            _sits(found.setdefault(person, Number(persons[person], urgency)), posts[post])
    bodies = dict(Organisation.objects.filter(among("persons", found)).values_list("pk", "name"))
    for one in found.values():
        one.body = bodies.get(one.person.organisation_id or 0, "")
    _look(found, now)
    return sorted(found.values(), key=_worst)


def _worst(one: Number) -> tuple[Any, ...]:
    urgency, state = URGENCIES.index(one.urgency), STATES.index(one.state)
    return (one.state == "reached", urgency, state, -one.missed, one.person.pk)


def _sits(one: Number, post: str) -> None:
    if post not in one.posts:
        one.posts.append(post)


def rostered(now: datetime) -> Any:
    """Shifts that run now or begin within AHEAD."""
    return Shift.objects.filter(cancelled_at=None, ends_at__gt=now, starts_at__lt=now + AHEAD)


def _principals(now: datetime) -> set[int]:
    """Who answers as 企业主要负责人 for a site with an open warning."""
    open_ = Duty.objects.filter(state__in=OPEN, about_type="warning", site__isnull=False).values("site_id")
    places = [place for _name, place in places_among(Site.objects.filter(pk__in=open_))]
    if not places:
        return set()
    cover = Cover.load(now, places, rung=str(Rung.ENTERPRISE_PRINCIPAL))
    posts = {row.post_id for place in places for row in cover.covering(place)}
    held = (cover.held.get(post) for post in posts)
    return {one.person.pk for one in held if one is not None}


def usable(persons: Iterable[int]) -> list[Contact]:
    """The contacts of these persons that are on, on channels that are on."""
    wanted = set(persons)
    rows = Contact.objects.filter(among("person_id", wanted), enabled=True).exclude(channel__enabled=False)
    return [one for one in rows.select_related("channel").order_by("id") if one.person_id in wanted]


def _look(found: dict[int, Number], now: datetime) -> None:
    """What is known of their numbers: four queries."""
    own = {one.pk: one.person_id for one in usable(found)}
    for person in own.values():
        found[person].contacts += 1
    heard = Notice.objects.filter(among("contact_id", own), contact__isnull=False, answered_at__isnull=False)
    heard = heard.exclude(queued_at__lt=F("contact__address_since"))
    for contact, last in heard.order_by().values_list("contact_id").annotate(Max("answered_at")):
        if contact in own:
            one = found[own[contact]]
            one.last_at = max(one.last_at or last, last)
    tried = Trial.objects.filter(among("contact_id", own), answered_at=None)
    tried = tried.exclude(called_at__lt=F("contact__address_since"))
    rows = tried.values_list("contact_id", "called_at", "due_at", "missed_at", "run").order_by(F("called_at"))
    runs: dict[int, set[str]] = defaultdict(set)
    for contact, called, due, missed, run in rows:
        if contact not in own:
            continue
        one = found[own[contact]]
        if missed is None and due > now:
            one.waiting = due
        elif one.last_at is None or called > one.last_at:
            # One occasion counts once, by however many contacts the person was called.
            runs[own[contact]].add(run)
    for person, missed_runs in runs.items():
        found[person].missed = len(missed_runs)


def bodies() -> list[SubjectRef]:
    """The organisations with somebody on the roster of the coming week."""
    ids = rostered(timezone.now()).order_by().values_list("post__organisation_id", flat=True).distinct()
    return [SubjectRef("organisation", id) for id in sorted(ids)]


def bodies_of(people: Iterable[int]) -> set[int]:
    """The organisations on whose roster these people stand, or stood when a finding was raised that is open yet."""
    people = list(people)
    rows = rostered(timezone.now()).filter(person_id__in=people)
    keys = [f"person:{id}" for id in people]
    open_ = Finding.objects.filter(kind=NUMBER, about_type="organisation", key__in=keys, cleared_at__isnull=True)
    return {*rows.order_by().values_list("post__organisation_id", flat=True), *open_.values_list("about_id", flat=True)}


def unanswered(organisation: SubjectRef) -> Iterator[Gap]:
    """One gap for each person on the roster of the coming week whose number never answered.

    Optional (nobody is called) while it was never tried: a number that was just entered is no failing of anybody.
    """
    now = timezone.now()
    # Whom somebody is asked for already, as one whom nothing reaches, is not asked for twice.
    known = {gap.key for gap in unreachable(organisation) if not gap.optional}
    found: dict[int, Number] = {}
    shifts = rostered(now).filter(post__organisation_id=organisation.id).select_related("person", "post")
    # Nothing of when: the words would change, and be recorded, with every shift that ends.
    posts: dict[int, str] = {}
    for shift in shifts.order_by("post_id", "id"):
        found.setdefault(shift.person_id, Number(shift.person, "rostered"))
        posts.setdefault(shift.person_id, shift.post.title)
    _look(found, now)
    for person, one in found.items():
        if one.last_at is not None or not one.contacts or f"person:{person}" in known:
            continue
        facts = {"post": posts[person], "n": one.missed}
        words = (
            _("%(post)s（一周内有班）：号码试叫 %(n)s 次，从来没有应答")
            if one.missed
            else _("%(post)s（一周内有班）：号码还没有试叫过")
        )
        yield Gap(f"person:{person}", words % facts, optional=not one.missed)
