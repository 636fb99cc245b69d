"""Messages leave by a real address, at least once; a failure stands in the receipt."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from shoutu.county.duties import services
from shoutu.county.duties.models import Channel, Contact, Duty, Notice
from shoutu.county.duties.services import delivering, links
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor


@pytest.fixture
def gateway():
    """A real HTTP receiver: what it got, and the status it answers with."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(json.loads(body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def contact(county, gateway):
    services.allow_endpoint(SYSTEM, "json", "127.0.0.1")
    url = f"json://127.0.0.1:{gateway.server_port}/call"
    return services.set_contact(SYSTEM, county.persons["enterprise"], "短信网关", url)


def notice():
    return Notice.objects.get(channel="apprise")


def test_a_call_reaches_the_gateway_once_with_its_key(contact, gateway, open_duty):
    duty = open_duty()
    assert notice().step == "queued"
    services.deliver()
    services.deliver()
    assert len(gateway.got) == 1
    assert notice().key in gateway.got[0]["message"]
    assert "浸润线" in gateway.got[0]["message"]
    assert county_name_free(gateway.got[0]["message"])
    assert (notice().step, notice().next_try_at) == ("handed_over", None)
    assert Entry.objects.filter(subject_id=duty.pk, verb="duty.notice_sent").count() == 1


def county_name_free(text):
    return "甲矿enterprise" not in text


def test_a_refusing_gateway_is_tried_again_by_policy_then_failed_for_all_to_see(contact, gateway, open_duty):
    gateway.status = 503
    duty = open_duty()
    for expected in (10, 30, 120, 600):
        services.deliver()
        wait = notice().next_try_at - timezone.now()
        assert timedelta(seconds=expected - 5) < wait <= timedelta(seconds=expected)
        Notice.objects.filter(channel="apprise").update(next_try_at=timezone.now())
    services.deliver()
    assert (notice().step, notice().next_try_at, notice().tries) == ("failed", None, 5)
    assert "短信网关" in notice().detail
    assert len(gateway.got) == 5
    assert Entry.objects.filter(subject_id=duty.pk, verb="duty.notice_failed").count() == 1


def test_a_sender_killed_between_claim_and_sending_is_followed_by_another(contact, gateway, open_duty):
    open_duty()
    delivering._claim()
    services.deliver()
    assert gateway.got == []
    Notice.objects.filter(channel="apprise").update(next_try_at=timezone.now())
    services.deliver()
    assert (len(gateway.got), notice().step) == (1, "handed_over")


def test_a_sender_killed_after_sending_sends_again_with_the_same_key(contact, gateway, open_duty):
    """At least once: the receiver tells the repetition by its key."""
    open_duty()
    claimed = delivering._claim()[0]
    delivering.send_apprise(claimed.contact.url, links.words(claimed), claimed.key)
    Notice.objects.filter(channel="apprise").update(next_try_at=timezone.now())
    services.deliver()
    assert len(gateway.got) == 2
    assert gateway.got[0]["message"] == gateway.got[1]["message"]


def test_an_address_taken_off_the_list_is_not_used(contact, gateway, open_duty):
    Contact.objects.update(url="json://127.0.0.2:1/")
    open_duty()
    services.deliver()
    assert notice().step == "failed"
    assert "不在允许外发的地址之列" in notice().detail
    assert gateway.got == []


def test_a_contact_is_set_by_administrators_and_only_to_allowed_addresses(county):
    person = county.persons["enterprise"]
    with pytest.raises(NotAllowed):
        services.set_contact(actor(county.users["enterprise"]), person, "短信", "json://127.0.0.1/")
    with pytest.raises(NotAllowed):
        services.allow_endpoint(actor(county.users["duty_officer"]), "json", "127.0.0.1")
    with pytest.raises(Invalid, match="由管理员先放行"):
        services.set_contact(actor(county.users["administrator"]), person, "短信", "json://127.0.0.1/")


def test_a_contacts_address_goes_into_no_entry(contact):
    assert not any(b"call" in bytes(entry.canonical) for entry in Entry.objects.filter(verb="contact.created"))


def test_what_is_no_longer_needed_is_not_sent(contact, gateway, open_duty):
    duty = open_duty()
    services.cancel(SYSTEM, duty.pk, "误报")
    services.deliver()
    assert gateway.got == []
    assert notice().step == "failed"


def test_an_answer_before_sending_spares_the_message(contact, gateway, county, open_duty):
    duty = open_duty()
    services.answer(actor(county.users["enterprise"]), duty.pk)
    services.deliver()
    assert gateway.got == []
    assert notice().step == "spared"


def test_a_channel_set_up_wrongly_holds_up_no_other(contact, county, gateway, open_duty):
    channel = Channel.objects.create(title="坏网关", kind="sms", settings={})
    other = services.set_contact(SYSTEM, county.persons["enterprise"], "手机", "json://127.0.0.1:9/call")
    Contact.objects.filter(pk=other.pk).update(channel=channel, address="13800000001", url="", id=contact.pk - 1)
    open_duty()
    services.deliver()
    services.deliver()
    assert len(gateway.got) == 1
    assert Notice.objects.get(contact__channel=channel).step == "failed"


def test_an_outcome_that_cannot_be_booked_holds_up_no_other(contact, gateway, open_duty):
    gateway.status = 503
    poisoned = open_duty(1)
    open_duty(2)
    Duty.objects.filter(pk=poisoned.pk).update(policy={**poisoned.policy, "retry_s": ["soon"]})
    for _ in range(3):
        services.deliver()
    good = Notice.objects.get(channel="apprise", call__duty__about_id=2)
    assert "HTTP" in good.detail or good.detail != contact.title
    assert Entry.objects.filter(verb="duty.notice_retry", subject_id=good.call.duty_id).count() == 1
