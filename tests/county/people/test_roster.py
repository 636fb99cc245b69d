"""The calendar, its gaps and doubles, swaps, and the handover both sign."""

from __future__ import annotations

import io
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import ClassVar

import pytest
import time_machine
from django.utils import timezone
from docx import Document

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import api_calendar, services
from shoutu.county.people.models import Handover, Person, Rung, Shift
from shoutu.county.people.roster import my_shift
from shoutu.county.people.selectors import who_answers_for
from shoutu.county.people.states import HANDOVER_STATES
from shoutu.county.people.testing import actor
from tests.county.base import ListTests, StateTests

JSON = "application/json"
HOUR = timedelta(hours=1)


def relief(county: SimpleNamespace, post: str = "duty_officer") -> Shift:
    """The inspector's shift on the county's watch, from now on."""
    now = timezone.now()
    return services.plan_shift(SYSTEM, county.posts[post], county.persons["inspector"], now, now + 12 * HOUR)


def written(county: SimpleNamespace) -> Handover:
    officer = actor(county.users["duty_officer"])
    shift = Shift.objects.get(post=county.posts["duty_officer"], person=county.persons["duty_officer"])
    return services.write_handover(officer, shift, "乙矿雨量计在修")


class TestHandoverStates(StateTests):
    table = HANDOVER_STATES
    services: ClassVar = {}

    def thing(self, county, state):
        """`do` signs as whoever may sign that verb; somebody powerless signs as themselves."""
        Handover.objects.all().delete()
        Shift.objects.filter(post=county.posts["duty_officer"]).delete()
        now = timezone.now()
        mine = services.plan_shift(
            SYSTEM, county.posts["duty_officer"], county.persons["duty_officer"], now - 4 * HOUR, now + HOUR
        )
        services.sign_in(SYSTEM, mine)
        relief(county)
        handover = written(county)
        outgoing, incoming = actor(county.users["duty_officer"]), actor(county.users["inspector"])
        if state != "draft":
            handover = services.hand_over(outgoing, handover, {})
        if state == "taken":
            handover = services.take_over(incoming, handover)

        def who(given, right):
            return right if given.role == "duty_officer" else given

        type(self).services = {
            "hand": lambda a, h: services.hand_over(who(a, outgoing), h, {}),
            "take": lambda a, h: services.take_over(who(a, incoming), h),
            "return": lambda a, h: services.return_handover(who(a, incoming), h, "漏写水位"),
        }
        return handover


class TestHandoverList(ListTests):
    path = "/api/v1/roster/handovers"
    queries = 6
    sees = {"leader": True, "duty_officer": True, "inspector": True, "township": False, "enterprise": False}

    def make(self, county, n):
        made = []
        for _ in range(n):
            now = timezone.now()
            person = services.create_person(SYSTEM, f"人{Person.objects.count()}", organisation=county.bureau)
            shift = Shift.objects.create(
                post=county.posts["duty_officer"],
                person=person,
                starts_at=now - HOUR * 9,
                ends_at=now,
                signed_in_at=now,
            )
            made.append(Handover.objects.create(shift=shift, note="无"))
        return made


def test_the_watch_changes_hands_with_the_second_signature(county: SimpleNamespace, login) -> None:
    relief(county)
    mine = Shift.objects.get(post=county.posts["duty_officer"], person=county.persons["duty_officer"])
    officer, next_one = login("duty_officer"), login("inspector")

    def on_watch() -> Person:
        chain = who_answers_for(county.site.pk, "warning", timezone.now())
        return next(s.person for s in chain if s.rung == Rung.COUNTY_DUTY)

    draft = officer.put(f"/api/v1/roster/shifts/{mine.pk}/handover", {"note": ""}, content_type=JSON).json()
    acts = {act["verb"]: act["why_not"] for act in draft["acts"]}
    assert "先写交班记录" in acts["hand"]
    path = f"/api/v1/roster/handovers/{draft['id']}"
    assert officer.post(f"{path}/hand").status_code == 409
    officer.put(f"/api/v1/roster/shifts/{mine.pk}/handover", {"note": "乙矿雨量计在修"}, content_type=JSON)
    assert next_one.post(f"{path}/hand").status_code == 409
    assert officer.post(f"{path}/hand").json()["figures"]["levels"] == {"1": 0, "2": 0, "3": 0, "4": 0}
    assert on_watch() == county.persons["duty_officer"]
    changed = officer.put(f"/api/v1/roster/shifts/{mine.pk}/handover", {"note": "改"}, content_type=JSON)
    assert changed.status_code == 409
    back = next_one.post(f"{path}/return", {"reason": "漏写水位"}, content_type=JSON).json()
    assert (back["state"], back["returned"]) == ("draft", "漏写水位")
    officer.put(f"/api/v1/roster/shifts/{mine.pk}/handover", {"note": "乙矿雨量计在修，水位正常"}, content_type=JSON)
    officer.post(f"{path}/hand")
    assert officer.post(f"{path}/take").status_code == 409
    taken = next_one.post(f"{path}/take").json()
    assert (taken["state"], taken["incoming"]) == ("taken", "县应急管理局inspector")
    assert on_watch() == county.persons["inspector"]
    mine.refresh_from_db()
    assert mine.signed_out_at is not None
    verbs = list(Entry.objects.filter(subject_type="handover").order_by("id").values_list("verb", flat=True))
    assert verbs == [
        "handover.written", "handover.written", "handover.handed", "handover.returned", "handover.written",
        "handover.handed", "handover.taken",
    ]  # fmt: skip
    assert "雨量计" not in "".join(str(e.payload) for e in Entry.objects.filter(subject_type="handover"))


def test_nobody_takes_a_watch_they_are_not_rostered_for(county: SimpleNamespace) -> None:
    handover = services.hand_over(actor(county.users["duty_officer"]), written(county), {})
    with pytest.raises(Conflict) as caught:
        services.take_over(actor(county.users["inspector"]), handover)
    assert "没有排给你的班" in str(caught.value)
    handover.refresh_from_db()
    assert handover.state == "handed"


def test_the_note_is_written_by_whoever_is_on(county: SimpleNamespace) -> None:
    shift = Shift.objects.get(post=county.posts["duty_officer"])
    with pytest.raises(NotAllowed):
        services.write_handover(actor(county.users["inspector"]), shift, "x")
    later = services.plan_shift(
        SYSTEM, county.posts["duty_officer"], county.persons["duty_officer"], shift.ends_at, shift.ends_at + HOUR
    )
    with pytest.raises(Conflict):
        services.write_handover(actor(county.users["duty_officer"]), later, "x")


def test_the_sheet_says_what_was_signed(county: SimpleNamespace, login) -> None:
    relief(county)
    handover = services.hand_over(actor(county.users["duty_officer"]), written(county), {"levels": {"4": 1, "2": 3}})
    answer = login("leader").get(f"/api/v1/roster/handovers/{handover.pk}/sheet")
    assert answer["Content-Type"].endswith("wordprocessingml.document")
    table = Document(io.BytesIO(answer.content)).tables[0]
    rows = {row.cells[0].text: row.cells[1].text for row in table.rows}
    assert rows["交班记录"] == "乙矿雨量计在修"
    assert rows["交班时未关闭的预警"] == "红色 1，黄色 3"
    assert rows["交班人"].startswith("县应急管理局duty_officer 20")
    assert rows["接班人"] == "未签"
    other = services.create_post(SYSTEM, county.mine_b, "夜班", on_shift=True)
    shift = Shift.objects.create(
        post=other, person=county.persons["enterprise_b"], starts_at=timezone.now() - HOUR,
        ends_at=timezone.now() + HOUR, signed_in_at=timezone.now(),
    )  # fmt: skip
    theirs = Handover.objects.create(shift=shift, note="x")
    assert login("enterprise").get(f"/api/v1/roster/handovers/{theirs.pk}/sheet").status_code == 404


def test_calendar_shows_shifts_gaps_and_doubles(county: SimpleNamespace, login) -> None:
    now = timezone.now()
    row = calendar(login("leader"), county)
    assert [s["person"]["id"] for s in row["shifts"]] == [county.persons["duty_officer"].pk]
    assert row["gaps"], "after the one shift nobody is rostered"
    assert row["gaps"][0]["start"][:16] == row["shifts"][0]["ends_at"][:16]
    services.plan_shift(SYSTEM, county.posts["enterprise"], county.persons["duty_officer"], now + HOUR, now + 3 * HOUR)
    assert calendar(login("leader"), county)["shifts"][0]["double"] is True
    assert login("leader").get("/api/v1/roster/calendar", {"days": 63}).status_code == 422


def calendar(client: object, county: SimpleNamespace) -> dict:
    rows = client.get("/api/v1/roster/calendar", {"days": 3}).json()["rows"]
    return next(row for row in rows if row["post"]["id"] == county.posts["duty_officer"].pk)


def test_a_series_takes_turns_and_is_all_or_none(county: SimpleNamespace, login) -> None:
    client = login("duty_officer")
    first = timezone.localtime().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)
    body = {
        "post": county.posts["duty_officer"].pk, "first": first.isoformat(), "hours": 12, "count": 6,
        "persons": [county.persons["duty_officer"].pk, county.persons["inspector"].pk, county.persons["leader"].pk],
    }  # fmt: skip
    before = Entry.objects.filter(verb="shift.planned").count()
    made = client.post("/api/v1/roster/series", body, content_type=JSON)
    assert (made.status_code, made.json()["shifts"], made.json()["warnings"]) == (201, 6, [])
    assert Entry.objects.filter(verb="shift.planned").count() == before + 6
    shifts = Shift.objects.filter(post=county.posts["duty_officer"], starts_at__gte=first).order_by("starts_at")
    assert [s.person_id for s in shifts] == body["persons"] * 2
    assert all(a.ends_at == b.starts_at for a, b in pairwise(shifts))
    count = Shift.objects.count()
    overlap = client.post(
        "/api/v1/roster/series", {**body, "first": (first - 12 * HOUR).isoformat()}, content_type=JSON
    )
    assert overlap.status_code == 409
    for change, field in (({"persons": []}, "persons"), ({"hours": 0}, "hours"), ({"count": 401}, "count")):
        answer = client.post("/api/v1/roster/series", {**body, **change}, content_type=JSON)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert Shift.objects.count() == count


def test_one_person_in_two_places_is_said_and_still_planned(county: SimpleNamespace, login) -> None:
    other = services.create_post(SYSTEM, county.station, "值守", on_shift=True)
    now = timezone.now()
    shift = services.plan_shift(SYSTEM, other, county.persons["township"], now + HOUR, now + 2 * HOUR)
    answer = login("duty_officer").post(
        f"/api/v1/roster/shifts/{shift.pk}/replace",
        {"person": county.persons["duty_officer"].pk, "reason": "换人"}, content_type=JSON,
    ).json()  # fmt: skip
    assert "一个人不能在两处" in answer["warnings"][0]


def test_swap_cancel_and_replace_never_rewrite_who_was_on(county: SimpleNamespace) -> None:
    post, now = county.posts["duty_officer"], timezone.now()
    running = Shift.objects.get(post=post)
    one = services.plan_shift(SYSTEM, post, county.persons["inspector"], now + 9 * HOUR, now + 20 * HOUR)
    two = services.plan_shift(SYSTEM, post, county.persons["leader"], now + 20 * HOUR, now + 32 * HOUR)
    services.swap_shifts(SYSTEM, one, two, "家中有事")
    one.refresh_from_db()
    assert one.person == county.persons["leader"]
    with pytest.raises(Conflict):
        services.swap_shifts(SYSTEM, running, two, "换")
    with pytest.raises(Conflict):
        services.cancel_shift(SYSTEM, running, "撤")
    with pytest.raises(Invalid):
        services.cancel_shift(SYSTEM, one, " ")
    services.cancel_shift(SYSTEM, one, "改排")
    with pytest.raises(Conflict):
        services.sign_in(SYSTEM, Shift.objects.get(pk=one.pk))
    before = timezone.now()
    services.replace_on_shift(SYSTEM, running, county.persons["inspector"], "突发疾病")

    def on_watch(at):
        chain = who_answers_for(county.site.pk, "warning", at)
        return next(s.person for s in chain if s.rung == Rung.COUNTY_DUTY)

    assert on_watch(before - HOUR / 60) == county.persons["duty_officer"]
    assert on_watch(timezone.now()) == county.persons["inspector"]


def test_the_same_person_twice_on_one_post_is_refused(county: SimpleNamespace) -> None:
    now = timezone.now()
    with pytest.raises(Conflict):
        services.plan_shift(
            SYSTEM, county.posts["duty_officer"], county.persons["duty_officer"], now + HOUR, now + 2 * HOUR
        )


def test_posts_of_the_watch_only_for_those_who_plan(county: SimpleNamespace, login) -> None:
    body = {"person": county.persons["leader"].pk, "reason": "x"}
    shift = Shift.objects.get(post=county.posts["duty_officer"])
    assert login("township").post(
        f"/api/v1/roster/shifts/{shift.pk}/replace", body, content_type=JSON
    ).status_code == 403  # fmt: skip


def test_who_is_of_a_mine_watches_over_no_mine(county: SimpleNamespace) -> None:
    """A mine's head on the county's watch would see the calls of one mine alone."""
    post, mine = county.posts["duty_officer"], county.persons["principal"]
    start = timezone.now() + timedelta(days=3)
    with pytest.raises(Conflict, match="甲矿"):
        services.plan_shift(SYSTEM, post, mine, start, start + timedelta(hours=8))
    with pytest.raises(Conflict, match="甲矿"):
        services.plan_series(SYSTEM, post, [county.persons["leader"], mine], start, 8, 2)
    shift = services.plan_shift(SYSTEM, post, county.persons["leader"], start, start + timedelta(hours=8))
    with pytest.raises(Conflict, match="甲矿"):
        services.replace_on_shift(SYSTEM, shift, mine, "换人")
    own = services.plan_shift(SYSTEM, county.posts["enterprise"], mine, start, start + timedelta(hours=8))
    with pytest.raises(Conflict, match="甲矿"):
        services.swap_shifts(SYSTEM, shift, own, "换班")
    with pytest.raises(Conflict, match="甲矿"):
        services.hold_post(SYSTEM, county.posts["township"], mine)
    with pytest.raises(Conflict, match="甲矿"):
        services.hold_post(SYSTEM, county.posts["enterprise_b"], mine)
    assert services.hold_post(SYSTEM, county.posts["enterprise"], mine).person == mine
    # Who belongs to no enterprise sits where they are put: a bureau lends its people.
    assert services.hold_post(SYSTEM, county.posts["township"], county.persons["inspector"])


def test_the_calendar_says_from_when_one_may_sign_in_as_the_service_allows(county: SimpleNamespace) -> None:
    start = timezone.now() + 20 * HOUR
    post, inspector = county.posts["duty_officer"], actor(county.users["inspector"])
    shift = services.plan_shift(SYSTEM, post, county.persons["inspector"], start, start + 8 * HOUR)
    told = api_calendar._shift(shift, inspector, set())["sign_in_from"]
    assert told == start - HOUR
    with time_machine.travel(told - timedelta(seconds=1), tick=False):
        with pytest.raises(Conflict, match="签到"):
            services.sign_in(inspector, shift)
        with pytest.raises(Conflict, match="签到"):
            my_shift(inspector, timezone.now(), signed_in=False)
    with time_machine.travel(told, tick=False):
        assert my_shift(inspector, timezone.now(), signed_in=False) == shift
        assert services.sign_in(inspector, shift).signed_in_at == told
