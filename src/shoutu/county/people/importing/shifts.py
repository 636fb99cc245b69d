"""Shifts from a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import spoken
from shoutu.county.kit.sheets.still import fresh
from shoutu.county.kit.sheets.tables import Applied, Line, Stale, once
from shoutu.county.people.importing.named import BATCH, People
from shoutu.county.people.models import Post, Shift
from shoutu.county.places.finding import Organisations


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
