"""The steps of a new county: each is done when the county's own data say so, undone again when they do not."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from shoutu.county.duties.models import Contact, Trial
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Witness
from shoutu.county.ledger.services.backups import note_taken
from shoutu.county.people.first import make_first_administrator, setup_code
from shoutu.county.people.models import Person, Shift
from shoutu.county.people.selectors.lists import posts
from shoutu.county.people.testing import actor
from shoutu.county.places.boundaries import import_boundaries
from shoutu.county.screen.selectors import beginning
from shoutu.county.sites.services import create_source
from tests.county.places.test_boundaries import file, square


def done(of: Any) -> dict[str, bool]:
    return {step["step"]: step["done"] for step in beginning(of)["steps"]}


def test_a_county_just_named_has_every_step_before_it(db: None) -> None:
    first = make_first_administrator(setup_code() or "", "新县", "first", "守土有责-尽责-2026")
    told = beginning(actor(first))
    assert told["county"]["name"] == "新县"
    assert told["left"] == len(told["steps"]) == 10


def test_steps_are_done_by_what_the_county_holds(county: SimpleNamespace) -> None:
    admin = actor(county.users["administrator"])
    had = done(admin)
    assert [had[step] for step in ("townships", "bodies", "sites")] == [True, True, True]
    assert [had[step] for step in ("county", "channels", "witness", "backup")] == [False] * 4
    import_boundaries(SYSTEM, file(square("示范县", 111)), "审图号 X")
    Witness.objects.create(name="市局", kind="folder", target="/mnt/stick", last_size=7, last_at=timezone.now())
    facts = {"file": "a.tar", "bytes": 1, "sha256": "0" * 64, "taken_at": timezone.now().isoformat(), "size": 7}
    note_taken(SYSTEM, facts)
    now = done(admin)
    assert [now[step] for step in ("county", "witness", "backup")] == [True] * 3


def test_points_are_told_how_many_devices_may_send(county: SimpleNamespace) -> None:
    admin = actor(county.users["administrator"])

    def senders() -> int:
        return next(step["facts"]["sources"] for step in beginning(admin)["steps"] if step["step"] == "points")

    had = senders()
    create_source(admin, "新网关")
    create_source(admin, "county", trusted=True)  # the county's own, nobody's device
    assert senders() == had + 1


def test_a_channel_is_done_when_a_test_was_answered_and_not_before(county: SimpleNamespace) -> None:
    admin, now = actor(county.users["administrator"]), timezone.now()
    contact = Contact.objects.create(person=Person.objects.all()[0], title="手机", url="json://127.0.0.1:1/x")
    trial = Trial.objects.create(
        run="first", person=contact.person, contact=contact, called_at=now, due_at=now + timedelta(hours=2)
    )
    assert done(admin)["channels"] is False
    trial.answered_at = now
    trial.save()
    assert done(admin)["channels"] is True
    # The contact is switched off: what was answered once reaches nobody any more.
    contact.enabled = False
    contact.save()
    assert done(admin)["channels"] is False


def test_a_roster_that_has_run_out_is_none(county: SimpleNamespace) -> None:
    admin, now = actor(county.users["administrator"]), timezone.now()
    Shift.objects.all().delete()
    assert done(admin)["roster"] is False
    post, person = posts(admin, on_shift=True)[0], Person.objects.all()[0]
    shift = Shift.objects.create(
        post=post, person=person, starts_at=now - timedelta(hours=9), ends_at=now - timedelta(hours=1)
    )
    assert done(admin)["roster"] is False
    shift.ends_at = now + timedelta(hours=1)
    shift.save()
    assert done(admin)["roster"] is True
    shift.cancelled_at = now
    shift.save()
    assert done(admin)["roster"] is False


@pytest.mark.parametrize("role", ["leader", "duty_officer", "inspector", "auditor"])
def test_only_an_administrator_asks(county: SimpleNamespace, login: Any, role: str) -> None:
    assert login(role).get("/api/v1/beginning").status_code == 403
    assert login("administrator").get("/api/v1/beginning").status_code == 200
