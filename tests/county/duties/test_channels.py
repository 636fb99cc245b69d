"""Each channel against a real counterpart; the chain of channels with its clocks; answers from outside."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.duties import services
from shoutu.county.duties.channels import modem, pdu
from shoutu.county.duties.models import Channel, Contact, Duty, Inbound, Notice, Step, Trial
from shoutu.county.duties.services import answering, collecting, delivering, links, trials
from shoutu.county.duties.services.findings import check_findings
from shoutu.county.duties.services.receipts import note_fetched
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid, NotAllowed, NotFound
from shoutu.county.kit.models import Beat
from shoutu.county.kit.subjects import ref
from shoutu.county.kit.watch import PARTS
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from tests.county.duties.devices import FakeNetwork, deliver_pdu, http_gateway, smtp_server, text_of

PHONE = "13800001234"


@pytest.fixture
def gateway():
    with http_gateway() as server:
        yield server


@pytest.fixture
def network():
    network = FakeNetwork()
    yield network
    modem.forget(network.device)
    network.close()


@pytest.fixture
def add(county, gateway):
    """Add a channel of a kind and the enterprise's contact on it."""
    # What other tests sent by a channel of the same number.
    delivering._underway.sent.clear()
    services.allow_endpoint(SYSTEM, "http", "127.0.0.1")

    def add(kind, address=PHONE, path="/send", **settings):
        given = {"url": f"http://127.0.0.1:{gateway.server_port}{path}", **settings}
        channel = services.add_channel(SYSTEM, kind, kind, given)
        return services.set_contact(SYSTEM, county.persons["enterprise"], kind, channel=channel, address=address)

    return add


def due_now():
    Notice.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now(), starts_at=timezone.now())


def notice(kind):
    return Notice.objects.get(channel=kind)


def test_an_operators_gateway_gets_the_signed_template(add, gateway, open_duty):
    add("operator_sms", template='{"m": ["{to}"], "c": "{text}", "n": 3}', secret="密钥", success="code=0",
        reference="data.no")  # fmt: skip
    gateway.answer = {"code": 0, "data": {"no": "A7"}}
    open_duty()
    due_now()
    services.deliver()
    _path, headers, body, raw = gateway.got[0]
    assert (body["m"], body["n"]) == ([PHONE], 3)
    assert "浸润线" in body["c"]
    assert f"回“1 {links.code_of(notice('operator_sms'))}”应答" in body["c"]
    signed = headers["X-Shoutu-Timestamp"].encode() + b"\n" + raw
    assert headers["X-Shoutu-Signature"] == hmac.new("密钥".encode(), signed, hashlib.sha256).hexdigest()
    assert (notice("operator_sms").step, notice("operator_sms").reference) == ("handed_over", "A7")


@pytest.mark.parametrize(
    ("status", "answer", "step"),
    [(503, {}, "queued"), (429, {}, "queued"), (403, {}, "failed"), (302, {}, "failed"), (200, {"code": 9}, "queued")],
)
def test_a_channel_says_whether_trying_again_can_help(add, gateway, open_duty, status, answer, step):
    contact = add("operator_sms", success="code=0")
    gateway.status, gateway.answer = status, answer
    open_duty()
    due_now()
    services.deliver()
    assert notice("operator_sms").step == step
    contact.channel.refresh_from_db()
    assert contact.channel.failures == 1
    assert contact.channel.last_problem


def test_robots_sign_and_mention_and_never_carry_an_answer_link(add, gateway, open_duty, settings):
    settings.CONFIG = replace(settings.CONFIG, public_url="https://shoutu.county.example")
    add("dingtalk", path="/ding?access_token=T", secret="SEC1")
    add("wecom", path="/wecom?key=K")
    add("feishu", address="ou_abc12345", path="/feishu", secret="fs")
    open_duty()
    services.deliver()
    got = {urlsplit(path).path: (path, body) for path, _headers, body, _raw in gateway.got}
    query = parse_qs(urlsplit(got["/ding"][0]).query)
    signed = hmac.new(b"SEC1", f"{query['timestamp'][0]}\nSEC1".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(signed).decode()]
    assert query["access_token"] == ["T"]
    assert got["/ding"][1]["at"]["atMobiles"] == [PHONE]
    assert got["/wecom"][1]["text"]["mentioned_mobile_list"] == [PHONE]
    feishu = got["/feishu"][1]
    key = f"{feishu['timestamp']}\nfs".encode()
    assert feishu["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert 'user_id="ou_abc12345"' in feishu["content"]["text"]
    assert "/a/" not in json.dumps([body for _path, body in got.values()])


def test_a_robots_refusal_is_not_taken_for_delivery(add, gateway, open_duty):
    add("dingtalk")
    gateway.answer = {"errcode": 310000, "errmsg": "sign not match"}
    open_duty()
    services.deliver()
    assert notice("dingtalk").step == "failed"
    assert "310000" in notice("dingtalk").detail


def test_mail_leaves_through_a_real_smtp_server(county, open_duty):
    services.allow_endpoint(SYSTEM, "mailto", "127.0.0.1")
    with smtp_server() as server:
        url = f"mailto://127.0.0.1:{server.server_address[1]}?from=shoutu@county.example&mode=insecure"
        channel = services.add_channel(SYSTEM, "邮件", "mail", {"url": url})
        services.set_contact(
            SYSTEM, county.persons["enterprise"], "邮件", channel=channel, address="zhiban@mine.example"
        )
        open_duty()
        services.deliver()
    assert [to for to, _data in server.got] == [["zhiban@mine.example"]]


@pytest.fixture
def by_modem(county, network):
    channel = services.add_channel(SYSTEM, "短信猫", "modem", {"device": network.device})
    return services.set_contact(SYSTEM, county.persons["enterprise"], "短信猫", channel=channel, address=PHONE)


def test_a_modem_sends_chinese_in_parts_and_its_reports_make_it_delivered(by_modem, network, open_duty):
    open_duty()
    due_now()
    services.deliver()
    assert notice("modem").step == "handed_over"
    assert len(network.sent) > 1
    assert text_of(network.sent) == links.words(notice("modem"))
    time.sleep(0.2)
    collecting.collect()
    assert notice("modem").step == "delivered"


def test_a_reply_to_the_modem_answers_the_call_once(by_modem, network, open_duty):
    duty = open_duty()
    due_now()
    services.deliver()
    network.inbox[3] = deliver_pdu(PHONE, f"１ {links.code_of(notice('modem'))}")
    collecting.collect()
    duty.refresh_from_db()
    assert (duty.state, notice("modem").step, network.inbox) == ("answered", "answered", {})
    assert Notice.objects.get(channel="app").step == "handed_over"
    network.inbox[4] = deliver_pdu(PHONE, f"１ {links.code_of(notice('modem'))}")
    collecting.collect()
    assert Inbound.objects.filter(what="reply").count() == 1
    assert Entry.objects.filter(verb="duty.answered", subject_id=duty.pk).count() == 1


def test_a_strangers_or_unclear_reply_answers_nothing_and_is_kept(by_modem, network, open_duty):
    open_duty()
    due_now()
    services.deliver()
    network.inbox = {1: deliver_pdu("13999999999", "1"), 2: deliver_pdu(PHONE, "哪里？"), 3: "00FFZZ"}
    collecting.collect()
    assert Duty.objects.get().state == "called"
    assert sorted(Inbound.objects.exclude(what="receipt").values_list("outcome", flat=True)) == ["unclear"] * 3
    assert network.inbox == {}


def test_a_modem_that_refuses_for_good_gives_way_to_the_next_channel_at_once(
    by_modem, add, network, gateway, open_duty
):
    add("operator_voice")
    network.refuse = "+CMS ERROR: 28"
    open_duty()
    Notice.objects.filter(channel="modem").update(next_try_at=timezone.now())
    services.deliver()
    assert notice("modem").step == "failed"
    services.deliver()
    assert notice("operator_voice").step == "handed_over"


def test_the_next_channel_starts_when_the_policy_says(add, county, open_duty):
    add("operator_sms")
    add("operator_voice")
    duty = open_duty()
    starts = {one.channel: one.starts_at - duty.opened_at for one in Notice.objects.all()}
    seconds = {name: round(wait.total_seconds()) for name, wait in starts.items()}
    assert seconds == {"app": 0, "operator_sms": 20, "operator_voice": 80}
    services.deliver()
    assert {one.step for one in Notice.objects.exclude(channel="app")} == {"queued"}


def test_seen_in_time_spares_the_later_channels(add, county, open_duty):
    add("operator_sms")
    duty = open_duty()
    note_fetched(actor(county.users["enterprise"]), [duty], Step.SEEN)
    assert (notice("operator_sms").step, notice("operator_sms").next_try_at) == ("spared", None)


@pytest.fixture
def outside(settings):
    settings.CONFIG = replace(settings.CONFIG, public_url="https://shoutu.county.example")


def test_a_link_answers_its_call_without_login_and_nothing_else(add, gateway, open_duty, outside):
    add("operator_sms")
    duty, other = open_duty(1), open_duty(2)
    due_now()
    services.deliver()
    mine_ = Notice.objects.get(channel="operator_sms", call__duty=duty)
    assert f"https://shoutu.county.example/a/{links.token_of(mine_)}" in links.words(mine_)
    client = Client()
    path = f"/api/v1/answer-links/{links.token_of(mine_)}"
    told = client.post(f"{path}/open").json()
    assert (told["state"], told["title"]) == ("open", duty.title)
    mine_.refresh_from_db()
    assert (mine_.step, mine_.opens) == ("seen", 1)
    assert client.get(path).json()["state"] == "open"
    mine_.refresh_from_db()
    assert mine_.opens == 1  # looking again is no second opening
    assert client.post(f"{path}/answer").json()["state"] == "answered"
    duty.refresh_from_db()
    other.refresh_from_db()
    assert (duty.state, other.state) == ("answered", "called")
    assert client.post(f"{path}/answer").json()["state"] == "answered"
    assert Entry.objects.filter(verb="duty.answered").count() == 1
    assert client.get("/api/v1/duties").status_code == 401


def test_a_link_says_whether_anybody_watches(add, gateway, open_duty, outside):
    add("operator_sms")
    open_duty()
    path = f"/api/v1/answer-links/{links.token_of(notice('operator_sms'))}"
    now = timezone.now().replace(microsecond=0)
    for part in PARTS:
        Beat.objects.update_or_create(name=part, defaults={"at": now, "tick_at": None})
    assert Client().post(f"{path}/open").json()["watching"]["ok"]
    Beat.objects.filter(name="worker").update(at=now - timedelta(minutes=5))
    told = Client().get(path).json()
    assert [part["name"] for part in told["watching"]["parts"] if not part["ok"]] == ["worker"]
    assert datetime.fromisoformat(told["watching"]["since"]) == now - timedelta(minutes=5)
    assert abs(datetime.fromisoformat(told["server_time"]) - now) < timedelta(minutes=1)


@pytest.mark.parametrize("token", ["1-00", "zz-" + "0" * 24, "x", "-", "9" * 50 + "-a", "1-é"])
def test_a_made_up_link_is_nothing(add, open_duty, token):
    add("operator_sms")
    open_duty()
    for verb in ("open", "answer", "decline"):
        assert Client().post(f"/api/v1/answer-links/{token}/{verb}").status_code == 404
    assert Client().get(f"/api/v1/answer-links/{token}").status_code == 404


def test_a_link_expires(add, open_duty):
    add("operator_sms")
    open_duty()
    token = links.token_of(notice("operator_sms"))
    Notice.objects.update(queued_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(NotFound):
        answering.look_up(token)


def test_an_operator_calls_back_with_receipts_replies_and_keys(add, gateway, open_duty):
    sms, voice = add("operator_sms", fields="id=msgId, status=stat"), add("operator_voice")
    gateway.answer = {"id": "R1"}
    first, second = open_duty(1), open_duty(2)
    due_now()
    services.deliver()
    token = services.new_callback_token(SYSTEM, sms.channel_id)

    def post(contact, token, body):
        path = f"/api/v1/channels/{contact.channel_id}/callback"
        return Client().post(path, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"})

    assert post(sms, "wrong", {}).status_code == 401
    assert Channel.objects.get(pk=sms.channel_id).strangers == 1
    one = Notice.objects.get(channel="operator_sms", call__duty=first)
    assert post(sms, token, [{"msgId": one.key, "stat": "DELIVRD"}, {"hm": 1}]).json() == {"taken": 1, "unclear": 1}
    one.refresh_from_db()
    assert one.step == "delivered"
    # A bare "1" with two calls open is not guessed at; with the code it is clear.
    assert post(sms, token, {"from": f"+86{PHONE}", "text": "1"}).json()["unclear"] == 1
    assert post(sms, token, {"from": f"+86{PHONE}", "text": f"1 {links.code_of(one)}"}).json()["taken"] == 1
    keys = Notice.objects.get(channel="operator_voice", call__duty=second)
    spoken = services.new_callback_token(SYSTEM, voice.channel_id)
    assert post(voice, spoken, {"id": keys.key, "digits": "2"}).json()["taken"] == 1
    first.refresh_from_db()
    assert first.state == "answered"
    assert second.calls.get(rung=0).state == "declined"
    assert second.calls.filter(rung=1).exists()


def test_secrets_are_sealed_never_shown_and_in_no_entry(county, login):
    services.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    url = "http://127.0.0.1:1/send?token=HIDDEN1"
    services.add_channel(SYSTEM, "钉钉", "dingtalk", {"url": url, "secret": "HIDDEN2"})
    answer = login("administrator").get("/api/v1/channels")
    assert answer.json()[0]["secrets"] == ["secret", "url"]
    kept = answer.content.decode() + Channel.objects.get().secrets
    kept += "".join(bytes(entry.canonical).decode() for entry in Entry.objects.all())
    assert "HIDDEN" not in kept


def test_only_administrators_set_channels_and_only_to_allowed_addresses(county):
    with pytest.raises(NotAllowed):
        services.add_channel(actor(county.users["duty_officer"]), "短信", "operator_sms", {"url": "http://127.0.0.1/"})
    admin = actor(county.users["administrator"])
    for settings, field in [
        ({"url": "http://10.0.0.1/"}, "settings.url"), ({}, "settings.url"), ({"odd": "1"}, "settings.odd"),
    ]:  # fmt: skip
        with pytest.raises(Invalid) as refused:
            services.add_channel(admin, "短信", "operator_sms", settings)
        assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        services.add_channel(admin, "猫", "modem", {"device": "/etc/passwd"})
    assert refused.value.field == "settings.device"


@pytest.mark.parametrize(
    ("language", "word"), [("zh-hans", "不在允许外发的地址之列"), ("en", "not on the list of allowed addresses")]
)
def test_a_refused_address_is_told_at_its_field_in_the_askers_language(county, login, language, word):
    body = {"title": "短信", "kind": "operator_sms", "settings": {"url": "http://10.9.9.9:81/x"}, "per_minute": 0}
    admin = login("administrator")
    answer = admin.post(
        "/api/v1/channels", {**body, "enabled": True}, "application/json", headers={"accept-language": language}
    )
    told = answer.json()
    assert (answer.status_code, told["field"], told["code"]) == (422, "settings.url", "address.not_listed")
    assert told["facts"] == {"scheme": "http", "host": "10.9.9.9"}
    assert word in told["detail"]
    assert told["detail"] == told["expected"]
    # Whoever may, lists it by what the answer named, and saves again.
    assert admin.post("/api/v1/channels/endpoints", told["facts"], "application/json").status_code == 204
    assert admin.post("/api/v1/channels", {**body, "enabled": True}, "application/json").status_code == 200


def test_a_line_of_the_list_that_allows_too_much_is_refused_at_its_field(county, login):
    answer = login("administrator").post(
        "/api/v1/channels/endpoints", {"scheme": "http", "host": "*"}, "application/json"
    )
    assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, "host", "address.host_needed")


def test_a_channels_rate_is_kept(add, gateway, open_duty):
    contact = add("operator_sms")
    services.change_channel(SYSTEM, contact.channel_id, per_minute=2)
    for subject in range(4):
        open_duty(subject)
    due_now()
    for _ in range(4):
        services.deliver()
    assert len(gateway.got) == 2
    assert Notice.objects.filter(channel="operator_sms", step="queued").count() == 2


def test_the_monthly_test_finds_who_cannot_be_called(add, gateway, county):
    contact = add("operator_sms")
    first = timezone.localtime().replace(day=1, hour=11)
    trials.keep_testing(first)
    trials.keep_testing(first + timedelta(minutes=1))
    assert Trial.objects.count() == 1
    due_now()
    services.deliver()
    assert "试叫" in gateway.got[0][2]["text"]
    trials.keep_testing(first + timedelta(hours=3))
    Trial.objects.update(missed_at=timezone.now())
    open_ = check_findings(SYSTEM, "duties.unreachable", ref(county.mine))
    assert [row.message for row in open_ if not row.optional] == ["值班员：上次试叫没有一条通道应答"]
    open_[0].refresh_from_db()
    assert open_[0].duty.state == "called"
    again = services.test_contact(SYSTEM, contact)
    due_now()
    services.deliver()
    answering.take(contact.channel, "reply", PHONE, f"1 {again.pk % 10_000:04d}")
    assert not [row for row in check_findings(SYSTEM, "duties.unreachable", ref(county.mine)) if not row.optional]


def test_a_switched_off_contact_is_not_used(add, gateway, open_duty):
    add("operator_sms")
    open_duty()
    Contact.objects.update(enabled=False)
    due_now()
    services.deliver()
    assert (notice("operator_sms").step, gateway.got) == ("failed", [])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_a_text_survives_being_split(text):
    pieces = pdu.split(text)
    assert "".join(piece.decode("utf-16-be") for piece in pieces) == text
    assert len(pieces) == 1 or all(len(piece) <= 134 for piece in pieces)
    assert text_of([body for _length, body in pdu.submit(PHONE, text)]) == text


@given(st.binary(max_size=200))
def test_no_bytes_from_a_modem_break_the_reader(raw):
    with contextlib.suppress(pdu.BadPdu):
        pdu.read(raw.hex())


def test_a_seven_bit_reply_is_read():
    # "hellohello" from +27838890001, the example of the GSM literature.
    read = pdu.read("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37")
    assert (read.text, read.sender.endswith("27838890001")) == ("hellohello", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [("1", ("answer", "")), ("１ １２３４", ("answer", "1234")),
     ("2，0007", ("decline", "0007")), ("收到。", ("answer", "")),
     ("11234", ("answer", "1234")), ("10", None), ("好的1", None), ("", None)],
)  # fmt: skip
def test_what_a_reply_means(text, said):
    assert answering.meaning(text) == said
