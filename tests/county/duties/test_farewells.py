"""Whoever's number was changed is told at the old one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.models import Contact, Farewell
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from tests.county.duties.devices import http_gateway

OLD, NEW = "13800001234", "13900005678"


@pytest.fixture
def gateway():
    with http_gateway() as server:
        yield server


@pytest.fixture
def contact(county, gateway):
    services.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    url = {"url": f"http://127.0.0.1:{gateway.server_port}/send"}
    channel = services.add_channel(SYSTEM, "短信", "operator_sms", url)
    return services.set_contact(SYSTEM, county.persons["enterprise"], "短信", channel=channel, address=OLD)


def change(county, contact, address=NEW):
    administrator = actor(county.users["administrator"])
    return services.set_contact(administrator, contact.person, "短信", channel=contact.channel, address=address)


def test_the_old_number_is_told_and_then_forgotten(county, contact, gateway):
    change(county, contact)
    assert services.tell_old_addresses() is False
    (told,) = gateway.got
    assert OLD in str(told[2])
    assert NEW not in str(told[2])
    assert "尾号 5678" in str(told[2])
    farewell = Farewell.objects.get()
    assert (farewell.sent_at is not None, farewell.address) == (True, "")
    entry = Entry.objects.get(verb="contact.old_told")
    assert entry.payload["person"] == contact.person_id
    assert OLD not in entry.canonical.decode()
    services.tell_old_addresses()
    assert len(gateway.got) == 1


def test_the_same_number_again_tells_nobody(county, contact, gateway):
    change(county, contact, OLD)
    assert not Farewell.objects.exists()
    assert Contact.objects.get().address == OLD


def test_an_old_number_that_cannot_be_told_is_tried_again_and_stands_in_the_record(county, contact, gateway):
    gateway.status = 503
    with time_machine.travel(timezone.now(), tick=False) as clock:
        change(county, contact)
        for _ in range(5):
            services.tell_old_addresses()
            clock.shift(timedelta(hours=3))
        services.tell_old_addresses()
    farewell = Farewell.objects.get()
    assert (farewell.tries, farewell.next_try_at, farewell.sent_at, farewell.address) == (5, None, None, "")
    assert Entry.objects.filter(verb="contact.old_not_told").count() == 1
    assert len(gateway.got) == 5
