"""上级指令: taken in once, given to named posts with a clock, carried out, told back, ended."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty
from shoutu.county.duties.selectors.lists import VIEWS
from shoutu.county.kit import subjects
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotAllowed, NotFound
from shoutu.county.kit.models import OutboxEvent
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places.models import Organisation
from shoutu.county.places.services import create_site
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Dispatch, Order, OrderVersion
from shoutu.county.warnings.selectors import drafting, reporting
from shoutu.county.warnings.services.orders import Draft
from shoutu.county.warnings.services.reports_sending import Target
from tests.county.duties.devices import http_gateway


@pytest.fixture
def mine(watched):
    return actor(watched.users["enterprise"])


def draft(**changes):
    told = {"key": "k1", "door": "hand", "sender": "市应急管理局", "title": "全面检查尾矿库", "text": "今晚前查完"}
    return Draft(**{**told, **changes})


def soon(hours=6):
    return timezone.now() + timedelta(hours=hours)


@pytest.fixture
def given(officer, watched):
    post = watched.posts["enterprise"]
    return services.enter_order(officer, draft(due_at=soon(), site=watched.site.pk), [post.pk])


def carry_out():
    return Duty.objects.get(kind="order.carry_out")


def test_without_a_name_somebody_is_called_to_give_it(officer, watched, mine):
    order = services.enter_order(officer, draft())
    assign = Duty.objects.get(kind="order.assign")
    assert (order.state, assign.clocks.get().stage) == ("new", "assign")
    with pytest.raises(NotFound):
        reporting.get_order(mine, order.pk)
    services.give_order(officer, order.pk, [watched.posts["enterprise"].pk], soon())
    assign.refresh_from_db()
    assert (Order.objects.get().state, assign.state) == ("given", "done")
    # Who carries it out sees it, whatever it is about.
    assert reporting.get_order(mine, order.pk).title == "全面检查尾矿库"


def test_a_named_post_is_called_first_with_the_orders_own_clock(given):
    duty = carry_out()
    assert duty.policy["chain"][0]["who"] == f"post:{duty.calls.get().post_id}"
    assert duty.clocks.get(stage="carry_out").due_at == given.due_at


def test_unanswered_it_climbs(given, clock):
    clock.shift(timedelta(minutes=11))
    duties.climb_due()
    assert carry_out().calls.count() == 2


def test_carried_out_by_all_it_may_be_told_back_and_ended(given, officer, mine):
    with pytest.raises(Conflict, match="还有 1 人没有落实"):
        services.end_order(officer, given.pk, "完")
    duties.answer(mine, carry_out().pk)
    duties.done(mine, carry_out().pk, "查了 3 座")
    assert Order.objects.get().state == "done"
    told = drafting.of_order(officer, given)
    assert "查了 3 座" in told["text"]
    office = services.set_superior(SYSTEM, "市应急管理局", "city", phone="1")
    reply = services.send_report(
        officer, "r", "reply", told["title"], told["text"], [Target(office.pk, "phone", "张")], order_id=given.pk
    )
    assert reply.number == f"{given.number}-R1"
    services.end_order(officer, given.pk, "已反馈")
    assert (Order.objects.get().state, carry_out().state) == ("ended", "verified")
    with pytest.raises(Conflict, match="已经办结"):
        services.end_order(officer, given.pk, "已反馈")


def test_sent_back_it_goes_on(given, officer, mine):
    duties.answer(mine, carry_out().pk)
    duties.done(mine, carry_out().pk, "查了")
    duties.return_(officer, carry_out().pk, "没有照片")
    assert Order.objects.get().state == "given"


def test_the_same_order_twice_is_one(officer, given, watched):
    posts = [watched.posts["enterprise"].pk]
    again = services.enter_order(officer, draft(due_at=given.due_at, site=watched.site.pk), posts)
    assert again.pk == given.pk
    assert Entry.objects.filter(verb="order.taken").count() == 1
    assert Duty.objects.filter(kind="order.carry_out").count() == 1


def test_another_order_under_the_same_key_is_refused_and_names_the_first(officer, given, watched, mine):
    posts = [watched.posts["enterprise"].pk]
    told = {"due_at": given.due_at, "site": watched.site.pk}
    for changed, others in (({"text": "立即停产撤人"}, posts), ({"due_at": soon(1)}, posts), ({}, [])):
        with pytest.raises(KeyReused, match=given.number) as why:
            services.enter_order(officer, draft(**{**told, **changed}), others)
        assert why.value.subject == {"type": "order", "id": given.pk}
    assert Order.objects.count() == 1


def test_the_text_is_in_no_entry_but_its_hash_is(given):
    body = bytes(Entry.objects.get(verb="order.taken").canonical).decode()
    assert "今晚前查完" not in body
    assert "sha256" in body


@pytest.mark.parametrize("role", ["inspector", "township", "enterprise", "auditor", "administrator"])
def test_only_leader_and_duty_officer_enter(watched, role):
    with pytest.raises(NotAllowed):
        services.enter_order(actor(watched.users[role]), draft())


def test_bad_input_names_the_field(officer, watched):
    post = watched.posts["enterprise"].pk

    def wrong(posts=(), **changes):
        with pytest.raises(Invalid) as caught:
            services.enter_order(officer, draft(**changes), posts)
        assert Order.objects.count() == 0, "half taken in"
        return caught.value.field

    assert wrong(title=" ") == "title"
    assert wrong(text="") == "text"
    assert wrong(sender="") == "sender"
    assert wrong(due_at=soon(-1)) == "due_at"
    assert wrong(posts=[post]) == "due_at"
    assert wrong(posts=[post, post], due_at=soon()) == "posts"
    assert wrong(posts=[99_999], due_at=soon()) == "posts"
    assert wrong(superior=99_999) == "superior"


def test_the_webhook_takes_an_order_once(login):
    client = login("duty_officer")
    body = {"sender": "市平台", "id": "2026-88", "title": "核查降雨", "text": "核查各库水位"}
    first = client.post("/api/v1/orders/webhook", body, content_type="application/json")
    second = client.post("/api/v1/orders/webhook", body, content_type="application/json")
    assert (first.status_code, first.json()["id"]) == (201, second.json()["id"])
    assert first.json()["door"] == "webhook"
    told = client.get("/api/v1/orders").json()
    assert (told["count"], told["items"][0]["their_number"]) == (1, "2026-88")


BODY = {"sender": "市平台", "id": "2026-88", "title": "核查降雨", "text": "核查各库水位"}


@pytest.fixture
def platform(login):
    """What the city's platform posts with the token of a duty officer."""
    client = login("duty_officer")
    return lambda **changes: client.post("/api/v1/orders/webhook", {**BODY, **changes}, content_type="application/json")


def test_other_words_under_the_same_id_are_kept_and_somebody_is_called_to_look(platform, login, watched):
    number = platform().json()["number"]
    answer = platform(text="立即停产撤人", due_at=soon(2).isoformat())
    assert (answer.status_code, answer.json()["code"]) == (409, "order.differs")
    assert answer.json()["kept"] == {"order": number, "version": 2, "times": 1}
    (entry,) = Entry.objects.filter(verb="order.differs")
    assert (entry.subject.type, entry.payload["version"], "立即停产撤人" in entry.canonical.decode()) == (
        "order",
        2,
        False,
    )
    duty = Duty.objects.get(kind="order.changed")
    assert duty.calls.get().post == watched.posts["duty_officer"]
    assert f"{number} 第 2 稿" in duty.why
    client = login("leader")
    order = client.get(f"/api/v1/orders/{entry.subject.id}").json()
    assert (order["text"], order["due_at"], order["versions"]) == ("核查各库水位", None, 1)
    (version,) = order["other_versions"]
    assert (version["text"], version["times"], version["changed"]) == ("立即停产撤人", 1, ["text", "due_at"])
    assert client.get("/api/v1/orders").json()["items"][0]["versions"] == 1
    assert b"shoutu_orders_differing_total 1.0" in client.get("/metrics").content


def changed(officer, order):
    return [one["changed"] for one in reporting.order_detail(officer, order)["other_versions"]]


def test_other_content_is_told_beside_the_order_as_it_came_and_not_as_it_was_given(platform, officer, watched):
    due, sooner = soon(8), soon(2)
    order = platform(due_at=due.isoformat(), site="没有的库").json()["id"]
    services.give_order(officer, order, [watched.posts["enterprise"].pk], sooner)
    platform(due_at=due.isoformat(), site="没有的库", text="立即停产撤人")
    platform(due_at=sooner.isoformat(), site="没有的库")
    platform(due_at=due.isoformat(), site="另一座库", text="立即停产撤人")
    platform(due_at=due.isoformat())
    assert changed(officer, order) == [["text"], ["due_at"], ["text", "named"], ["named"]]


def test_of_an_order_whose_names_were_not_kept_other_names_are_told_where_nothing_else_differs(platform, officer):
    order = platform(site="没有的库").json()["id"]
    Order.objects.update(named=None)
    platform(site="另一座库")
    platform(site="没有的库", text="立即停产撤人")
    assert changed(officer, order) == [["named"], ["text"]]


def test_orders_taken_in_before_have_their_limit_from_the_ledger(platform, officer, watched):
    due = soon(8)
    orders = [platform(id=id, due_at=due.isoformat()).json()["id"] for id in "12"]
    services.give_order(officer, orders[1], [watched.posts["enterprise"].pk], soon(2))
    Order.objects.update(came_due_at=None)
    importlib.import_module("shoutu.county.warnings.migrations.0016_order_as_it_came").came(apps, None)
    assert list(Order.objects.values_list("came_due_at", flat=True)) == [due, due]


def test_of_an_enterprise_with_several_sites_each_order_is_there_once_with_its_versions_counted_once(
    platform, officer, watched
):
    create_site(SYSTEM, "甲矿排土场", watched.site.kind, watched.mine)
    about = platform(id="1", site=watched.site.name).json()["id"]
    whole = platform(id="2", organisation="甲矿").json()["id"]
    for id, named in (("1", {"site": watched.site.name}), ("2", {"organisation": "甲矿"})):
        platform(id=id, **named, text="立即停产撤人")
    rows = reporting.orders_for(officer, site=watched.site.pk).order_by("id")
    assert [(one.pk, one.differing) for one in rows] == [(about, 1), (whole, 1)]


def test_the_same_other_words_are_kept_once_and_counted(platform):
    platform()
    for _ in range(3):
        assert platform(text="立即停产撤人").json()["kept"]["version"] == 2
    assert platform(text="立即停产撤人。").json()["kept"]["version"] == 3
    assert platform().status_code == 201, "the first words are the order still"
    assert [(one.number, one.times) for one in OrderVersion.objects.order_by("number")] == [(2, 3), (3, 1)]
    assert Entry.objects.filter(verb="order.differs").count() == 2
    assert Duty.objects.filter(kind="order.changed").count() == 2


def test_other_words_after_the_order_ended_are_kept_too(platform, officer, watched, mine):
    order = platform().json()["id"]
    services.give_order(officer, order, [watched.posts["enterprise"].pk], soon())
    duties.answer(mine, carry_out().pk)
    duties.done(mine, carry_out().pk)
    services.end_order(officer, order, "已查")
    assert platform(title="核查降雨（更正）").status_code == 409
    assert Duty.objects.get(kind="order.changed").state == "called"


def test_a_mine_given_the_order_is_shown_nothing_of_what_else_was_sent(platform, officer, watched, mine):
    order = platform().json()["id"]
    services.give_order(officer, order, [watched.posts["enterprise"].pk], soon())
    platform(text="查乙矿")
    assert reporting.order_detail(mine, order)["other_versions"] == []


def test_the_webhook_names_a_site_or_an_enterprise_by_code_or_name(platform, watched):
    Organisation.objects.filter(pk=watched.mine.pk).update(code="91141034MA0GT2QX5J")
    whole = platform(id="1", organisation="91141034ma0gt2qx5j").json()
    assert (whole["organisation"]["id"], whole["site"]) == (watched.mine.pk, None)
    both = platform(id="2", organisation="91141034MA0GT2QX5J", site="甲矿尾矿库").json()
    assert (both["organisation"]["id"], both["site"]["id"]) == (watched.mine.pk, watched.site.pk)
    assert platform(id="3", site=str(watched.site_b.pk)).json()["site"]["id"] == watched.site_b.pk
    assert platform(id="4", organisation="甲矿").json()["organisation"]["id"] == watched.mine.pk
    assert list(Order.objects.values_list("unmatched", flat=True)) == [[]] * 4


def test_what_the_webhook_names_and_nobody_knows_keeps_no_order_out(platform, watched, raise_to):
    warning = raise_to(4)
    told = platform(organisation="91000000000000000X", site="没有的库", warning=warning.number).json()
    assert told["unmatched"] == [
        {"field": "organisation", "named": "91000000000000000X"}, {"field": "site", "named": "没有的库"},
    ]  # fmt: skip
    assert told["warning"]["id"] == warning.pk
    assert "来文指的对不上：91000000000000000X、没有的库" in Duty.objects.get(kind="order.assign").why
    other = platform(id="2", organisation="甲矿", site="乙矿露天采场").json()
    assert (other["organisation"]["name"], other["site"]) == ("甲矿", None)
    assert [one["field"] for one in other["unmatched"]] == ["site"]
    apart = platform(id="3", organisation="乙矿", site=str(watched.site_b.pk), warning=warning.number).json()
    assert (apart["site"]["id"], apart["warning"]) == (watched.site_b.pk, None)
    assert [one["field"] for one in apart["unmatched"]] == ["warning"]
    theirs = platform(id="4", organisation="乙矿", warning=warning.number).json()
    assert (theirs["organisation"]["name"], theirs["warning"]["id"]) == ("甲矿", warning.pk)
    assert [one["field"] for one in theirs["unmatched"]] == ["organisation"]


def test_named_otherwise_it_is_another_content(platform):
    platform(organisation="甲矿")
    assert platform(organisation="乙矿").status_code == 409
    assert OrderVersion.objects.get().named == {"organisation": "乙矿"}


def test_over_http_from_entry_to_end(login, watched, mine):
    client = login("leader")

    def post(path, **body):
        answer = client.post(f"/api/v1{path}", body, content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    order = post("/orders", key="x", sender="省应急管理厅", title="停产检查", text="三天内", site=watched.site.pk)
    told = post(f"/orders/{order['id']}/give", posts=[watched.posts["enterprise"].pk], due_at=soon().isoformat())
    assert [one["verb"] for one in told["actions"] if one["allowed"]] == ["give", "reply"]
    duties.answer(mine, carry_out().pk)
    duties.done(mine, carry_out().pk, "停了")
    ended = post(f"/orders/{order['id']}/end", note="已办")
    assert (ended["state"], ended["done"], ended["given"]) == ("ended", 1, 1)
    assert any("指令办结" in row["text"] for row in ended["timeline"])


def test_given_again_to_a_post_whose_duty_ended_it_is_called_anew(given, officer, watched):
    duties.cancel(SYSTEM, carry_out().pk, "弄错了")
    post = watched.posts["enterprise"].pk
    services.give_order(officer, given.pk, [post], soon())
    assert Duty.objects.filter(kind="order.carry_out", state="called").count() == 1
    services.give_order(officer, given.pk, [post], soon())
    assert Duty.objects.filter(kind="order.carry_out").count() == 2


def test_given_again_with_a_nearer_limit_it_is_called_anew_and_due_then(given, officer, watched):
    post = watched.posts["enterprise"].pk
    duty = carry_out()
    calls = duty.calls.count()
    order = services.give_order(officer, given.pk, [post], soon(2))
    duty = carry_out()
    assert duty.clocks.get(stage="carry_out").due_at == order.due_at == soon(2)
    assert duty.calls.count() > calls


def test_a_limit_is_not_put_off_by_giving_it_again(given, officer, watched):
    posts = [watched.posts["enterprise"].pk, watched.posts["township"].pk]
    with pytest.raises(Invalid) as caught:
        services.give_order(officer, given.pk, posts, soon(48))
    assert caught.value.field == "due_at"
    assert carry_out().clocks.get(stage="carry_out").due_at == soon(6)


def test_an_answer_that_did_not_arrive_calls_somebody_to_tell_it(given, officer, clock):
    with http_gateway() as platform:
        platform.status = 503
        duties.allow_endpoint(SYSTEM, "http", "127.0.0.1")
        url = f"http://127.0.0.1:{platform.server_port}/reports"
        line = duties.add_channel(SYSTEM, "市平台", "webhook", {"url": url})
        city = services.set_superior(SYSTEM, "市平台值班", "city", channel=line.pk, address="141034")
        services.send_report(officer, "r", "reply", "反馈", "已查", [Target(city.pk, "channel")], order_id=given.pk)
        for _ in range(5):
            services.dispatch_due()
            clock.shift(timedelta(minutes=11))
    retell = Duty.objects.filter(kind="order.retell", state="called")
    assert "没有报到市平台值班" in retell.get().why
    services.tell_by_hand(officer, Dispatch.objects.get().pk, "phone", "值班长")
    assert not retell.exists()


# --- what a mine sees of an order about itself


@pytest.fixture
def unannounced(officer, watched):
    """The township is to look at 甲矿 without telling it."""
    told = draft(title="四不两直暗访", site=watched.site.pk, due_at=soon())
    return services.enter_order(officer, told, [watched.posts["township"].pk])


def seen_by(client, order):
    """Wherever an order and its duties could show: lists, the thing itself, the ledger, the export."""
    ids = [one.pk for one in Duty.objects.filter(about_type="order", about_id=order.pk)]
    found = {"orders": client.get("/api/v1/orders?state=all").json()["count"]}
    found["order"] = client.get(f"/api/v1/orders/{order.pk}").status_code
    found["duty"] = {client.get(f"/api/v1/duties/{id}").status_code for id in ids}
    for view in VIEWS:
        items = client.get("/api/v1/duties", {"view": view}).json()["items"]
        found[view] = len([one for one in items if one["id"] in ids])
    found["ledger"] = len([
        one for one in client.get("/api/v1/ledger", {"limit": 200}).json()["items"]
        if (one["subject"]["type"], one["subject"]["id"]) in {("order", order.pk), *(("duty", id) for id in ids)}
    ])  # fmt: skip
    return found


NOTHING = {"orders": 0, "order": 404, "duty": {404}, "ledger": 0, **dict.fromkeys(VIEWS, 0)}


def test_a_mine_sees_nothing_of_an_order_about_it_that_was_given_to_others(unannounced, officer, watched, login):
    for role in ("enterprise", "principal"):
        assert seen_by(login(role), unannounced) == NOTHING
    township = seen_by(login("township"), unannounced)
    assert (township["orders"], township["order"], township["today"]) == (1, 200, 1)
    assert township["ledger"] > 1


def test_nor_of_one_that_nobody_was_given_yet_or_whose_answer_did_not_go_up(officer, watched, login):
    order = services.enter_order(officer, draft(title="暗访", site=watched.site.pk))
    duties.open_duty(
        SYSTEM, "order.retell", SubjectRef("order", order.pk), watched.site.pk,
        Duty.objects.get(kind="order.assign").policy, 2, "反馈没有报到", "", key="retell",
    )  # fmt: skip
    assert seen_by(login("enterprise"), order) == NOTHING


def test_live_nothing_is_told_to_it(unannounced, mine):
    about = {SubjectRef("order", unannounced.pk), SubjectRef("duty", carry_out().pk)}
    events = {SubjectRef(one.subject_type, one.subject_id) for one in OutboxEvent.objects.all()}
    assert about <= events
    assert not subjects.visible(mine, events) & about


def test_given_its_own_part_later_it_sees_that_and_not_what_the_others_do(unannounced, officer, watched, login):
    services.give_order(officer, unannounced.pk, [watched.posts["enterprise"].pk], soon())
    own = Duty.objects.get(kind="order.carry_out", calls__post=watched.posts["enterprise"])
    for role in ("enterprise", "principal"):
        # Whoever else is of the mine sees with it.
        told = login(role).get(f"/api/v1/orders/{unannounced.pk}").json()
        assert ([one["id"] for one in told["duties"]], told["given"]) == ([own.pk], 1), role
        assert {one["duty_id"] for one in told["chain"]} == {own.pk}
        assert told["timeline"]
        assert watched.posts["township"].title not in json.dumps(told, ensure_ascii=False)
    assert login("township").get(f"/api/v1/orders/{unannounced.pk}").json()["given"] == 2


# --- what an order concerns, and what comes next


def test_an_order_about_a_site_stands_with_it_and_its_enterprise(officer, watched):
    order = services.enter_order(officer, draft(site=watched.site.pk))
    assert (order.site, order.organisation) == (watched.site, watched.mine)
    facts = Entry.objects.get(verb="order.taken").body["payload"]
    assert (facts["site"], facts["organisation"], facts["concerns"]) == (
        watched.site.pk, watched.mine.pk, watched.site.name
    )  # fmt: skip
    assert order in reporting.orders_for(officer, site=watched.site.pk)
    assert order in reporting.orders_for(officer, organisation=watched.mine.pk)
    assert order not in reporting.orders_for(officer, site=watched.site_b.pk)


def test_an_order_about_an_enterprise_stands_with_each_of_its_sites(officer, watched):
    order = services.enter_order(officer, draft(organisation=watched.mine.pk))
    assert (order.site, order.organisation) == (None, watched.mine)
    assert Entry.objects.get(verb="order.taken").body["payload"]["concerns"] == watched.mine.name
    assert list(reporting.orders_for(officer, site=watched.site.pk)) == [order]
    assert not reporting.orders_for(officer, site=watched.site_b.pk).exists()
    assert list(reporting.orders_for(officer, q=watched.mine.name)) == [order]


@pytest.mark.parametrize(
    ("name", "sees"), [("township", True), ("township_b", False), ("enterprise", False), ("enterprise_b", False)]
)
def test_an_order_about_an_enterprise_is_seen_by_those_who_oversee_it_and_not_by_itself(officer, watched, name, sees):
    services.enter_order(officer, draft(organisation=watched.mine.pk))
    assert reporting.orders_for(actor(watched.users[name])).exists() is sees


def test_a_mine_is_shown_nothing_of_an_order_about_it_as_a_whole(officer, watched, login):
    told = draft(title="四不两直暗访", organisation=watched.mine.pk, due_at=soon())
    order = services.enter_order(officer, told, [watched.posts["township"].pk])
    for role in ("enterprise", "principal"):
        assert seen_by(login(role), order) == NOTHING
        assert login(role).get("/api/v1/orders", {"state": "all", "site": watched.site.pk}).json()["count"] == 0


def test_under_the_same_key_an_order_about_another_enterprise_is_refused(officer, watched):
    services.enter_order(officer, draft(organisation=watched.mine.pk))
    services.enter_order(officer, draft(organisation=watched.mine.pk))
    with pytest.raises(KeyReused):
        services.enter_order(officer, draft(organisation=watched.mine_b.pk))
    assert Order.objects.count() == 1


def test_what_it_concerns_must_be_there_and_agree(officer, watched):
    bureau = Organisation.objects.exclude(kind="enterprise").first().pk
    for changes in ({"site": 99_999}, {"organisation": 99_999}, {"organisation": bureau}):
        with pytest.raises(NotFound):
            services.enter_order(officer, draft(**changes))
    with pytest.raises(Invalid) as caught:
        services.enter_order(officer, draft(site=watched.site.pk, organisation=watched.mine_b.pk))
    assert caught.value.field == "organisation"
    assert Order.objects.count() == 0


def test_the_next_step_is_the_primary_one(officer, watched, mine):
    def primary(order):
        actions = reporting.order_detail(officer, order.pk)["actions"]
        return [one["verb"] for one in actions if one["primary"]]

    def reply(order):
        office = services.set_superior(SYSTEM, "市应急管理局", "city", phone="1")
        target = Target(office.pk, "phone", "张")
        services.send_report(officer, f"r{order.pk}", "reply", "已查", "查完", [target], order_id=order.pk)

    order = services.enter_order(officer, draft())
    assert primary(order) == ["give"]
    services.give_order(officer, order.pk, [watched.posts["enterprise"].pk], soon())
    assert primary(order) == ["reply"]
    reply(order)
    # Told back meanwhile: the next step is that of those who carry it out.
    assert primary(order) == []
    duties.answer(mine, carry_out().pk)
    duties.done(mine, carry_out().pk, "查完")
    assert primary(order) == ["end"]
    services.end_order(officer, order.pk, "已办")
    assert primary(order) == []
    # Who may do nothing with it is shown no next step.
    assert [one for one in reporting.order_detail(mine, order.pk)["actions"] if one["primary"]] == []


def test_duties_asked_for_in_parts_are_those_that_are_seen(given, officer, watched):
    """Of their own site, of others they were called for, and those an enterprise may not see."""
    services.enter_order(officer, draft(key="k2", site=watched.site.pk))  # to be given: nobody's outside the bureau
    seen = {}
    for name, user in watched.users.items():
        one = actor(user)
        kind = subjects.kinds()["duty"]
        seen[name] = set(kind.visible(one).values_list("pk", flat=True))
        assert {pk for part in kind.all_visible(one) for pk in part.values_list("pk", flat=True)} == seen[name]
    assert seen["leader"] > seen["enterprise"] > set()
