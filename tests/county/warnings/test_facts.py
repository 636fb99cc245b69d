"""A report goes out with facts of now, or says on record that it does not."""

from __future__ import annotations

import pytest

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger import verbs
from shoutu.county.ledger.models import Entry
from shoutu.county.warnings import facts, selectors, services
from shoutu.county.warnings.models import Report, Warning
from shoutu.county.warnings.selectors import drafting
from shoutu.county.warnings.services.reports_sending import Target


@pytest.fixture
def office(county):
    return services.set_superior(SYSTEM, "市应急管理局指挥中心", "city", phone="0357-2090000")


@pytest.fixture
def send(officer, office, red):
    def by_hand(told, key="k", *, as_it_stands=False, text=None):
        return services.send_report(
            officer, key, told["kind"], told["title"], text or told["text"], [Target(office.pk, "phone", "值班室")],
            warning_id=red.pk, drawn=facts.Drawn(told["facts"], as_it_stands),
        )  # fmt: skip

    return by_hand


def drawn_up(officer):
    return drafting.of_warning(officer, Warning.objects.get())


def count_heads(officer, red, total=12):
    services.set_head_count(officer, red.evacuations.get().pk, total, "调度室", f"in{total}")


def count_heads_out(officer, red):
    services.confirm_out(officer, red.evacuations.get().pk, "out", count=12)


def red_duty(red, officer):
    return Duty.objects.filter(about_type="warning", about_id=red.pk, calls__person_id=officer.person_id).first()


def test_a_head_count_after_the_draft_is_told_before_it_leaves(red, officer, send):
    told = drawn_up(officer)
    assert "尚未报清" in told["text"]
    count_heads(officer, red)
    with pytest.raises(facts.FactsChanged, match="共12人") as why:
        send(told)
    problem = why.value.problem()
    assert (problem["status"], problem["code"]) == (409, "report.stale")
    assert [one["part"] for one in problem["changed"]] == ["people"]
    assert not Report.objects.exists()
    # The new draft goes, and so does a text its writer corrected knowing the facts of now.
    assert "共12人" in send(drawn_up(officer)).text
    count_heads_out(officer, red)
    with pytest.raises(facts.FactsChanged) as why:
        send({**told, "kind": "follow", "facts": problem["facts"]}, "k2")
    send({**told, "kind": "follow", "facts": why.value.facts}, "k2", text="已全部撤出")


def test_sent_as_it_stands_the_record_says_so(red, officer, send):
    told = drawn_up(officer)
    count_heads(officer, red)
    sent = send(told, as_it_stands=True)
    assert Entry.objects.get(verb="report.sent").body["payload"]["changed_since"] == ["people"]
    words = next(row["text"] for row in selectors.timeline(officer, red.pk) if sent.number in row["text"])
    assert "照原稿报出，拟稿之后停产撤人有变" in words
    # Its answer may have been lost: sent again it is the same report, whatever has changed since.
    count_heads_out(officer, red)
    assert send(told) == sent


def test_with_nothing_changed_nothing_is_asked_or_noted(red, officer, send):
    told = drawn_up(officer)
    # That somebody answers the call makes no report old.
    duties.answer(officer, red_duty(red, officer).pk)
    send(told, as_it_stands=True)
    assert "changed_since" not in Entry.objects.get(verb="report.sent").body["payload"]


@pytest.mark.parametrize(
    ("part", "words", "act"),
    [
        ("verified", "核实为真警", lambda officer, red: services.verify(officer, red.pk, "real", note="看了")),
        ("steps", "加密观测", lambda officer, red: (
            services.verify(officer, red.pk, "real"), services.dispose(officer, red.pk, "加密观测"))),
    ],
)  # fmt: skip
def test_what_was_found_and_done_meanwhile_is_named(red, officer, send, part, words, act):
    told = drawn_up(officer)
    act(officer, red)
    with pytest.raises(facts.FactsChanged, match=words) as why:
        send(told)
    assert part in [one["part"] for one in why.value.changed]


def test_marks_nobody_gave_are_not_compared_and_made_up_ones_break_nothing(red, officer, send):
    told = drawn_up(officer)
    services.verify(officer, red.pk, "real")
    services.dispose(officer, red.pk, "加密观测")
    with pytest.raises(facts.FactsChanged, match="加密观测"):
        send({**told, "facts": {"steps": "很久以前", "else": "x"}})
    send({**told, "facts": {}})


def test_over_http_it_is_a_conflict_that_names_what_changed(red, officer, office, login):
    client = login("duty_officer")
    draft = client.get(f"/api/v1/warnings/{red.pk}/reports/draft").json()
    body = {**{name: draft[name] for name in ("kind", "title", "text", "facts")}, "key": "k",
            "to": [{"superior": office.pk, "way": "phone", "detail": "值班长"}]}  # fmt: skip
    count_heads(officer, red)
    address = f"/api/v1/warnings/{red.pk}/reports"
    refused = client.post(address, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "report.stale")
    assert "共12人" in refused.json()["detail"]
    assert set(refused.json()["facts"]) == set(draft["facts"])
    sent = client.post(address, {**body, "as_it_stands": True}, content_type="application/json")
    assert sent.status_code == 201, sent.content


def test_the_draft_has_no_empty_line_and_no_arrow(raise_to, officer):
    raise_to(2)
    red = raise_to(4)
    text = drafting.of_warning(officer, red)["text"]
    assert "下一步" not in text
    assert "→" not in text
    assert all(line.strip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"before": 2, "after": 4, "value": 5.92, "unit": "m"}, "由黄色升为红色，5.92 m"),
        ({"before": 4, "after": 2, "value": 5.96, "unit": "m"}, "由红色降为黄色，5.96 m"),
        ({"before": 2, "after": 4, "value": 5.92}, "由黄色升为红色，5.92"),
        ({"before": 4, "after": 0, "value": None}, "由红色降为正常"),
        ({"before": 4, "after": 4, "value": 5.9, "unit": "m"}, "红色，5.90 m"),
    ],
)
def test_a_change_of_level_is_told_in_words(payload, words):
    assert verbs.words("warning.level", payload) == words


def test_the_ledger_keeps_the_unit_of_what_was_measured(raise_to):
    raise_to(2)
    raise_to(4, 2)
    assert Entry.objects.filter(verb="warning.level").latest("id").body["payload"]["unit"] == "m"
