"""Who answers for what, from a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import spoken
from shoutu.county.kit.sheets.still import changed, fresh
from shoutu.county.kit.sheets.tables import NEW, Applied, Line, Stale, once
from shoutu.county.people.importing.named import BATCH
from shoutu.county.people.models import Post, Responsibility, Rung
from shoutu.county.people.services.posts import SLACK
from shoutu.county.places.finding import Organisations, Sites, Territories


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
