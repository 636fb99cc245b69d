"""Switching off a way of calling people takes two persons; wrong links and tokens are counted and slowed down."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client

from shoutu.county.duties import services
from shoutu.county.duties.models import Channel, Contact, Notice
from shoutu.county.duties.services.links import token_of
from shoutu.county.kit import guessing
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor

JSON = "application/json"


@pytest.fixture
def contact(county: SimpleNamespace) -> Contact:
    services.allow_endpoint(SYSTEM, "https", "sms.example.cn")
    channel = services.add_channel(SYSTEM, "短信", "operator_sms", {"url": "https://sms.example.cn/send"})
    return services.set_contact(SYSTEM, county.persons["enterprise"], "短信", channel=channel, address="13800001234")


def off(login: object, contact: Contact) -> dict:
    client = login("administrator")
    answer = client.patch(f"/api/v1/channels/{contact.channel_id}", {"enabled": False}, content_type=JSON)
    assert answer.status_code == 200
    return answer.json()


def test_a_channel_stays_on_until_a_second_person_agrees(county: SimpleNamespace, contact: Contact, login) -> None:
    assert off(login, contact) | {"enabled": True, "switching_off": True} == off(login, contact)
    proposal = Proposal.objects.get()
    with pytest.raises(NotAllowed):
        proposals.agree(actor(county.users["administrator"]), proposal)
    with pytest.raises(NotFound):
        proposals.agree(actor(county.users["inspector"]), proposal)
    assert Channel.objects.get().enabled
    found = login("duty_officer").get("/api/v1/proposals").json()["items"]
    assert [(one["kind"], one["agree"]) for one in found] == [("channel.off", None)]
    proposals.agree(actor(county.users["duty_officer"]), proposal)
    assert not Channel.objects.get().enabled
    assert Entry.objects.filter(verb="channel.changed").latest("id").payload == {
        "enabled": False,
        "proposal": proposal.pk,
    }


def test_other_settings_change_at_once_while_switching_off_waits(contact: Contact, login) -> None:
    path = f"/api/v1/channels/{contact.channel_id}"
    changed = login("administrator").patch(path, {"enabled": False, "per_minute": 60}, content_type=JSON).json()
    assert (changed["enabled"], changed["per_minute"], changed["switching_off"]) == (True, 60, True)


def test_a_channel_nobody_is_reached_by_is_switched_off_by_one(contact: Contact, login) -> None:
    Contact.objects.all().delete()
    assert off(login, contact)["enabled"] is False


def test_a_contact_stays_on_until_a_second_person_agrees(county: SimpleNamespace, contact: Contact, login) -> None:
    told = {"person": contact.person_id, "title": "短信", "channel": contact.channel_id, "address": "13900009999"}
    answer = login("administrator").post("/api/v1/contacts", {**told, "enabled": False}, content_type=JSON)
    assert answer.json()["enabled"] is True
    contact.refresh_from_db()
    assert (contact.enabled, contact.address) == (True, "13800001234")
    proposal = Proposal.objects.get(kind="contact.off")
    assert county.persons["enterprise"].name not in proposal.title
    proposals.agree(actor(county.users["leader"]), proposal)
    contact.refresh_from_db()
    assert not contact.enabled


def test_wrong_links_are_counted_and_slowed_down_and_right_ones_never(county, contact: Contact, open_duty) -> None:
    open_duty()
    right = token_of(Notice.objects.filter(contact=contact).first())
    client = Client()
    found = [client.post(f"/api/v1/answer-links/1-{n:024x}/open").status_code for n in range(8)]
    limit = settings.AXES_FAILURE_LIMIT
    assert found == [404] * limit + [429] * (8 - limit)
    assert guessing.counted("answer-link") >= limit
    refused = client.post("/api/v1/answer-links/1-0/answer")
    assert int(refused["Retry-After"]) > 0
    assert client.post(f"/api/v1/answer-links/{right}/open").status_code == 200
    assert client.post(f"/api/v1/answer-links/{right}/answer").status_code == 200


def test_an_old_link_is_no_guess(contact: Contact, open_duty) -> None:
    open_duty()
    notice = Notice.objects.filter(contact=contact).first()
    Notice.objects.update(queued_at=notice.queued_at.replace(year=2020))
    client = Client()
    assert {client.post(f"/api/v1/answer-links/{token_of(notice)}/open").status_code for _ in range(8)} == {404}
    assert guessing.counted("answer-link") == 0


def test_wrong_callback_tokens_are_slowed_down_and_right_ones_never(contact: Contact) -> None:
    token = services.new_callback_token(SYSTEM, contact.channel_id)
    path, client = f"/api/v1/channels/{contact.channel_id}/callback", Client()
    found = [client.post(f"{path}?token=wrong{n}", [], content_type=JSON).status_code for n in range(7)]
    assert found[0] == 401
    assert found[-1] == 429
    assert client.post(f"{path}?token={token}", [], content_type=JSON).status_code == 200
