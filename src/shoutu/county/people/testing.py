"""A small county for tests. The product imports nothing from here."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM, Actor, actor_of_user
from shoutu.county.people import services
from shoutu.county.people.models import Responsibility, Rung, User
from shoutu.county.places import services as places

PASSWORD = "守土有责-尽责-2026"
ROLES = [
    "administrator",
    "leader",
    "duty_officer",
    "inspector",
    "township",
    "enterprise",
    "auditor",
]  # enterprise: a safety officer


def make_county() -> SimpleNamespace:
    """A county with townships 东乡 and 西乡, 甲矿 in 东乡 (a tailings pond) and 乙矿 in 西乡 (an open pit).

    Users are named by their role; `enterprise_b` and `township_b` belong to the other mine and township. Every post
    of the chain above 甲矿 is held; its duty post is on shift and signed in to.
    """
    c = SimpleNamespace(users={}, persons={}, posts={})
    since = timezone.now() - timedelta(days=30)
    c.territory = places.create_territory(SYSTEM, "示范县")
    c.east = places.create_territory(SYSTEM, "东乡", c.territory)
    c.west = places.create_territory(SYSTEM, "西乡", c.territory)
    c.bureau = places.create_organisation(SYSTEM, "县应急管理局", "government", c.territory)
    c.station = places.create_organisation(SYSTEM, "东乡安监站", "township", c.east)
    c.station_b = places.create_organisation(SYSTEM, "西乡安监站", "township", c.west)
    c.mine = places.create_organisation(SYSTEM, "甲矿", "enterprise", c.east)
    c.mine_b = places.create_organisation(SYSTEM, "乙矿", "enterprise", c.west)
    c.site = places.create_site(SYSTEM, "甲矿尾矿库", "tailings_pond", c.mine, params={"free_height_m": 0.5})
    c.site_b = places.create_site(SYSTEM, "乙矿露天采场", "open_pit", c.mine_b)
    where = {
        "township": (c.station, c.east), "enterprise": (c.mine, None), "enterprise_b": (c.mine_b, None),
        "township_b": (c.station_b, c.west), "inspector": (c.bureau, c.territory),
    }  # fmt: skip
    for name in [*ROLES, "enterprise_b", "township_b", "principal"]:
        organisation, territory = where.get(name, (c.bureau, None))
        if name == "principal":
            organisation = c.mine
        role = {"principal": "principal", "enterprise": "safety_officer", "enterprise_b": "safety_officer"}.get(
            name, name.removesuffix("_b")
        )
        person = services.create_person(
            SYSTEM, f"{organisation.name}{name}", phone="0357-8000000", organisation=organisation
        )
        c.persons[name] = person
        c.users[name] = services.create_user(
            SYSTEM, name, role, PASSWORD, person=person, organisation=organisation, territory=territory
        )
    _posts(c, since)
    return c


def _posts(c: SimpleNamespace, since: object) -> None:
    seats = [
        ("enterprise", c.mine, "值班员", True, "enterprise", Rung.ENTERPRISE_DUTY, {"organisation": c.mine}),
        ("principal", c.mine, "主要负责人", False, "enterprise", Rung.ENTERPRISE_PRINCIPAL, {"organisation": c.mine}),
        ("township", c.station, "安监站长", False, "territorial", Rung.TOWNSHIP_HEAD, {"territory": c.east}),
        ("duty_officer", c.bureau, "值班员", True, "overall", Rung.COUNTY_DUTY, {"territory": c.territory}),
        ("leader", c.bureau, "分管领导", False, "territorial", Rung.COUNTY_LEADER, {"territory": c.territory}),
        ("enterprise_b", c.mine_b, "值班员", False, "enterprise", Rung.ENTERPRISE_DUTY, {"organisation": c.mine_b}),
        ("township_b", c.station_b, "安监站长", False, "territorial", Rung.TOWNSHIP_HEAD, {"territory": c.west}),
    ]
    now = timezone.now()
    for name, organisation, title, on_shift, kind, rung, scope in seats:
        post = services.create_post(SYSTEM, organisation, title, kind=rung.name.lower(), on_shift=on_shift)
        c.posts[name] = post
        services.hold_post(SYSTEM, post, c.persons[name], since=since)  # type: ignore[arg-type]
        assert kind in Responsibility.Kind.values
        services.assign_responsibility(SYSTEM, post, kind, rung, since=since, **scope)  # type: ignore[arg-type]
        if on_shift:
            shift = services.plan_shift(
                SYSTEM, post, c.persons[name], now - timedelta(hours=4), now + timedelta(hours=8)
            )
            services.sign_in(SYSTEM, shift)


def actor(user: User) -> Actor:
    """The actor a request of this user would have."""
    return actor_of_user(User.objects.select_related("territory").get(pk=user.pk))
