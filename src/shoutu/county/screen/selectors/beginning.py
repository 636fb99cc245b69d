"""How far a new county is: each step is done when the county's own data say so, never because somebody ticked it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from shoutu.county.duties.models import Channel, Contact, Trial
from shoutu.county.kit.actors import Actor
from shoutu.county.ledger.models import Witness
from shoutu.county.ledger.selectors.backups import last_backup
from shoutu.county.people.models import Holding, Role, Shift
from shoutu.county.people.selectors import users
from shoutu.county.people.selectors.chain import at_time
from shoutu.county.people.selectors.lists import posts
from shoutu.county.places.models import Boundary, Organisation
from shoutu.county.places.selectors import county, organisation_options, sites, territories
from shoutu.county.screen.selectors.places import watch_sums
from shoutu.county.sites.selectors import points_for, sources_for

Told = tuple[bool, dict[str, int]]


def beginning(actor: Actor) -> dict[str, Any]:
    """The steps in their order, each `done` or not with the figures that say so. Raises NotAllowed.

    `county` (named and drawn), `townships`, `bodies` (a government post is held), `accounts` (a duty officer can sign
    in), `sites`, `points` (a rule watches one), `roster` (somebody has this watch or one to come), `channels` (a test
    call was answered), `witness` (one has taken a head), `backup`.
    """
    actor.require("place.edit")
    now = timezone.now()
    root = county()
    steps: dict[str, Callable[[], Told]] = {
        "county": _county,
        "townships": _townships,
        "bodies": lambda: _bodies(actor, now),
        "accounts": _accounts,
        "sites": lambda: _sites(actor),
        "points": lambda: _points(actor),
        "roster": lambda: _roster(actor, now),
        "channels": _channels,
        "witness": _witness,
        "backup": _backup,
    }
    found = [{"step": step, "done": done, "facts": facts} for step, (done, facts) in _told(steps)]
    return {
        "county": {"id": root.pk, "name": root.name, "code": root.code} if root else None,
        "steps": found,
        "left": sum(1 for one in found if not one["done"]),
    }


def _told(steps: dict[str, Callable[[], Told]]) -> list[tuple[str, Told]]:
    return [(step, tell()) for step, tell in steps.items()]


def _county() -> Told:
    drawn = Boundary.objects.filter(territory__isnull=False, territory__parent__isnull=True)
    return drawn.exists(), {"schematic": drawn.filter(schematic=True).count()}


def _townships() -> Told:
    there = [row.pk for row in territories() if row.depth == 1 and row.is_active]
    drawn = Boundary.objects.filter(territory__in=there).count()
    return bool(there), {"townships": len(there), "drawn": drawn}


def _bodies(actor: Actor, now: datetime) -> Told:
    ours = organisation_options(actor).exclude(kind=Organisation.Kind.ENTERPRISE)
    seats = posts(actor).filter(organisation__in=ours.values("pk"))
    held = at_time(Holding.objects.filter(post__in=seats.values("pk")), now).values("post").distinct().count()
    return held > 0, {"bodies": ours.count(), "posts": seats.count(), "held": held}


def _accounts() -> Told:
    others = users().filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
    officers = others.filter(role=Role.DUTY_OFFICER, person__isnull=False).count()
    return officers > 0, {"accounts": others.count(), "officers": officers}


def _sites(actor: Actor) -> Told:
    found = sites().visible_to(actor).count()
    bodies = organisation_options(actor).filter(kind=Organisation.Kind.ENTERPRISE).count()
    return found > 0, {"enterprises": bodies, "sites": found}


def _points(actor: Actor) -> Told:
    watched = watch_sums(actor).points
    # What sends: the county's own source is not somebody's device.
    senders = sources_for(actor).filter(trusted=False, disabled=False).count()
    return watched > 0, {"points": points_for(actor).count(), "watched": watched, "sources": senders}


def _roster(actor: Actor, now: datetime) -> Told:
    shared = posts(actor, on_shift=True)
    ahead = Shift.objects.filter(
        Q(cancelled_at__isnull=True), ends_at__gt=now, post__in=shared.values("pk"), post__is_active=True
    )
    return ahead.exists(), {"posts": shared.count(), "shifts": ahead.count()}


def _channels() -> Told:
    contacts = Contact.objects.filter(Q(channel__isnull=True) | Q(channel__enabled=True), enabled=True)
    answered = Trial.objects.filter(contact__in=contacts.values("pk"), answered_at__isnull=False)
    people = answered.values("person").distinct().count()
    channels = Channel.objects.filter(enabled=True).count()
    return people > 0, {"channels": channels, "contacts": contacts.count(), "answered": people}


def _witness() -> Told:
    kept = Witness.objects.filter(enabled=True)
    holding = kept.filter(last_size__isnull=False).count()
    return holding > 0, {"witnesses": kept.count(), "holding": holding}


def _backup() -> Told:
    return last_backup() is not None, {}
