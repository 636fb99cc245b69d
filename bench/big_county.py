"""A county far larger than any: 5,000 sites, 50,000 points, 100,000 warnings, to see that every list stays quick.

Rows are written in bulk past the services: what is measured is reading. Deterministic.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

TOWNSHIPS, VILLAGES, SITES, POINTS_EACH, WARNINGS, OPEN_WARNINGS, ENTRIES = 13, 10, 5_000, 10, 100_000, 400, 100_000
QUALITY_DAYS = 3
KINDS = ("tailings_pond", "underground_mine", "open_pit", "dump", "plant")
PASSWORD = "守土有责-尽责-2026"
STATES = ("calling", "verifying", "disposing", "feedback", "closable")


def build() -> dict[str, Any]:
    """Fill the database of this process; the users to ask as: role → user."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.people import services as people
    from shoutu.county.places import services as places

    county = places.create_territory(SYSTEM, "大县")
    townships = [places.create_territory(SYSTEM, f"第{n}镇", parent=county) for n in range(TOWNSHIPS)]
    villages = _villages(townships)
    bureau = places.create_organisation(SYSTEM, "县应急管理局", "government", county)
    sites = _sites(townships, villages)
    persons, posts = _people(sites, townships)
    points = _points(sites)
    warnings = _warnings(sites, points)
    _duties(warnings, posts, persons)
    _findings(sites)
    _entries(warnings)
    _quality(points)
    users = {
        role: people.create_user(SYSTEM, role, role, PASSWORD, territory=county)
        for role in ("duty_officer", "administrator")
    }
    users["township"] = people.create_user(SYSTEM, "township", "township", PASSWORD, territory=townships[0])
    users["principal"] = people.create_user(
        SYSTEM, "principal", "principal", PASSWORD, organisation=sites[0].organisation, person=persons[0]
    )
    post = people.create_post(SYSTEM, bureau, "值班室", on_shift=True)
    officer = people.create_person(SYSTEM, "值班员", organisation=bureau)
    people.hold_post(SYSTEM, post, officer)
    return users


def _many(model: Any, rows: Iterable[Any]) -> list[Any]:
    made: list[Any] = []
    found = iter(rows)
    while some := list(itertools.islice(found, 2_000)):
        made += model.objects.bulk_create(some, batch_size=500)
    return made


def _villages(townships: list[Any]) -> list[Any]:
    from shoutu.county.places.models import Territory

    made = _many(
        Territory,
        (
            Territory(name=f"{town.name}第{n}村", parent=town, path=f"new {town.pk} {n}")
            for town in townships
            for n in range(VILLAGES)
        ),
    )
    for village in made:
        village.path = f"{village.parent.path}{village.pk}."
    Territory.objects.bulk_update(made, ["path"], batch_size=500)
    return made


def _sites(townships: list[Any], villages: list[Any]) -> list[Any]:
    from shoutu.county.places.models import Organisation, Site

    mines = _many(
        Organisation,
        (
            Organisation(name=f"第{n:04d}矿业公司", kind="enterprise", territory=townships[n % TOWNSHIPS])
            for n in range(SITES // 2)
        ),
    )
    return _many(
        Site,
        (
            Site(
                name=f"第{n:04d}号场所", kind=KINDS[n % len(KINDS)], organisation=mines[n // 2],
                territory=villages[n % len(villages)], latitude=35.8 + n % 71 / 200, longitude=111.6 + n % 97 / 200,
            )
            for n in range(SITES)
        ),
    )  # fmt: skip


def _people(sites: list[Any], townships: list[Any]) -> tuple[list[Any], list[Any]]:
    """A principal for each mine, a station head for each township; what they answer for."""
    from django.utils import timezone

    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.people.models import Holding, Obligation, Person, Post, Responsibility
    from shoutu.county.places import services as places

    since = timezone.now() - timedelta(days=400)
    mines = [site.organisation for site in sites[::2]]
    stations = [places.create_organisation(SYSTEM, f"{town.name}安监站", "township", town) for town in townships]
    seats = [(mine, "主要负责人") for mine in mines] + [(station, "安监站长") for station in stations]
    persons = _many(
        Person,
        (
            Person(name=f"第{n:04d}人", phone=f"139{n:08d}", organisation=place)
            for n, (place, _title) in enumerate(seats)
        ),
    )
    posts = _many(Post, (Post(organisation=place, title=title) for place, title in seats))
    _many(
        Holding,
        (Holding(post=post, person=one, valid_from=since) for post, one in zip(posts, persons, strict=True)),
    )
    _many(
        Responsibility,
        (
            Responsibility(post=post, kind="enterprise", rung=2, organisation=mine, valid_from=since)
            for post, mine in zip(posts, mines, strict=False)
        ),
    )
    _many(
        Responsibility,
        (
            Responsibility(post=post, kind="territorial", rung=3, territory=town, valid_from=since)
            for post, town in zip(posts[len(mines) :], townships, strict=True)
        ),
    )
    _many(
        Obligation,
        (
            Obligation(
                post=post, kind="pledge", title="安全生产责任书", source="县安委会", every="year",
                first_due=timezone.localdate() + timedelta(days=30),
            )
            for post in posts
        ),
    )  # fmt: skip
    return persons, posts


def _points(sites: list[Any]) -> list[Any]:
    from django.utils import timezone

    from shoutu.county.sites.models import Point, Rule, RuleVersion, Source, Unclaimed

    now = timezone.now()
    sources = _many(Source, (Source(name=f"{site.name}网关", site=site) for site in sites))
    points = _many(
        Point,
        (
            Point(
                source=source, address=f"P-{n:02d}", site=source.site, name=f"{source.site.name}测点{n:02d}",
                item="phreatic_depth", item_title="浸润线", unit="m", danger="low",
            )
            for source in sources
            for n in range(POINTS_EACH)
        ),
    )  # fmt: skip
    rules = _many(Rule, (Rule(site=point.site, point=point, kind="threshold", title="浸润线埋深") for point in points))
    _many(
        RuleVersion,
        (
            RuleVersion(
                rule=rule, number=1, params={"levels": {"1": 8.0, "2": 7.0, "3": 6.5, "4": 6.0}, "direction": "low"},
                reason="设计", state="in_force", proposed_at=now, decided_at=now,
            )
            for rule in rules
        ),
    )  # fmt: skip
    _many(
        Unclaimed,
        (
            Unclaimed(source=source, address="新测点", count=9, first_at=now, last_at=now, reason="unknown")
            for source in sources[:2_000]
        ),
    )
    return points


def _warnings(sites: list[Any], points: list[Any]) -> list[Any]:
    from django.utils import timezone

    from shoutu.county.warnings.models import Event, Member, Warning

    now = timezone.now()

    def one(n: int) -> Any:
        point, at, level = points[n * 5 % len(points)], now - timedelta(minutes=5 * n), n % 4 + 1
        closed = n >= OPEN_WARNINGS
        return Warning(
            number=f"W-{n:07d}", key=f"{point.site_id}/{n}", site=point.site, category="risk", item="phreatic_depth",
            item_title="浸润线", point=point, level=level, peak_level=level, current_level=0 if closed else level,
            state="closed" if closed else STATES[n % len(STATES)], title=f"{point.site.name} 浸润线", value=5.5,
            threshold=6.0, direction="low", started_at=at, opened_at=at, last_signal_at=at, answered_at=at,
            closed_at=at + timedelta(hours=3) if closed else None, result="real" if closed else None,
        )  # fmt: skip

    warnings = _many(Warning, map(one, range(WARNINGS)))
    _many(
        Member,
        (
            Member(
                warning=w, rule_id=w.point_id, point_id=w.point_id, kind="threshold", level=w.current_level,
                at=w.opened_at,
            )
            for w in warnings
        ),
    )  # fmt: skip
    _many(
        Event,
        (
            Event(warning=w, at=w.opened_at, level_from=0, level_to=w.level, value=5.5, point_id=w.point_id)
            for w in warnings
        ),
    )
    return warnings


def _duties(warnings: list[Any], posts: list[Any], persons: list[Any]) -> None:
    from shoutu.county.duties.models import Call, Duty, Notice

    def seat(w: Any) -> int:
        return int(w.site_id) % (len(posts) - TOWNSHIPS)

    lane = {"policy": "bench@1", "verified": False, "chain": [], "due_s": {}, "orders": [], "retry_s": [], "reach": []}
    duties = _many(
        Duty,
        (
            Duty(
                kind="warning", key=f"warning:{w.pk}", about_type="warning", about_id=w.pk, about_label=w.number,
                site=w.site, level=w.level, title=w.title, policy=lane, opened_at=w.opened_at,
                called_since=w.opened_at, post=posts[seat(w)], person=persons[seat(w)],
                state="verified" if w.closed_at else "called" if w.state == "calling" else "answered",
                answered_at=None if w.state == "calling" else w.opened_at, ended_at=w.closed_at,
            )
            for w in warnings
        ),
    )  # fmt: skip
    calls = _many(
        Call,
        (
            Call(
                duty=duty, round=1, rung=0, who="enterprise_principal", post=duty.post, person=duty.person,
                state="calling" if duty.state == "called" else "answered", called_at=duty.opened_at,
                due_at=duty.opened_at + timedelta(minutes=5),
            )
            for duty in duties
        ),
    )  # fmt: skip
    _many(
        Notice,
        (
            Notice(
                call=call, person=call.person, channel="app", key=f"{call.pk}:1:app", text="叫应", step="handed_over",
                at=call.called_at, queued_at=call.called_at, handed_over_at=call.called_at,
            )
            for call in calls
        ),
    )  # fmt: skip


def _findings(sites: list[Any]) -> None:
    from django.utils import timezone

    from shoutu.county.duties.models import Finding

    now = timezone.now()
    _many(
        Finding,
        (
            Finding(
                kind="site.sensor_missing", key=f"{site.pk}/rain", about_type="site", about_id=site.pk, site=site,
                about_label=site.name, message=f"{site.name} 缺少降雨测点", found_at=now,
            )
            for site in sites
        ),
    )  # fmt: skip


def _entries(warnings: list[Any]) -> None:
    from django.db import transaction

    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.kit.subjects import SubjectRef
    from shoutu.county.ledger.services.record import Draft, record_many
    from shoutu.county.ledger.services.seal import seal

    def drafts() -> Iterator[Draft]:
        for n in range(ENTRIES):
            yield Draft(
                SYSTEM, "warning.opened", SubjectRef("warning", warnings[n % WARNINGS].pk), {"title": "浸润线", "n": n}
            )

    made = drafts()
    while some := list(itertools.islice(made, 5_000)):
        with transaction.atomic():
            record_many(some)
        while seal():
            pass


def _quality(points: list[Any]) -> None:
    """Some days of data quality, one point in fifty below what the provinces ask for."""
    from django.utils import timezone

    from shoutu.county.sites.models_quality import EnterpriseQuality, PointQuality, QualityDay
    from shoutu.county.sites.quality import of_enterprises

    now = timezone.now()
    for ago in range(1, QUALITY_DAYS + 1):
        day = timezone.localdate(now) - timedelta(days=ago)
        _many(
            PointQuality,
            (
                PointQuality(
                    point=point, site_id=point.site_id, day=day, online=online, complete=online, counted_s=86_400.0,
                    online_s=86_400.0 * online, away_s=86_400.0 * (1 - online), stopped_s=0.0, readings=1_440,
                    expected=1_440, covered=round(1_440 * online), late_p50_s=1.0, late_p95_s=4.0, implausible=0,
                )
                for n, point in enumerate(points)
                for online in (0.6 if n % 50 == 0 else 1.0 - (n * 37 % 1_000) / 20_000,)
            ),
        )  # fmt: skip
        _many(EnterpriseQuality, of_enterprises(day))
        QualityDay.objects.create(day=day, points=len(points), started_at=now, finished_at=now)
