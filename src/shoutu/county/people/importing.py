"""Persons, posts with who sits on them, responsibility and shifts from a table: judged and written as a whole.

Nothing that was true is rewritten: a seat, a responsibility or a shift is ended or added, never changed backwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.events import emit
from shoutu.county.kit.sheets.columns import spoken
from shoutu.county.kit.sheets.still import changed, fresh, locked, remember
from shoutu.county.kit.sheets.tables import NEW, Applied, Line, Stale, once
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.models import Holding, Person, Post, Responsibility, Rung, Shift
from shoutu.county.people.selectors.chain import at_time
from shoutu.county.people.services.posts import SLACK
from shoutu.county.places.finding import Organisations, Sites, Territories
from shoutu.county.places.models import Organisation

BATCH = 500


# --- persons ---


def plan_persons(actor: Actor, lines: list[Line]) -> None:
    """One of the same name and organisation is the same; of several, the one with the same telephone number."""
    bodies = Organisations(actor)
    known: dict[tuple[str, int | None], list[Person]] = defaultdict(list)
    phones: dict[str, list[Person]] = defaultdict(list)
    for one in Person.objects.filter(is_active=True).select_related("organisation"):
        known[one.name, one.organisation_id].append(one)
        if _digits(one.phone):
            phones[_digits(one.phone)].append(one)
    for line in lines:
        line.extra["organisation"] = bodies.one(line, "organisation")
    once(lines, "name", _person_key, _("同名同单位同电话的人"))
    for line in lines:
        body = line.extra["organisation"]
        row = _same_person(line, known[line.get("name"), body.pk if body else None]) if body else None
        if row is not None:
            remember(line, row, ("name", "phone", "email", "organisation_id"))
            for column in ("phone", "email"):
                if line.get(column):
                    line.compare(column, getattr(row, column), line.get(column))
        _elsewhere(line, row, phones)
    _twice(lines)


def _digits(phone: str) -> str:
    return "".join(one for one in phone if one.isdigit())


def _person_key(line: Line) -> Any:
    body = line.extra["organisation"]
    return (line.get("name"), body.pk, _digits(line.get("phone"))) if body and line.get("name") else None


def _same_person(line: Line, found: Sequence[Person]) -> Person | None:
    if len(found) < 2:
        return found[0] if found else None
    same = [row for row in found if _digits(row.phone) == _digits(line.get("phone"))]
    if len(same) == 1:
        return same[0]
    line.bad("phone", _("本单位有 %(count)s 个同名的人：写上系统里的电话，才认得出是哪一个") % {"count": len(found)})
    return None


def _elsewhere(line: Line, row: Person | None, phones: dict[str, list[Person]]) -> None:
    """The same number under somebody else's name, or in another organisation: perhaps one person in two places."""
    for other in phones.get(_digits(line.get("phone")), ()):
        if row is None or other.pk != row.pk:
            where = other.organisation.name if other.organisation else _("没有单位")
            words = _("这个电话已登记在“%(where)s”名下：是同一个人就别重复登记，用任职来表示")
            line.note("phone", words % {"where": where})
            return


def _twice(lines: list[Line]) -> None:
    seen: dict[str, Line] = {}
    for line in lines:
        digits = _digits(line.get("phone"))
        if digits and digits in seen:
            words = _("第 %(row)s 行也是这个电话：一个人在两处，留一处，另一处用任职来表示")
            line.note("phone", words % {"row": seen[digits].number})
        elif digits:
            seen[digits] = line


def apply_persons(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise. Values go into no entry: the import's own names the file by its digest."""
    new = fresh(lines)
    wanted = {(line.get("name"), line.extra["organisation"].pk, line.get("phone")) for line in new}
    there = Person.objects.filter(is_active=True, name__in={name for name, _body, _phone in wanted})
    if wanted & {(row.name, row.organisation_id, row.phone) for row in there}:
        raise Stale
    made = Person.objects.bulk_create(
        [
            Person(
                name=line.get("name"), phone=line.get("phone"), email=line.get("email"),
                organisation=line.extra["organisation"],
            )
            for line in new
        ],
        batch_size=BATCH,
    )  # fmt: skip
    rows = []
    for line, row in locked(Person.objects.all(), lines):
        row.phone, row.email = line.get("phone") or row.phone, line.get("email") or row.email
        rows.append(row)
    Person.objects.bulk_update(rows, ["phone", "email"], batch_size=BATCH)
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"person": ids}, [("person", one) for one in ids])


# --- posts ---


class People:
    """Persons by name within an organisation first, then, but for an enterprise's, in the county where the name is the
    only one: a namesake of another mine must not be rung for this one's alarms."""

    def __init__(self) -> None:
        self._all: dict[str, list[Person]] = defaultdict(list)
        for row in Person.objects.filter(is_active=True).select_related("organisation"):
            self._all[row.name].append(row)

    def one(self, line: Line, column: str, body: Organisation, there: Collection[int] = ()) -> Person | None:
        """The one the line names; what is wrong is said on the line. `there`: who has the place already, from wherever
        (arranged on the page)."""
        said = line.get(column)
        if not said:
            return None
        found = self._all.get(said, [])
        found = [row for row in found if row.organisation_id == body.pk] or found
        found = [row for row in found if row.pk in there] or found
        if not found:
            line.bad(column, _("没有登记“%(name)s”：先导入人员") % {"name": said})
            return None
        outside = found[0].organisation_id != body.pk and found[0].pk not in there
        where = found[0].organisation.name if found[0].organisation else _("没有单位")
        if outside and body.kind == Organisation.Kind.ENTERPRISE:
            words = _("本单位没有登记“%(name)s”，“%(where)s”有同名的人：企业的岗位只用本单位的人，先把本人登记到本单位")
            line.bad(column, words % {"name": said, "where": where})
        elif len(found) > 1:
            words = _("有 %(count)s 个“%(name)s”，认不出是哪一个：在页面上办")
            line.bad(column, words % {"count": len(found), "name": said})
        else:
            if outside:
                line.note(column, _("是“%(where)s”的人") % {"where": where})
            return found[0]
        return None


def plan_posts(actor: Actor, lines: list[Line]) -> None:
    """One of the same organisation and title is the same. A person named is seated; nobody is unseated by a table."""
    bodies, people = Organisations(actor), People()
    rows = {(row.organisation_id, row.title): row for row in Post.objects.select_related("organisation")}
    held: dict[int, list[Holding]] = defaultdict(list)
    for seat in at_time(Holding.objects.all(), timezone.now()).select_related("person").order_by("rank", "id"):
        held[seat.post_id].append(seat)
    for line in lines:
        line.extra["organisation"] = bodies.one(line, "organisation")
    once(lines, "title", _post_key, _("同一单位的岗位"))
    for line in lines:
        body = line.extra["organisation"]
        row = rows.get(_post_key(line) or (0, ""))
        sitting = {seat.person_id for seat in held[row.pk]} if row else set()
        person = people.one(line, "person", body, sitting) if body else None
        line.extra["person"] = person
        if row is None:
            continue
        remember(line, row, ("title", "on_shift", "is_active"))
        if not row.is_active:
            line.bad("title", _("岗位“%(post)s”已撤销，先恢复") % {"post": row})
        if line.get("on_shift", None) is not None:
            line.compare("on_shift", row.on_shift, line.values["on_shift"])
        _seat(line, person, held[row.pk])


def _post_key(line: Line) -> Any:
    body = line.extra["organisation"]
    return (body.pk, line.get("title")) if body and line.get("title") else None


def _seat(line: Line, person: Person | None, seats: Sequence[Holding]) -> None:
    if person is None or any(seat.person_id == person.pk for seat in seats):
        line.extra["person"] = None
        return
    if seats:
        names = "、".join(seat.person.name for seat in seats)
        line.bad("person", _("现由%(names)s担任：先在页面上离任，再任新人（离任会影响叫应谁）") % {"names": names})
        return
    line.compare("person", "", person.name)


def apply_posts(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise; who is named sits from now on."""
    now = timezone.now()
    new = fresh(lines)
    made = Post.objects.bulk_create(
        [
            Post(
                organisation=line.extra["organisation"], title=line.get("title"), kind="",
                on_shift=bool(line.get("on_shift", False)),
            )
            for line in new
        ],
        batch_size=BATCH,
    )  # fmt: skip
    seats = [(post, line.extra["person"]) for post, line in zip(made, new, strict=True) if line.extra["person"]]
    rows = []
    for line, row in locked(Post.objects.all(), lines):
        if line.get("on_shift", None) is not None:
            row.on_shift = line.values["on_shift"]
        if line.extra["person"]:
            if at_time(Holding.objects.filter(post=row), now).exists():
                raise Stale
            seats.append((row, line.extra["person"]))
        rows.append(row)
    Post.objects.bulk_update(rows, ["on_shift"], batch_size=BATCH)
    held = Holding.objects.bulk_create(
        [Holding(post=post, person=person, rank=0, valid_from=now, recorded_at=now) for post, person in seats],
        batch_size=BATCH,
    )
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"post": ids, "holding": [row.pk for row in held]}, [("post", one) for one in ids])


# --- responsibility ---


def plan_responsibilities(actor: Actor, lines: list[Line]) -> None:
    """One of the same post, kind, rung and scope that holds now or will is the same; other sectors end it and begin
    anew. A further one may follow it, never overlap it."""
    bodies, places, sites = Organisations(actor), Territories(), Sites(actor)
    posts = {(row.organisation_id, row.title): row for row in Post.objects.select_related("organisation")}
    now = timezone.now()
    standing = _standing(now)
    for line in lines:
        _read_responsibility(line, bodies, places, sites, posts)
    once(lines, "post", lambda line: line.extra["key"], _("同一岗位、类别、层级和范围"))
    for line in lines:
        row = _same_responsibility(line, standing[line.extra["key"]], now) if line.extra["key"] else None
        start, end = line.get("valid_from", None), line.get("valid_to", None)
        if start is not None and end is not None and end <= start:
            line.bad("valid_to", _("晚于起始时间"))
        elif end is not None and end <= now:
            line.bad("valid_to", _("以后的时间：已经过去的责任关系不补进来"))
        elif end is not None and row is not None and end <= row.valid_from:
            line.bad("valid_to", _("晚于起始时间"))
        if row is None:
            continue
        line.target = row.pk
        line.extra["row"] = row
        if line.get("sectors", []) and set(line.values["sectors"]) != set(row.sectors):
            line.compare("sectors", row.sectors, line.values["sectors"])
        if end is not None and not _same_minute(end, row.valid_to):
            line.compare("valid_to", row.valid_to, end)


def _scope_of(row: Responsibility) -> tuple[Any, ...]:
    return row.post_id, row.kind, row.rung, row.site_id, row.organisation_id, row.territory_id


def _standing(now: datetime, posts: Collection[int] | None = None) -> dict[tuple[Any, ...], list[Responsibility]]:
    """Those that hold now or begin later, by scope, the earliest first. One given up before it began is none."""
    rows = Responsibility.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now) & Q(valid_to__gt=F("valid_from")))
    if posts is not None:
        rows = rows.filter(post__in=posts)
    found: dict[tuple[Any, ...], list[Responsibility]] = defaultdict(list)
    for row in rows.order_by("valid_from", "id"):
        found[_scope_of(row)].append(row)
    return found


def _overlapping(line: Line, rows: Iterable[Responsibility], now: datetime) -> list[Responsibility]:
    start, end = line.get("valid_from", None) or now, line.get("valid_to", None)
    return [
        row for row in rows if (row.valid_to is None or start < row.valid_to) and (end is None or row.valid_from < end)
    ]


def _same_minute(one: datetime, other: datetime | None) -> bool:
    """A table tells a time by the minute."""
    return other is not None and abs(one - other) < SLACK


def _same_responsibility(line: Line, rows: Sequence[Responsibility], now: datetime) -> Responsibility | None:
    """The one the line means; what is wrong is said on the line."""
    start = line.get("valid_from", None)
    for row in rows:
        if start is not None and _same_minute(start, row.valid_from):
            return row
    found = _overlapping(line, rows, now)
    if not found or found[0].valid_from <= now:
        return found[0] if found else None
    words = _("系统里这一条从 %(start)s 起") % {"start": spoken(found[0].valid_from)}
    if start is not None:
        line.bad("valid_from", _("%(words)s：照它写，或在页面上先解除") % {"words": words})
    else:
        line.note("valid_from", words)
    return found[0]


def _read_responsibility(
    line: Line, bodies: Organisations, places: Territories, sites: Sites, posts: dict[tuple[int, str], Post]
) -> None:
    body = bodies.one(line, "organisation")
    post = posts.get((body.pk, line.get("post"))) if body else None
    if body and line.get("post") and post is None:
        line.bad("post", _("“%(body)s”没有岗位“%(post)s”：先导入岗位") % {"body": body.name, "post": line.get("post")})
    elif post is not None and not post.is_active:
        line.bad("post", _("岗位“%(post)s”已撤销，先恢复") % {"post": post})
    site, scope, territory = sites.one(line, "site"), bodies.one(line, "scope"), places.one(line, "territory")
    told = [name for name in ("site", "scope", "territory") if line.get(name)]
    if len(told) != 1 and not any(one["column"] in ("site", "scope", "territory") for one in line.errors):
        line.bad("territory", _("范围只填一样：行政区、所辖单位或场所"))
    line.extra |= {"post": post, "site": site, "scope": scope, "territory": territory, "key": None}
    if post and line.get("kind") and line.get("rung") and len(told) == 1 and (site or scope or territory):
        line.extra["key"] = (
            post.pk, line.get("kind"), int(line.get("rung")), site.pk if site else None, scope.pk if scope else None,
            territory.pk if territory else None,
        )  # fmt: skip


def apply_responsibilities(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """New ones from now or their own beginning; of one that differs the old ends as the new begins.

    Raises Stale when one it was compared with has changed, or another has come that overlaps a new one.
    """
    now = timezone.now()
    ended: list[Responsibility] = []
    wanted = {line.target: line for line in changed(lines)}
    for row in Responsibility.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(wanted)):
        was = wanted[row.pk].extra["row"]
        if (row.valid_to, row.sectors, row.matters) != (was.valid_to, was.sectors, was.matters):
            raise Stale
        ended.append(row)
    if len(ended) != len(wanted):
        raise Stale
    standing = _standing(now, {line.extra["key"][0] for line in fresh(lines)})
    if any(_overlapping(line, standing[line.extra["key"]], now) for line in fresh(lines)):
        raise Stale
    made = Responsibility.objects.bulk_create(
        [_responsibility(line, now) for line in lines if line.state == NEW or line.target in wanted], batch_size=BATCH
    )
    for row in ended:
        row.valid_to = max(now, row.valid_from)
    Responsibility.objects.bulk_update(ended, ["valid_to"], batch_size=BATCH)
    told = sorted({row.post_id for row in made})
    ids = {"responsibility": [row.pk for row in made], "ended": [row.pk for row in ended]}
    return Applied(ids, [("responsible", one) for one in told])


def _responsibility(line: Line, now: datetime) -> Responsibility:
    told = line.get("valid_from", None)
    old: Responsibility | None = line.extra.get("row")
    # In place of another, the new one begins as that one ends; a new one as told, backdated if so (补录).
    start = max(now, old.valid_from) if old else now if told is None or abs(told - now) <= SLACK else told
    end = line.get("valid_to", None) or (old.valid_to if old else None)
    return Responsibility(
        post=line.extra["post"], kind=line.get("kind"), rung=Rung(int(line.get("rung"))), site=line.extra["site"],
        organisation=line.extra["scope"], territory=line.extra["territory"],
        sectors=line.get("sectors", []) or (old.sectors if old else []), matters=old.matters if old else [],
        valid_from=start, valid_to=end, recorded_at=now,
    )  # fmt: skip


# --- shifts ---


def plan_shifts(actor: Actor, lines: list[Line]) -> None:
    """One of the same post, person and beginning is the same. A gap is told and not refused; two places at once are."""
    bodies, people = Organisations(actor), People()
    posts = {(row.organisation_id, row.title): row for row in Post.objects.select_related("organisation")}
    now = timezone.now()
    starts = [line.get("starts_at", None) for line in lines if line.get("starts_at", None)]
    there = Shift.objects.filter(cancelled_at=None, ends_at__gt=min([now, *starts]))
    rows = list(there.select_related("post__organisation"))
    on: dict[int, set[int]] = defaultdict(set)
    for shift in rows:
        on[shift.post_id].add(shift.person_id)
    for line in lines:
        _read_shift(line, bodies, people, posts, on, now)
    same = {(row.post_id, row.person_id, row.starts_at): row for row in rows}
    once(lines, "starts_at", _shift_key, _("同一岗位、同一人的这个班"))
    for line in lines:
        row = same.get(_shift_key(line) or (0, 0, now))
        if row is not None:
            line.target = row.pk
            if row.ends_at != line.get("ends_at", None):
                words = _("系统里这个班到 %(end)s：改时间先在值班表上撤销或换班")
                line.bad("ends_at", words % {"end": spoken(row.ends_at)})
    _two_places(lines, rows)
    _gaps(lines, rows)


def _read_shift(
    line: Line, bodies: Organisations, people: People, posts: dict[tuple[int, str], Post],
    on: Mapping[int, Collection[int]], now: datetime,
) -> None:  # fmt: skip
    body = bodies.one(line, "organisation")
    post = posts.get((body.pk, line.get("post"))) if body else None
    if body and line.get("post") and post is None:
        line.bad("post", _("“%(body)s”没有岗位“%(post)s”：先导入岗位") % {"body": body.name, "post": line.get("post")})
    elif post is not None and not (post.on_shift and post.is_active):
        line.bad("post", _("“%(post)s”不是值班岗：先设为值班岗") % {"post": post})
    there = on.get(post.pk, ()) if post else ()
    line.extra |= {"post": post, "person": people.one(line, "person", body, there) if body else None}
    start, end = line.get("starts_at", None), line.get("ends_at", None)
    if start is not None and end is not None:
        if end <= start:
            line.bad("ends_at", _("晚于上班时间（过夜的班写第二天的日期）"))
        elif (end - start).total_seconds() > 48 * 3600:
            line.bad("ends_at", _("一个班不超过 48 小时"))
        elif end <= now:
            line.bad("ends_at", _("以后的时间：已经过去的班不补进来"))


def _shift_key(line: Line) -> Any:
    post, person, start = line.extra["post"], line.extra["person"], line.get("starts_at", None)
    return (post.pk, person.pk, start) if post and person and start else None


def _two_places(lines: Iterable[Line], rows: Iterable[Shift]) -> None:
    """Nobody stands in two places at once, in the file or beside what is planned already."""
    spans: dict[int, list[tuple[datetime, datetime, str, int | None]]] = defaultdict(list)
    for row in rows:
        spans[row.person_id].append((row.starts_at, row.ends_at, str(row.post), None))
    for line in lines:
        start, end, person = line.get("starts_at", None), line.get("ends_at", None), line.extra["person"]
        if person is None or start is None or end is None or line.target is not None:
            continue
        for began, ended, place, number in spans[person.pk]:
            if start < ended and began < end:
                where = _("第 %(row)s 行") % {"row": number} if number else _("已排的班")
                words = _("%(person)s这段时间已在“%(place)s”（%(where)s）：一个人不能在两处")
                line.bad("person", words % {"person": person.name, "place": place, "where": where})
                break
        spans[person.pk].append((start, end, str(line.extra["post"]), line.number))


def _gaps(lines: Iterable[Line], rows: Iterable[Shift]) -> None:
    """Between the shifts of a post nobody is on: told on the line after the gap."""
    spans: dict[int, list[tuple[datetime, datetime, Line | None]]] = defaultdict(list)
    for row in rows:
        spans[row.post_id].append((row.starts_at, row.ends_at, None))
    for line in lines:
        if line.extra["post"] and line.get("starts_at", None) and line.get("ends_at", None) and line.target is None:
            spans[line.extra["post"].pk].append((line.values["starts_at"], line.values["ends_at"], line))
    for found in spans.values():
        until: datetime | None = None
        for start, end, after in sorted(found, key=lambda one: one[0]):
            if until is not None and start > until and after is not None:
                words = _("%(start)s 到 %(end)s 没有人值班，排班有空档")
                after.note("starts_at", words % {"start": spoken(until), "end": spoken(start)})
            until = end if until is None else max(until, end)


def apply_shifts(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise."""
    new = fresh(lines)
    people = {line.extra["person"].pk for line in new}
    starts = [line.values["starts_at"] for line in new]
    there = Shift.objects.filter(cancelled_at=None, person__in=people, ends_at__gt=min(starts, default=timezone.now()))
    taken: dict[int, list[Shift]] = defaultdict(list)
    for row in there:
        taken[row.person_id].append(row)
    for line in new:
        for row in taken[line.extra["person"].pk]:
            if line.values["starts_at"] < row.ends_at and row.starts_at < line.values["ends_at"]:
                raise Stale
    made = Shift.objects.bulk_create(
        [
            Shift(
                post=line.extra["post"], person=line.extra["person"], starts_at=line.values["starts_at"],
                ends_at=line.values["ends_at"],
            )
            for line in new
        ],
        batch_size=BATCH,
    )  # fmt: skip
    posts = sorted({row.post_id for row in made})
    return Applied({"shift": [row.pk for row in made]}, [("post", one) for one in posts])


TOPICS = {
    "person": ("roster.changed", "person"),
    "post": ("roster.changed", "post"),
    "responsible": ("responsibility.changed", "post"),
}


def follow(kind: str, ids: Sequence[int]) -> None:
    """Tell whoever listens that these have changed."""
    topic, subject = TOPICS[kind]
    for one in ids:
        emit(topic, SubjectRef(subject, one))
