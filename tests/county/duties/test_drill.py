"""A drill copy (演练副本) reaches nobody: each way out is tried here, and each says why nothing went."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoutu.county.duties import heartbeat, services
from shoutu.county.duties.channels import SendFailed, mail, modem
from shoutu.county.duties.channels.base import post
from shoutu.county.duties.models import Channel, Contact, Notice
from shoutu.county.duties.services import collecting
from shoutu.county.kit.watch import watching
from shoutu.county.ledger.models import Entry, Witness
from shoutu.county.ledger.services.seal import seal_all
from shoutu.county.ledger.services.witness import hand_out_due, hand_out_now
from tests.county.duties.test_delivering import contact, gateway  # noqa: F401  (fixtures)


@pytest.fixture
def drill(settings):
    settings.CONFIG = replace(settings.CONFIG, drill=True)


def test_the_worker_of_a_drill_copy_sends_nothing_and_says_so_at_each_notice(
    drill,
    contact,  # noqa: F811
    gateway,  # noqa: F811
    open_duty,
):
    duty = open_duty()
    while services.deliver():
        pass
    assert gateway.got == []
    row = Notice.objects.get(channel="apprise")
    assert (row.step, row.next_try_at, row.handed_over_at) == ("failed", None, None)
    assert "演练副本，不外呼" in row.detail
    entry = Entry.objects.get(subject_id=duty.pk, verb="duty.notice_failed")
    assert entry.payload["problem"] == "演练副本，不外呼"
    # Once the mark is gone nothing of the drill is sent after all.
    assert not Notice.objects.filter(next_try_at__isnull=False, contact__isnull=False).exists()


def test_the_same_notice_is_sent_where_there_is_no_drill(contact, gateway, open_duty):  # noqa: F811
    open_duty()
    services.deliver()
    assert len(gateway.got) == 1


def test_a_channel_is_not_blamed_for_a_drill(drill, county, contact, open_duty):  # noqa: F811
    channel = Channel.objects.create(title="短信", kind="sms", settings={"url": "http://127.0.0.1:1/x"})
    Contact.objects.filter(pk=contact.pk).update(channel=channel, address="13800000000", url="")
    open_duty()
    services.deliver()
    channel.refresh_from_db()
    assert (channel.failures, channel.call_failures, channel.last_problem) == (0, 0, "")
    assert Notice.objects.get(contact=contact).step == "failed"


@pytest.mark.parametrize("way", ["http", "mail", "modem"])
def test_no_transport_lets_anything_through(drill, gateway, way):  # noqa: F811
    ways = {
        "http": lambda: post(f"http://127.0.0.1:{gateway.server_port}/call", b"{}"),
        "mail": lambda: mail.notify(f"json://127.0.0.1:{gateway.server_port}/call", "x", "k"),
        "modem": lambda: modem.opened({"device": "/dev/ttyUSB0"}),
    }
    with pytest.raises(SendFailed, match="演练副本") as caught:
        ways[way]()
    assert not caught.value.retryable
    assert gateway.got == []


def test_modems_are_left_alone(drill, county):
    Channel.objects.create(title="短信猫", kind="modem", settings={"device": "/dev/ttyUSB9"})
    collecting.collect()
    assert Channel.objects.get().failures == 0


def test_no_witness_gets_a_head_of_a_drill(drill, county, tmp_path):
    seal_all()
    Witness.objects.create(name="U 盘", kind="folder", target=str(tmp_path))
    assert hand_out_due() == []
    assert "演练副本" in hand_out_now()[0]
    assert list(tmp_path.iterdir()) == []
    assert Witness.objects.get().last_error == ""


def test_the_watcher_outside_hears_nothing_of_a_drill(drill, county, settings, monkeypatch):
    settings.CONFIG = replace(settings.CONFIG, heartbeat_url="http://127.0.0.1:1/beat")
    monkeypatch.setattr(heartbeat, "all_watching", lambda: True)
    assert heartbeat.beat_outside() is False


def test_the_copy_says_what_it_is(drill, county, login):
    assert watching().drill
    assert login("leader").get("/api/v1/status").json()["watching"]["drill"] is True
    lines = {line["key"]: line for line in login("administrator").get("/api/v1/health").json()["lines"]}
    assert (lines["drill"]["state"], lines["drill"]["title"]) == ("watch", "演练副本")


def test_a_real_county_says_nothing_of_drills(county, login):
    assert login("leader").get("/api/v1/status").json()["watching"]["drill"] is False
    assert "drill" not in {line["key"] for line in login("administrator").get("/api/v1/health").json()["lines"]}
