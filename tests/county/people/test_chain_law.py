"""who_answers_for against a plain reference: random records, random times, and nothing of the past ever changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people import services
from shoutu.county.people.matrix import Cover, whereabouts
from shoutu.county.people.models import Holding, Leave, Responsibility, Rung
from shoutu.county.people.selectors import who_answers_for
from shoutu.county.places import services as places
from shoutu.county.places.models import Site
from shoutu.county.places.selectors import sites

NOW = timezone.now().replace(microsecond=0)
HOUR = timedelta(hours=1)
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def period(low: int = -20, high: int = 20) -> st.SearchStrategy[tuple[int, int | None]]:
    start = st.integers(low, high)
    return start.flatmap(lambda s: st.tuples(st.just(s), st.none() | st.integers(s + 1, high + 5)))


SCOPES = ["site", "site_b", "mine", "mine_b", "county", "east", "west", "village", "mine+east"]
records = st.fixed_dictionaries(
    {
        "post": st.integers(0, 4),
        "kind": st.sampled_from(Responsibility.Kind.values),
        "rung": st.sampled_from(Rung.values),
        "scope": st.sampled_from(
            ["site", "site_b", "mine", "mine_b", "county", "east", "west", "village", "mine+east"]
        ),
        "sectors": st.sampled_from([[], ["tailings_pond"], ["open_pit"], ["open_pit", "plant"]]),
        "matters": st.sampled_from([[], ["warning"], ["hazard"]]),
        "period": period(),
    }
)
seats = st.fixed_dictionaries({"post": st.integers(0, 4), "person": st.integers(0, 3), "period": period()})
away = st.fixed_dictionaries(
    {"person": st.integers(0, 3), "deputy": st.none() | st.integers(0, 3), "start": st.integers(-20, 20),
     "hours": st.integers(1, 15), "post": st.none() | st.integers(0, 4)}
)  # fmt: skip


def at(hours: int | None) -> datetime | None:
    return None if hours is None else NOW + hours * HOUR


def holds(row: Any, when: datetime) -> bool:
    return row.valid_from <= when and (row.valid_to is None or when < row.valid_to)


@pytest.fixture
def stage(county: SimpleNamespace) -> SimpleNamespace:
    """甲矿's site in a village of 东乡; five empty posts, four persons, no responsibility at all."""
    Responsibility.objects.all().delete()
    county.village = places.create_territory(SYSTEM, "北村", county.east)
    Site.objects.filter(pk=county.site.pk).update(territory=county.village)
    county.blank = [services.create_post(SYSTEM, county.bureau, f"岗位{n}") for n in range(5)]
    county.crew = [services.create_person(SYSTEM, f"人{n}", organisation=county.bureau) for n in range(4)]
    return county


def put(c: SimpleNamespace, records: list, seats: list, away: list) -> None:
    Responsibility.objects.all().delete()
    Holding.objects.filter(post__in=c.blank).delete()
    Leave.objects.all().delete()
    for one in records:
        scopes = {
            "site": {"site": c.site}, "site_b": {"site": c.site_b}, "mine": {"organisation": c.mine},
            "mine_b": {"organisation": c.mine_b}, "county": {"territory": c.territory}, "east": {"territory": c.east},
            "west": {"territory": c.west}, "village": {"territory": c.village},
            "mine+east": {"organisation": c.mine, "territory": c.east},
        }  # fmt: skip
        Responsibility.objects.create(
            post=c.blank[one["post"]], kind=one["kind"], rung=one["rung"], sectors=one["sectors"],
            matters=one["matters"], valid_from=at(one["period"][0]), valid_to=at(one["period"][1]),
            **scopes[one["scope"]],
        )  # fmt: skip
    for one in seats:
        Holding.objects.create(
            post=c.blank[one["post"]], person=c.crew[one["person"]],
            valid_from=at(one["period"][0]), valid_to=at(one["period"][1]),
        )  # fmt: skip
    for one in away:
        Leave.objects.create(
            person=c.crew[one["person"]], deputy=c.crew[one["deputy"]] if one["deputy"] is not None else None,
            post=c.blank[one["post"]] if one["post"] is not None else None, reason="holiday",
            valid_from=at(one["start"]), valid_to=at(one["start"] + one["hours"]),
        )  # fmt: skip


def plain_person(post: Any, when: datetime) -> int | None:
    """Who answers on a post, worked out the slow way: every seat, every leave, followed by hand."""
    persons = [
        h.person_id for h in Holding.objects.filter(post=post).order_by("rank", "id") if holds(h, when)
    ]  # fmt: skip

    def leave(person: int) -> Leave | None:
        mine = Leave.objects.filter(person_id=person).order_by("id")
        return next((one for one in mine if holds(one, when) and one.post_id in (None, post.pk)), None)

    for person in persons:
        found, asked = leave(person), [person]
        if found is None:
            return person
        while found is not None and found.deputy_id is not None and found.deputy_id not in asked:
            further = leave(found.deputy_id)
            if further is None:
                return found.deputy_id
            asked.append(found.deputy_id)
            found = further
    return persons[0] if persons else None


def plain(c: SimpleNamespace, site: Site, matter: str, when: datetime) -> list[tuple[int, int, int | None]]:
    """The chain worked out the slow way, from all rows and today's tree."""
    above = []
    node = site.territory
    while node is not None:
        above.insert(0, node.pk)
        node = node.parent
    chosen = []
    for row in Responsibility.objects.all():
        if not holds(row, when) or (row.sectors and site.kind not in row.sectors):
            continue
        if row.matters and matter not in row.matters:
            continue
        if row.site_id:
            near = 0 if row.site_id == site.pk else None
        elif row.organisation_id and row.organisation_id != site.organisation_id:
            near = None
        elif row.territory_id:
            near = 100 - above.index(row.territory_id) if row.territory_id in above else None
        else:
            near = 1
        if near is not None:
            chosen.append((row.rung, near, row.pk, row.post))
    chain: list[tuple[int, int, int | None]] = []
    for rung, _near, _pk, post in sorted(chosen, key=lambda one: one[:3]):
        if not any(done[:2] == (rung, post.pk) for done in chain):
            chain.append((rung, post.pk, plain_person(post, when)))
    return chain


def asked(site: Site, matter: str, when: datetime) -> list[tuple[int, int, int | None]]:
    chain = who_answers_for(site.pk, matter, when)
    return [(one.rung, one.post.pk, one.person.pk if one.person else None) for one in chain]


@SETTINGS
@given(st.lists(records, max_size=8), st.lists(seats, max_size=7), st.lists(away, max_size=4), st.integers(-22, 26))
def test_chain_equals_the_plain_reference(stage: SimpleNamespace, records, seats, away, when: int) -> None:
    put(stage, records, seats, away)
    for site in sites():
        for matter in ("warning", "hazard"):
            assert asked(site, matter, at(when)) == plain(stage, site, matter, at(when))


@SETTINGS
@given(st.lists(records, max_size=8), st.lists(seats, max_size=6), st.integers(-22, 26))
def test_matrix_of_all_sites_equals_the_chain_of_each(stage: SimpleNamespace, records, seats, when: int) -> None:
    put(stage, [{**one, "matters": []} for one in records], seats, [])
    cover = Cover.load(at(when))
    found = list(sites())
    for site, where in zip(found, whereabouts(found), strict=True):
        cells = {(a.kind, a.post.pk, a.person.pk if a.person else None)
                 for answers in cover.cells(where).values() for a in answers}  # fmt: skip
        chain = {(a.kind, a.post.pk, a.person.pk if a.person else None)
                 for a in who_answers_for(site.pk, "", at(when))}  # fmt: skip
        # A post on one rung in two kinds is one step of the chain but stands in both columns.
        assert chain <= cells
        assert {one[1:] for one in cells} == {one[1:] for one in chain}


changes = st.lists(
    st.sampled_from(["end", "assign", "leave_post", "hold", "away", "move_site", "move_township", "move_village"]),
    max_size=6,
)


@SETTINGS
@given(st.lists(records, max_size=6), st.lists(seats, max_size=5), changes, st.integers(-22, -1))
def test_no_change_made_today_alters_an_answer_about_the_past(
    stage: SimpleNamespace, records, seats, changes, when: int
) -> None:
    put(stage, records, seats, [])
    before = {site.pk: asked(site, "warning", at(when)) for site in sites()}
    for verb in changes:
        _change(stage, verb)
    assert {site.pk: asked(site, "warning", at(when)) for site in sites()} == before
    _back(stage)


def _change(c: SimpleNamespace, verb: str) -> None:
    now = timezone.now()
    if verb == "end" and (row := Responsibility.objects.exclude(valid_to__lte=now).first()):
        services.end_responsibility(SYSTEM, row)
    elif verb == "leave_post" and (seat := Holding.objects.filter(post__in=c.blank).exclude(valid_to__lte=now).first()):
        services.leave_post(SYSTEM, seat)
    elif verb == "assign":
        services.assign_responsibility(SYSTEM, c.blank[0], "sector", 5, territory=c.territory)
    elif verb == "hold" and not Holding.objects.filter(post=c.blank[1], person=c.crew[0]).exists():
        services.hold_post(SYSTEM, c.blank[1], c.crew[0])
    elif verb == "away" and not Leave.objects.filter(person=c.crew[0]).exists():
        services.start_leave(SYSTEM, c.crew[0], "trip", now + HOUR, deputy=c.crew[1])
    elif verb == "move_site":
        site = Site.objects.get(pk=c.site.pk)
        owner = c.mine_b if site.organisation_id == c.mine.pk else c.mine
        places.move_site(SYSTEM, site, "转让", organisation=owner, territory=c.west)
    elif verb == "move_township":
        places.change_territory(SYSTEM, c.east, parent=c.west)
    elif verb == "move_village":
        c.village.refresh_from_db()
        places.change_territory(SYSTEM, c.village, parent=c.territory)


def _back(c: SimpleNamespace) -> None:
    """The next example starts from the same tree."""
    from shoutu.county.places.models import SitePast, TerritoryPast

    SitePast.objects.all().delete()
    TerritoryPast.objects.all().delete()
    for node, parent in ((c.east, c.territory), (c.village, c.east)):
        path = f"{parent.path}{node.pk}."
        type(node).objects.filter(pk=node.pk).update(parent=parent, path=path)
        node.refresh_from_db()
    Site.objects.filter(pk=c.site.pk).update(organisation=c.mine, territory=c.village)
