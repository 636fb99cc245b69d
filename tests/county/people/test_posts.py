"""Posts, persons, leave: over HTTP and by their services."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Access, Entry, Personal
from shoutu.county.people import services
from shoutu.county.people.models import Holding, Leave, Person, Post, Rung, Shift, User
from shoutu.county.people.selectors import filled, posts_of, who_answers_for
from shoutu.county.people.services.belonging import must_belong
from shoutu.county.people.testing import actor
from tests.county.base import ListTests

JSON = "application/json"
HOUR = timedelta(hours=1)


class TestPostList(ListTests):
    path = "/api/v1/posts"
    queries = 8
    sees = {"leader": True, "township": True, "enterprise": True, "enterprise_b": False, "auditor": True}

    def make(self, county, n):
        start = Post.objects.count()
        made = [services.create_post(SYSTEM, county.mine, f"岗位{start + i}") for i in range(n)]
        for post in made:
            services.hold_post(SYSTEM, post, county.persons["principal"])
        return made


class TestPersonList(ListTests):
    path = "/api/v1/persons"
    queries = 7
    sees = {"leader": True, "township": True, "enterprise": True, "enterprise_b": False, "auditor": True}

    def make(self, county, n):
        start = Person.objects.count()
        return [
            services.create_person(SYSTEM, f"人{start + i}", phone="13800001234", organisation=county.mine)
            for i in range(n)
        ]


class TestLeaveList(ListTests):
    path = "/api/v1/leaves"
    queries = 5
    sees = {"leader": True, "township": True, "enterprise": True, "enterprise_b": False}

    def make(self, county, n):
        made = []
        for _ in range(n):
            person = services.create_person(SYSTEM, f"人{Person.objects.count()}", organisation=county.mine)
            leave = services.start_leave(
                SYSTEM, person, "trip", timezone.now() + HOUR, deputy=county.persons["principal"]
            )
            made.append(leave)
        return made


def test_numbers_are_masked_for_everyone_and_names_by_role(county: SimpleNamespace, login) -> None:
    person = services.create_person(SYSTEM, "王某某", phone="13812345678", email="w@x.cn", organisation=county.mine)
    for role, name in (("leader", "王某某"), ("duty_officer", "王某某"), ("auditor", "王**"), ("inspector", "王**")):
        row = next(
            r for r in login(role).get("/api/v1/persons", {"limit": 500}).json()["items"] if r["id"] == person.pk
        )
        assert (row["name"], row["phone"], row["email"]) == (name, "138****5678", "***"), role
    assert Access.objects.count() == 0
    assert login("leader").get(f"/api/v1/persons/{person.pk}/phone?purpose=叫应").json()["phone"] == "13812345678"
    assert Access.objects.get().subject_id == person.pk


def test_a_search_does_not_undo_the_mask(county: SimpleNamespace, login) -> None:
    services.create_person(SYSTEM, "王某某", organisation=county.mine)
    assert login("leader").get("/api/v1/persons", {"q": "王某"}).json()["count"] == 1
    assert login("auditor").get("/api/v1/persons", {"q": "王某"}).json()["count"] == 0


def test_person_changes_leave_no_value_in_the_ledger(county: SimpleNamespace, login) -> None:
    admin = login("administrator")
    made = admin.post("/api/v1/persons", {"name": "李某", "organisation": county.bureau.pk}, content_type=JSON).json()
    changed = admin.patch(f"/api/v1/persons/{made['id']}", {"phone": "13987654321"}, content_type=JSON)
    assert changed.json()["phone"] == "139****4321"
    entry = Entry.objects.get(verb="person.changed")
    assert entry.payload == {"fields": ["phone"]}
    assert Personal.objects.get(entry=entry).value == "13987654321"
    for body, field in (({"phone": "打给我"}, "phone"), ({"email": "nobody"}, "email"), ({"name": " "}, "name")):
        answer = admin.patch(f"/api/v1/persons/{made['id']}", body, content_type=JSON)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert login("leader").patch(f"/api/v1/persons/{made['id']}", {"name": "x"}, content_type=JSON).status_code == 403


def test_a_person_with_posts_or_shifts_is_not_struck_off(county: SimpleNamespace, login) -> None:
    admin, person = login("administrator"), county.persons["township"]
    refused = admin.post(f"/api/v1/persons/{person.pk}/deactivate")
    assert refused.status_code == 409
    assert "东乡安监站安监站长" in refused.json()["detail"]
    services.leave_post(SYSTEM, Holding.objects.get(person=person))
    assert admin.post(f"/api/v1/persons/{person.pk}/deactivate").json()["is_active"] is False
    assert User.objects.get(person=person).is_active is False
    with pytest.raises(Conflict):
        services.hold_post(SYSTEM, county.posts["township"], Person.objects.get(pk=person.pk))


def test_post_detail_tells_its_holders_and_its_responsibilities(county: SimpleNamespace, login) -> None:
    post = county.posts["township"]
    body = login("administrator").get(f"/api/v1/posts/{post.pk}").json()
    assert body["state"] == "held"
    assert body["responsibilities"][0]["territory"]["name"] == "东乡"
    assert body["responsibilities"][0]["backdated"] is True
    assert login("enterprise").get(f"/api/v1/posts/{county.posts['enterprise_b'].pk}").status_code == 404


def test_post_life_over_http(county: SimpleNamespace, login) -> None:
    admin = login("administrator")
    made = admin.post("/api/v1/posts", {"organisation": county.bureau.pk, "title": "副股长"}, content_type=JSON).json()
    assert (made["state"], made["person"]) == ("nobody", None)
    held = admin.post(
        f"/api/v1/posts/{made['id']}/holdings", {"person": county.persons["inspector"].pk}, content_type=JSON
    ).json()
    assert held["state"] == "held"
    twice = admin.post(
        f"/api/v1/posts/{made['id']}/holdings", {"person": county.persons["inspector"].pk}, content_type=JSON
    )
    assert twice.status_code == 409
    assert admin.post(f"/api/v1/posts/{made['id']}/deactivate").status_code == 409
    past = {"at": (timezone.now() - HOUR).isoformat()}
    holding = held["holdings"][0]["id"]
    refused = admin.post(f"/api/v1/holdings/{holding}/end", past, content_type=JSON)
    assert (refused.status_code, refused.json()["field"]) == (422, "at")
    assert admin.post(f"/api/v1/holdings/{holding}/end", {}, content_type=JSON).json()["state"] == "nobody"
    assert admin.post(f"/api/v1/posts/{made['id']}/deactivate").json()["is_active"] is False
    renamed = admin.patch(f"/api/v1/posts/{made['id']}", {"title": "股长"}, content_type=JSON)
    assert renamed.json()["title"] == "股长"
    assert admin.patch(f"/api/v1/posts/{made['id']}", {"title": "值班员"}, content_type=JSON).status_code == 422


def head(county: SimpleNamespace) -> object:
    return next(s for s in who_answers_for(county.site.pk, "warning", timezone.now()) if s.rung == Rung.TOWNSHIP_HEAD)


def test_the_deputy_is_called_while_the_holder_is_away(county: SimpleNamespace) -> None:
    person, deputy = county.persons["township"], county.persons["inspector"]
    leave = services.start_leave(SYSTEM, person, "holiday", timezone.now() + 24 * HOUR, deputy=deputy)
    answers = head(county)
    assert (answers.person, answers.stands_for, answers.away) == (deputy, person, False)
    assert county.posts["township"] in posts_of(deputy.pk, timezone.now())
    assert county.posts["township"].pk in actor(county.users["inspector"]).posts
    services.end_leave(SYSTEM, leave)
    assert head(county).person == person
    assert county.posts["township"] not in posts_of(deputy.pk, timezone.now())
    assert list(Entry.objects.filter(verb__startswith="leave.").values_list("verb", flat=True)) == [
        "leave.started", "leave.ended",
    ]  # fmt: skip


def test_without_a_deputy_the_second_holder_answers_and_else_the_one_away(county: SimpleNamespace) -> None:
    person = county.persons["township"]
    services.start_leave(SYSTEM, person, "sick", timezone.now() + 24 * HOUR)
    assert (head(county).person, head(county).away) == (person, True)
    services.hold_post(SYSTEM, county.posts["township"], county.persons["inspector"], rank=1)
    assert (head(county).person, head(county).away) == (county.persons["inspector"], False)


def test_leave_for_one_post_leaves_the_others(county: SimpleNamespace) -> None:
    person, deputy = county.persons["township"], county.persons["inspector"]
    other = services.create_post(SYSTEM, county.station, "防汛专干")
    services.hold_post(SYSTEM, other, person)
    services.start_leave(SYSTEM, person, "training", timezone.now() + HOUR, deputy=deputy, post=other)
    found = filled([other.pk, county.posts["township"].pk], timezone.now())
    assert (found[other.pk].person, found[county.posts["township"].pk].person) == (deputy, person)
    assert county.posts["township"] not in posts_of(deputy.pk, timezone.now())


def test_whoever_has_signed_in_is_there_whatever_the_leave_says(county: SimpleNamespace) -> None:
    officer = county.persons["duty_officer"]
    services.start_leave(SYSTEM, officer, "trip", timezone.now() + HOUR, deputy=county.persons["inspector"])
    post = county.posts["duty_officer"].pk
    assert filled([post], timezone.now())[post].person == officer
    services.sign_out(SYSTEM, Shift.objects.get(post_id=post))
    assert filled([post], timezone.now())[post].person == county.persons["inspector"]


@pytest.mark.parametrize(("change", "field"), [
    ({"deputy": "township"}, "deputy"), ({"deputy": "away"}, "deputy"), ({"reason": "beach"}, "reason"),
    ({"until": -1}, "until"), ({"since": -5}, "since"),
])  # fmt: skip
def test_bad_leave_names_the_field(county: SimpleNamespace, change, field) -> None:
    now = timezone.now()
    services.start_leave(SYSTEM, county.persons["principal"], "trip", now + 9 * HOUR)
    deputy = change.get("deputy")
    arguments = {
        "reason": change.get("reason", "trip"),
        "until": now + change.get("until", 5) * HOUR,
        "since": now + change["since"] * HOUR if "since" in change else None,
        "deputy": county.persons["principal" if deputy == "away" else deputy] if deputy else None,
    }
    with pytest.raises(Invalid) as caught:
        services.start_leave(SYSTEM, county.persons["township"], **arguments)
    assert caught.value.field == field
    assert Leave.objects.count() == 1


def test_one_asks_for_oneself_others_need_the_right(county: SimpleNamespace, login) -> None:
    until = (timezone.now() + 5 * HOUR).isoformat()
    own = {"person": county.persons["township"].pk, "reason": "trip", "until": until}
    client = login("township")
    made = client.post("/api/v1/leaves", own, content_type=JSON)
    assert made.status_code == 201
    assert client.post("/api/v1/leaves", own, content_type=JSON).status_code == 409
    other = {**own, "person": county.persons["principal"].pk}
    assert client.post("/api/v1/leaves", other, content_type=JSON).status_code == 403
    assert login("duty_officer").post("/api/v1/leaves", other, content_type=JSON).status_code == 201
    ended = client.post(f"/api/v1/leaves/{made.json()['id']}/end", {}, content_type=JSON)
    assert ended.status_code == 200
    assert client.post(f"/api/v1/leaves/{made.json()['id']}/end", {}, content_type=JSON).status_code == 409


def test_leave_is_asked_for_by_person(county: SimpleNamespace, login) -> None:
    now = timezone.now()
    for who in ("township", "principal"):
        services.start_leave(SYSTEM, county.persons[who], "trip", now + 5 * HOUR)
    told = login("leader").get("/api/v1/leaves", {"person": county.persons["principal"].pk}).json()
    assert [row["person"]["id"] for row in told["items"]] == [county.persons["principal"].pk]
    assert told["count"] == 1


def test_accounts_change_and_nobody_changes_their_own_role(county: SimpleNamespace, login) -> None:
    admin, user = login("administrator"), county.users["auditor"]
    body = {"role": "inspector", "territory": county.east.pk}
    assert admin.patch(f"/api/v1/users/{user.pk}", body, content_type=JSON).json()["role"] == "inspector"
    assert Entry.objects.get(verb="user.changed").payload["before"]["role"] == "auditor"
    own = admin.patch(f"/api/v1/users/{county.users['administrator'].pk}", {"role": "leader"}, content_type=JSON)
    assert own.status_code == 409
    taken = admin.patch(f"/api/v1/users/{user.pk}", {"person": county.persons["leader"].pk}, content_type=JSON)
    assert (taken.status_code, taken.json()["field"]) == (422, "person")
    assert admin.post(f"/api/v1/users/{user.pk}/password", {"password": "1"}, content_type=JSON).status_code == 422
    assert admin.post(f"/api/v1/users/{user.pk}/deactivate").json()["is_active"] is False
    assert admin.post(f"/api/v1/users/{user.pk}/activate").json()["is_active"] is True


def test_nothing_of_it_without_the_right(county: SimpleNamespace) -> None:
    leader = actor(county.users["leader"])
    for attempt in (
        lambda: services.create_post(leader, county.bureau, "新岗"),
        lambda: services.change_post(leader, county.posts["leader"], title="新名"),
        lambda: services.set_post_active(leader, county.posts["leader"], False),
        lambda: services.change_person(leader, county.persons["leader"], name="新名"),
        lambda: services.leave_post(leader, Holding.objects.get(post=county.posts["leader"])),
        lambda: services.change_user(leader, county.users["auditor"], display="新名"),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_post_tells_the_rung_it_answers_on_now(county: SimpleNamespace, login) -> None:
    post = services.create_post(SYSTEM, county.mine, "安全科长")
    client = login("leader")

    def rung() -> int | None:
        items = client.get("/api/v1/posts", {"organisation": county.mine.pk, "sort": "-rung"}).json()["items"]
        rungs = [one["rung"] or 0 for one in items]
        assert rungs == sorted(rungs, reverse=True)
        told: int | None = next(one["rung"] for one in items if one["id"] == post.pk)
        assert client.get(f"/api/v1/posts/{post.pk}").json()["rung"] == told
        return told

    assert rung() is None
    row = services.assign_responsibility(
        SYSTEM, post, "enterprise", Rung.ENTERPRISE_PRINCIPAL, organisation=county.mine
    )
    assert rung() == Rung.ENTERPRISE_PRINCIPAL
    services.end_responsibility(SYSTEM, row, timezone.now(), "改由矿长")
    assert rung() is None


def test_who_may_sit_on_a_post_is_who_the_service_lets_its_own_people_first(county: SimpleNamespace, login) -> None:
    client = login("duty_officer")
    for name in ("duty_officer", "enterprise", "township"):
        post = county.posts[name]
        items = client.get("/api/v1/persons", {"for_post": post.pk, "limit": 100}).json()["items"]
        may = set()
        for person in Person.objects.filter(is_active=True):
            with suppress(Conflict):
                must_belong(post, person)
                may.add(person.pk)
        assert {one["id"] for one in items} == may
        own = [(one["organisation"] or {}).get("id") == post.organisation_id for one in items]
        assert any(own)
        assert own == sorted(own, reverse=True)
    assert client.get("/api/v1/persons", {"for_post": 99_999}).status_code == 404
    assert login("enterprise").get("/api/v1/persons", {"for_post": county.posts["enterprise_b"].pk}).status_code == 404
