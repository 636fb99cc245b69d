"""Switching off a way of calling people takes two persons; wrong links and tokens are counted and slowed down."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.models import Channel, ChannelDraft, Contact, Notice
from shoutu.county.duties.services import delivering
from shoutu.county.duties.services.links import token_of
from shoutu.county.kit import guessing
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from tests.county.duties.devices import http_gateway

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


def test_what_makes_nothing_worse_changes_at_once_while_switching_off_waits(contact: Contact, login) -> None:
    services.change_channel(SYSTEM, contact.channel_id, per_minute=30)
    path = f"/api/v1/channels/{contact.channel_id}"
    changed = login("administrator").patch(path, {"enabled": False, "per_minute": 60}, content_type=JSON).json()
    assert (changed["enabled"], changed["per_minute"], changed["switching_off"]) == (True, 60, True)
    assert changed["changing"] is False


@pytest.fixture
def change(contact: Contact, login):
    client = login("administrator")
    return lambda **body: client.patch(f"/api/v1/channels/{contact.channel_id}", body, content_type=JSON)


def agree(county: SimpleNamespace, who: str = "duty_officer") -> None:
    proposals.agree(actor(county.users[who]), Proposal.objects.get(kind="channel.change", state="waiting"))


@pytest.mark.parametrize(("before", "after", "waits"), [(0, 60, True), (60, 59, True), (60, 61, False), (60, 0, False)])
def test_letting_less_through_in_a_minute_takes_two_persons(county, contact: Contact, change, before, after, waits):
    services.change_channel(SYSTEM, contact.channel_id, per_minute=before)
    told = change(per_minute=after).json()
    assert (told["per_minute"], told["changing"]) == ((before, True) if waits else (after, False))
    if waits:
        with pytest.raises(NotAllowed):
            agree(county, "administrator")
        agree(county)
    assert Channel.objects.get().per_minute == after


def test_other_settings_of_a_channel_that_works_take_two_persons(county, contact: Contact, change, login) -> None:
    url = "https://sms.example.cn/v2"
    Channel.objects.update(last_ok_at=timezone.now())
    assert change(settings={"url": url, "authorization": "geheim"}).json()["changing"] is True
    assert Channel.objects.get().settings["url"] == "https://sms.example.cn/send"
    proposal = Proposal.objects.get()
    assert ("网关地址", url) in [(one["what"], one["after"]) for one in proposal.changes]
    stored = str(proposal.payload) + str(proposal.changes) + str([e.canonical for e in Entry.objects.all()])
    assert "geheim" not in stored
    agree(county)
    row = login("administrator").get("/api/v1/channels").json()[0]
    assert (row["settings"]["url"], row["secrets"], row["changing"]) == (url, ["authorization"], False)
    entry = Entry.objects.filter(verb="channel.changed").latest("id")
    assert (entry.payload["settings"], entry.payload["proposal"]) == (sorted(["authorization", "url"]), proposal.pk)
    assert ChannelDraft.objects.get().secrets == ""


def test_one_that_fails_or_never_sent_is_put_right_by_one(contact: Contact, change) -> None:
    assert change(settings={"url": "https://sms.example.cn/v2"}).json()["changing"] is False
    Channel.objects.update(last_ok_at=timezone.now(), failures=3, call_failures=3)
    assert change(settings={"url": "https://sms.example.cn/v3"}).json()["changing"] is False
    assert Channel.objects.get().settings["url"] == "https://sms.example.cn/v3"


@pytest.fixture
def gateway():
    with http_gateway() as server:
        yield server


@pytest.fixture
def line(gateway, county, change) -> Channel:
    """A channel by a gateway that took its last message."""
    delivering._underway.sent.clear()
    services.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    change(settings={"url": f"http://127.0.0.1:{gateway.server_port}/send"})
    Channel.objects.update(last_ok_at=timezone.now())
    return Channel.objects.get()


def send_all() -> None:
    Notice.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now(), starts_at=timezone.now())
    services.deliver()


V3 = {"url": "https://sms.example.cn/v3"}


def test_a_failed_test_call_does_not_open_the_settings_to_one_person(line, contact: Contact, change, gateway) -> None:
    gateway.status = 503
    services.test_contact(SYSTEM, contact)
    send_all()
    line.refresh_from_db()
    assert (line.failures, line.call_failures) == (1, 0)
    assert change(settings=V3).json() | {"state": "failing", "changing": True} == change(settings=V3).json()


@pytest.mark.parametrize(("status", "waits"), [(403, True), (503, False)])
def test_a_call_refused_for_good_opens_nothing_and_one_the_gateway_could_not_take_does(
    line, contact: Contact, change, gateway, open_duty, status, waits
) -> None:
    gateway.status = status
    open_duty()
    send_all()
    line.refresh_from_db()
    assert line.failures == 1
    assert change(settings=V3).json()["changing"] is waits


def test_the_same_settings_again_change_nothing(contact: Contact, change) -> None:
    Channel.objects.update(last_ok_at=timezone.now())
    assert change(settings={"url": "https://sms.example.cn/send"}, per_minute=0).json()["changing"] is False


def test_while_a_change_waits_another_is_refused_and_the_same_is_the_same(county, contact: Contact, change) -> None:
    assert change(per_minute=60).status_code == 200
    assert change(per_minute=60).status_code == 200
    assert change(per_minute=50).status_code == 409
    assert Proposal.objects.count() == 1
    proposals.reject(actor(county.users["duty_officer"]), Proposal.objects.get(), "太少")
    assert change(per_minute=50).json()["changing"] is True


def test_what_was_changed_since_is_not_overwritten_by_an_older_agreement(county, contact: Contact, change) -> None:
    change(per_minute=60)
    services.change_channel(SYSTEM, contact.channel_id, settings={"url": "https://sms.example.cn/v2"})
    with pytest.raises(Conflict):
        agree(county)
    assert (Channel.objects.get().per_minute, Channel.objects.get().settings["url"]) == (0, "https://sms.example.cn/v2")


def test_what_a_draft_keeps_of_what_was_is_no_digest_a_secret_could_be_guessed_by(county, contact, change) -> None:
    services.change_channel(SYSTEM, contact.channel_id, settings={"authorization": "geheim"})
    channel = Channel.objects.get()
    change(per_minute=60)
    told = [channel.settings, [["authorization", "geheim"]], channel.per_minute]
    guess = hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    assert ChannelDraft.objects.get().was != guess
    services.change_channel(SYSTEM, contact.channel_id, settings={"authorization": "geheimer"})
    with pytest.raises(Conflict):
        agree(county)


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
