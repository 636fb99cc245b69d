"""Persons, posts, responsibility and shifts as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import Schema
from pydantic import Field

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import YES_NO, Column, choice, choices, email, moment, named, phone, text, yes_no
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.ledger.services.access import note_accesses
from shoutu.county.people import importing, selectors
from shoutu.county.people.api_posts import PersonQuery, PostQuery
from shoutu.county.people.api_responsibility import ResponsibilityQuery, filtered_responsibilities
from shoutu.county.people.masking import masked_name, masked_phone
from shoutu.county.people.models import Responsibility, Rung
from shoutu.county.people.selectors import lists
from shoutu.county.places.finding import Sites, Territories
from shoutu.county.places.models import Site

PART = 500
KINDS = named(Responsibility.Kind.choices)
RUNGS = named(Rung.choices)
SECTORS = named(Site.Kind.choices)


class ShiftQuery(Schema):
    """The `days` from the local day `start`, as the calendar shows them; without it, from `back` days ago."""

    start: date | None = None
    organisation: int | None = None
    back: int = Field(7, ge=0, le=366)
    days: int = Field(45, ge=1, le=400)


def _persons(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    # A masked name must not be told by where it stands.
    order = ("name", "id") if actor.may("person.read_phone") else ("id",)
    found = lists.persons(actor, query.q, query.organisation, closed=query.closed, for_post=query.for_post)
    rows = found.order_by(*order)
    now, part = timezone.now(), []
    for row in rows.iterator(chunk_size=PART):
        part.append(row)
        if len(part) == PART:
            yield from _told(actor, part, now, whole)
            part = []
    yield from _told(actor, part, now, whole)


def _told(actor: Actor, rows: Sequence[Any], now: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    posts = lists.posts_by_person([row.pk for row in rows], now)
    for row in rows:
        own = row.pk == actor.person_id
        yield {
            "id": row.pk, "name": masked_name(row, actor),
            "organisation": row.organisation.name if row.organisation else "",
            "phone": row.phone if own or whole else masked_phone(row.phone),
            "email": row.email if own or whole else "***" if row.email else "",
            "posts": posts.get(row.pk, []), "is_active": row.is_active,
        }  # fmt: skip


def _looked(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Every person whose number goes out whole, on record before it does."""
    told = [row["id"] for row in rows if row["phone"] or row["email"]]
    note_accesses(actor, "person", told, ("phone", "email"), gettext("导出人员表"))


def _posts(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    found = lists.posts(actor, query.q, query.organisation, query.on_shift, closed=query.closed)
    rows = list(found.order_by("organisation__name", "title", "id"))
    held = selectors.filled([row.pk for row in rows], timezone.now())
    for row in rows:
        one = held.get(row.pk)
        yield {
            "organisation": row.organisation.name, "title": row.title, "on_shift": row.on_shift,
            "person": masked_name(one.person, actor) if one else "",
            "stands_for": masked_name(one.stands_for, actor) if one else "", "is_active": row.is_active,
        }  # fmt: skip


def _responsibilities(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    places, sites = Territories(), Sites(actor)
    for row in filtered_responsibilities(actor, query).order_by(
        "post__organisation__name", "post__title", "rung", "id"
    ):
        yield {
            "organisation": row.post.organisation.name, "post": row.post.title, "kind": row.kind, "rung": str(row.rung),
            "territory": places.path(row.territory) if row.territory else "",
            "scope": row.organisation.name if row.organisation else "",
            "site": sites.path(row.site) if row.site else "", "sectors": row.sectors, "matters": row.matters,
            "valid_from": row.valid_from, "valid_to": row.valid_to,
        }  # fmt: skip


def _shifts(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    start = timezone.now() - timedelta(days=query.back)
    if query.start is not None:
        start = timezone.make_aware(datetime.combine(query.start, time.min))
    found = lists.shifts(actor, start, start + timedelta(days=query.days), query.organisation)
    for row in found.order_by("starts_at", "id"):
        yield {
            "organisation": row.post.organisation.name, "post": row.post.title,
            "person": masked_name(row.person, actor), "starts_at": row.starts_at,
            "ends_at": row.ends_at, "signed_in_at": row.signed_in_at,
        }  # fmt: skip


BODY = Column(
    "organisation",
    _("单位"),
    text(120),
    required=True,
    note=_("单位全称，或 18 位统一社会信用代码。"),
    example=_("示范矿业有限公司"),
    width=30,
    aliases=("单位名称", "所属单位"),
)
IN_USE = Column("is_active", _("在用"), yes_no, exported=True, width=8)

PERSONS = register(
    Table(
        "persons",
        _("人员"),
        (
            BODY,
            Column("name", _("姓名"), text(60), required=True, example=_("（姓名）"), width=14),
            Column(
                "phone",
                _("电话"),
                phone,
                note=_("叫应打这个号码。存成文字格式。"),
                example="13800000000",
                width=18,
                aliases=("手机", "手机号", "联系电话"),
            ),
            Column("email", _("邮箱"), email, example="zhiban@example.cn", width=24),
            Column("posts", _("现任岗位"), text(10), exported=True, width=36),
            IN_USE,
        ),
        read="person.read",
        query=PersonQuery,
        personal=("name", "phone", "email"),
        rows=_persons,
        edit=("import.use", "user.manage"),
        plan=importing.plan_persons,
        apply=importing.apply_persons,
        follow=importing.follow,
        follow_size={"person": 100},
        whole_permission="person.read_phone",
        looked=_looked,
        notes=(
            _("认同一条：单位加姓名；同单位同名的再按电话。改名、调单位在页面上办。"),
            _("同一个电话出现在两处会提醒：一个人只登记一次，兼职用任职来表示。"),
        ),
    )
)

POSTS = register(
    Table(
        "posts",
        _("岗位"),
        (
            BODY,
            Column(
                "title",
                _("岗位名称"),
                text(80),
                required=True,
                note=_("同一单位内不重名。"),
                example=_("值班长"),
                width=22,
                aliases=("岗位",),
            ),
            Column(
                "on_shift",
                _("值班岗"),
                yes_no,
                choices=YES_NO,
                note=_("是：由排班的人轮流担任；空着是否。"),
                example=_("否"),
                width=10,
            ),
            Column(
                "person",
                _("任职人"),
                text(60),
                note=_("已登记的人的姓名，从导入时起任职；空着不改。换人先离任。"),
                example=_("（姓名）"),
                width=16,
                aliases=("姓名",),
            ),
            Column("stands_for", _("替谁代理"), text(60), exported=True, width=16),
            IN_USE,
        ),
        read="person.read",
        query=PostQuery,
        personal=("name",),
        rows=_posts,
        edit=("import.use", "responsibility.edit"),
        plan=importing.plan_posts,
        apply=importing.apply_posts,
        follow=importing.follow,
        follow_size={"post": 100},
        notes=(_("认同一条：单位加岗位名称。"),),
    )
)

RESPONSIBILITIES = register(
    Table(
        "responsibilities",
        _("责任"),
        (
            BODY,
            Column(
                "post",
                _("岗位"),
                text(80),
                required=True,
                note=_("已设的岗位名称。"),
                example=_("值班长"),
                width=22,
                aliases=("岗位名称",),
            ),
            Column("kind", _("责任类别"), choice(KINDS), required=True, choices=KINDS, example="enterprise", width=14),
            Column(
                "rung",
                _("叫应层级"),
                choice(RUNGS),
                required=True,
                choices=RUNGS,
                note=_("在叫应链上的位置。"),
                example="1",
                width=18,
            ),
            Column("territory", _("负责的行政区"), text(170), note=_("三样只填一样：整个行政区，"), width=20),
            Column(
                "scope",
                _("负责的单位"),
                text(120),
                note=_("或一个单位的全部场所，"),
                example=_("示范矿业有限公司"),
                width=28,
            ),
            Column("site", _("负责的场所"), text(250), note=_("或一处场所；重名时写“单位/场所”。"), width=26),
            Column(
                "sectors",
                _("行业"),
                choices(SECTORS),
                choices=SECTORS,
                note=_("场所类别，几样用、隔开；空着是全部。"),
                width=24,
            ),
            Column("matters", _("事项"), text(10), exported=True, width=14),
            Column("valid_from", _("起始"), moment, note=_("空着从导入时起。早于今天的记为补录。"), width=18),
            Column("valid_to", _("截止"), moment, note=_("空着一直有效。"), width=18),
        ),
        read="responsibility.read",
        query=ResponsibilityQuery,
        rows=_responsibilities,
        edit=("import.use", "responsibility.edit"),
        plan=importing.plan_responsibilities,
        apply=importing.apply_responsibilities,
        follow=importing.follow,
        follow_size={"responsible": 50},
        notes=(
            _("认同一条：岗位、责任类别、叫应层级和负责的范围都相同。"),
            _("行业或截止改了：原来的从导入时起结束，新的接上，过去的不改写。表里没有的不会被解除。"),
        ),
    )
)

SHIFTS = register(
    Table(
        "shifts",
        _("排班"),
        (
            BODY,
            Column(
                "post",
                _("岗位"),
                text(80),
                required=True,
                note=_("值班岗的名称。"),
                example=_("调度室值班员"),
                width=22,
                aliases=("岗位名称",),
            ),
            Column(
                "person",
                _("值班人"),
                text(60),
                required=True,
                note=_("已登记的人的姓名。"),
                example=_("（姓名）"),
                width=16,
                aliases=("姓名",),
            ),
            Column("starts_at", _("上班时间"), moment, required=True, example="2026-12-01 08:00", width=20),
            Column(
                "ends_at",
                _("下班时间"),
                moment,
                required=True,
                note=_("过夜的班写第二天的日期。"),
                example="2026-12-01 20:00",
                width=20,
            ),
            Column("signed_in_at", _("签到"), moment, exported=True, width=20),
        ),
        read="roster.read",
        query=ShiftQuery,
        personal=("name",),
        rows=_shifts,
        edit=("import.use", "roster.edit"),
        plan=importing.plan_shifts,
        apply=importing.apply_shifts,
        follow=importing.follow,
        follow_size={"post": 100},
        notes=(
            _("认同一条：岗位、值班人、上班时间。"),
            _("空档会提醒，仍可导入；同一人同时排在两处不能导入。"),
        ),
    )
)
