"""Territories, organisations and sites from a table: judged as a whole, written as a whole.

What may be changed by one person alone may be changed by a table. A site's kind and grade move limits: they are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.sheets.still import changed, fresh, locked, remember
from shoutu.county.kit.sheets.tables import Applied, Line, Stale, once
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.finding import Organisations, Territories
from shoutu.county.places.geometry import place
from shoutu.county.places.models import Organisation, Site, SitePast, Territory, TerritoryPast

Node = tuple[str, int]
BATCH = 500
# A coordinate is told in 7 decimals (about a centimetre).
CENTIMETRE = 1e-7


# --- territories ---


def plan_territories(actor: Actor, lines: list[Line]) -> None:
    """Parents may stand in the same file, in any order. A circle is named with all its places."""
    known = Territories()
    once(
        lines,
        "name",
        lambda line: (line.get("parent"), line.get("name")) if line.get("name") else None,
        _("同一上级下的名称"),
    )
    once(lines, "code", lambda line: line.get("code") or None, _("行政区划代码"))
    nodes: dict[Node, Line] = {}
    named: dict[str, set[Node]] = defaultdict(set)
    for row in known.rows:
        named[row.name].add(("id", row.pk))
    for line in lines:
        there = _known_territory(known, line)
        if there is not None:
            remember(line, there, ("name", "code", "parent_id"))
            named[there.name].discard(("id", there.pk))
        node = ("id", there.pk) if there else ("row", line.number)
        line.extra["node"] = node
        nodes[node] = line
        named[line.get("name")].add(node)
    up: dict[Node, Node | None] = {("id", r.pk): ("id", r.parent_id) if r.parent_id else None for r in known.rows}
    for line in lines:
        up[line.extra["node"]] = _parent(known, line, named, up.get(line.extra["node"]))
    for line in lines:
        _circle(known, line, nodes, up)
        _differences(known, line, nodes, up)


def _known_territory(known: Territories, line: Line) -> Territory | None:
    code, name, above = line.get("code"), line.get("name"), line.get("parent")
    if code:
        for row in known.rows:
            if row.code == code:
                return row
    found = known.find(f"{above}/{name}" if above else name)
    found = [row for row in found if not (code and row.code and row.code != code)]
    if not above:
        found = [row for row in found if row.parent_id is None]
    return found[0] if len(found) == 1 else None


def _parent(known: Territories, line: Line, named: dict[str, set[Node]], now: Node | None) -> Node | None:
    said = line.get("parent")
    if "parent" not in line.given or not said:
        if line.target is None:
            roots = [row for row in known.rows if row.parent_id is None]
            if roots:
                line.bad("parent", _("必填：县一级“%(name)s”已经有了，别的都在它之下") % {"name": roots[0].name})
        return now
    found = {("id", row.pk) for row in known.find(said)} if "/" in said else named.get(said, set())
    if line.target is not None and now is None:
        line.bad("parent", _("县一级没有上级，留空"))
        return now
    if len(found) == 1:
        return next(iter(found))
    if not found:
        line.bad("parent", _("没有“%(name)s”：表里和系统里都找不到") % {"name": said})
    else:
        line.bad("parent", _("有 %(count)s 个“%(name)s”：写成“上级/名称”") % {"count": len(found), "name": said})
    return now


def _circle(known: Territories, line: Line, nodes: dict[Node, Line], up: dict[Node, Node | None]) -> None:
    start, at = line.extra["node"], up[line.extra["node"]]
    names, seen = [line.get("name")], {start}
    while at is not None and at not in seen:
        seen.add(at)
        names.append(_name(known, at, nodes))
        at = up.get(at)
    if at == start:
        line.bad("parent", _("上级成环：%(names)s。改掉其中一个上级") % {"names": " → ".join([*names, names[0]])})


def _name(known: Territories, node: Node, nodes: dict[Node, Line]) -> str:
    return nodes[node].get("name") if node in nodes else known.by_id[node[1]].name


def _differences(known: Territories, line: Line, nodes: dict[Node, Line], up: dict[Node, Node | None]) -> None:
    parent = up[line.extra["node"]]
    line.extra["parent"] = parent
    taken = [
        node
        for node, above in up.items()
        if above == parent and node != line.extra["node"] and _name(known, node, nodes) == line.get("name")
    ]
    if taken and not line.errors:
        line.bad("name", _("同一上级下已经有“%(name)s”") % {"name": line.get("name")})
    if line.target is None:
        return
    row = known.by_id[line.target]
    if not row.is_active:
        line.bad("name", _("行政区“%(name)s”已停用") % {"name": row.name})
    line.compare("name", row.name, line.get("name"))
    if line.get("code"):
        line.compare("code", row.code, line.get("code"))
    if parent != (("id", row.parent_id) if row.parent_id else None):
        before = known.by_id[row.parent_id].name if row.parent_id else ""
        line.compare("parent", before, _name(known, parent, nodes) if parent else "")


def apply_territories(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """New ones first, parents before children; then moves, with where they hung until now; then all paths anew."""
    made: dict[Node, int] = {}
    waiting = fresh(lines)
    while waiting:
        later: list[Line] = []
        for line in waiting:
            parent = line.extra["parent"]
            if parent is not None and parent[0] == "row" and parent not in made:
                later.append(line)
                continue
            row = Territory(name=line.get("name"), code=line.get("code"), path=f"new {line.number}")
            row.parent_id = _id(parent, made)
            if Territory.objects.filter(parent_id=row.parent_id, name=row.name).exists():
                raise Stale
            row.save(force_insert=True)
            made[line.extra["node"]] = row.pk
        if len(later) == len(waiting):
            raise Stale
        waiting = later
    now = timezone.now()
    for line, row in locked(Territory.objects.all(), lines):
        parent = _id(line.extra["parent"], made)
        if parent != row.parent_id:
            assert row.parent_id is not None  # the county itself has no parent to give up
            TerritoryPast.objects.create(territory=row, parent_id=row.parent_id, until=now)
            row.parent_id = parent
        row.name, row.code = line.get("name"), line.get("code") or row.code
        row.save(update_fields=["name", "code", "parent"])
    _paths()
    ids = [*made.values(), *(line.target for line in changed(lines) if line.target)]
    return Applied({"territory": ids}, [("territory", one) for one in ids])


def _id(node: Node | None, made: dict[Node, int]) -> int | None:
    return None if node is None else node[1] if node[0] == "id" else made[node]


def _paths() -> None:
    rows = list(Territory.objects.all())
    below: dict[int | None, list[Territory]] = defaultdict(list)
    for row in rows:
        below[row.parent_id].append(row)
    wrong: list[Territory] = []
    reached, level = 0, [("", row) for row in below[None]]
    while level:
        reached += len(level)
        following = []
        for above, row in level:
            path = f"{above}{row.pk}."
            if row.path != path:
                row.path = path
                wrong.append(row)
            following += [(path, child) for child in below[row.pk]]
        level = following
    if reached != len(rows):  # a circle made by somebody else meanwhile
        raise Stale
    Territory.objects.bulk_update(wrong, ["path"], batch_size=BATCH)


# --- organisations ---


def plan_organisations(actor: Actor, lines: list[Line]) -> None:
    """One with the same 统一社会信用代码 is the same, whatever its name; else one with the same name."""
    places = Territories()
    rows = list(Organisation.objects.select_related("territory"))
    by_name, by_code = {row.name: row for row in rows}, {row.code: row for row in rows if row.code}
    once(lines, "name", lambda line: line.get("name") or None, _("单位名称"))
    once(lines, "code", lambda line: line.get("code") or None, _("统一社会信用代码"))
    for line in lines:
        name, code = line.get("name"), line.get("code")
        row = by_code.get(code) or by_name.get(name)
        if row is not None and by_name.get(name, row) is not row:
            line.bad("name", _("这个代码是“%(one)s”的，名称却是另一个单位的") % {"one": row.name})
        seat = places.one(line, "territory")
        line.extra["territory"] = seat
        if line.get("kind") == Organisation.Kind.ENTERPRISE and not (code or (row and row.code)):
            line.note("code", _("企业没有写统一社会信用代码，以后只能按名称认"))
        if row is None:
            if seat is None and not any(one["column"] == "territory" for one in line.errors):
                line.bad("territory", _("新增的单位必填"))
            continue
        remember(line, row, ("name", "kind", "code", "territory_id"))
        if not row.is_active:
            line.bad("name", _("单位“%(name)s”已停用，先启用") % {"name": row.name})
        line.compare("name", row.name, name)
        line.compare("kind", row.kind, line.get("kind", row.kind))
        line.compare("code", row.code, code or row.code)
        if seat is not None and seat.pk != row.territory_id:
            line.compare("territory", row.territory.name, seat.name)


def apply_organisations(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise."""
    made = Organisation.objects.bulk_create(
        [
            Organisation(
                name=line.get("name"), kind=line.get("kind"), code=line.get("code"), territory=line.extra["territory"]
            )
            for line in fresh(lines)
        ],
        batch_size=BATCH,
    )
    rows = []
    for line, row in locked(Organisation.objects.all(), lines):
        row.name, row.kind = line.get("name"), line.get("kind", row.kind)
        row.code = line.get("code") or row.code
        row.territory = line.extra["territory"] or row.territory
        rows.append(row)
    Organisation.objects.bulk_update(rows, ["name", "kind", "code", "territory"], batch_size=BATCH)
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"organisation": ids}, [("organisation", one) for one in ids])


# --- sites ---


def plan_sites(actor: Actor, lines: list[Line]) -> None:
    """One of the same organisation and name is the same. Kind and grade of one that is there stay as they are."""
    places, bodies = Territories(), Organisations(actor)
    # Names are taken whoever sees them: one outside the actor's scope must not be made a second time.
    rows = {(row.organisation_id, row.name): row for row in Site.objects.select_related("territory")}
    seen = set(Site.objects.visible_to(actor).values_list("pk", flat=True))
    for line in lines:
        line.extra["organisation"] = bodies.one(line, "organisation")
        line.extra["territory"] = places.one(line, "territory")
        line.extra["place"] = _coordinates(line)
    once(lines, "name", _site_key, _("同一单位的场所名称"))
    for line in lines:
        owner = line.extra["organisation"]
        row = rows.get((owner.pk, line.get("name"))) if owner else None
        if row is None:
            line.need("kind")
            _within(actor, line)
            continue
        if row.pk not in seen:
            line.bad("name", _("已有，不在你的范围"))
            continue
        remember(line, row, ("territory_id", "latitude", "longitude", "kind", "grade"))
        for column in ("kind", "grade"):
            if line.get(column) and line.get(column) != getattr(row, column):
                line.bad(column, _kept(row, column))
        seat = line.extra["territory"]
        if seat is not None and seat.pk != row.territory_id:
            line.compare("territory", row.territory.name, seat.name)
        _moved(line, row)


def _within(actor: Actor, line: Line) -> None:
    """Nobody makes by a table what they then would not see."""
    scope, owner, kind = actor.scope, line.extra["organisation"], line.get("kind")
    if scope.sectors and kind and kind not in scope.sectors:
        names = "、".join(str(Site.Kind(one).label) for one in scope.sectors)
        line.bad("kind", _("不在你的范围，你管的是：%(names)s") % {"names": names})
    if owner is None or scope.all or owner.pk in scope.organisations:
        return
    seat = line.extra["territory"] or owner.territory
    if not any(seat.path.startswith(path) for path in scope.territories):
        line.bad("territory", _("“%(name)s”不在你的范围") % {"name": seat.name})


def _kept(row: Site, column: str) -> str:
    now = row.get_kind_display() if column == "kind" else row.grade or _("空")
    return _("已有的场所现在是“%(now)s”：改它会移动报警限值，要两人复核，不能用表改。这一格照旧或留空") % {"now": now}


def _site_key(line: Line) -> Any:
    owner = line.extra["organisation"]
    return (owner.pk, line.get("name")) if owner and line.get("name") else None


def _coordinates(line: Line) -> tuple[float, float] | None:
    """(longitude, latitude) in WGS-84, or None."""
    longitude, latitude = line.get("longitude", None), line.get("latitude", None)
    if longitude is None and latitude is None:
        return None
    if longitude is None or latitude is None:
        lacking = "latitude" if latitude is None else "longitude"
        if not any(one["column"] in ("longitude", "latitude") for one in line.errors):
            line.bad(lacking, _("经度和纬度要么都填，要么都不填"))
        return None
    try:
        return place(longitude, latitude, line.get("crs", "wgs84"))
    except Invalid as error:
        line.bad(error.field, _("应为%(expected)s") % {"expected": error.expected})
        return None


def _moved(line: Line, row: Site) -> None:
    told = line.extra["place"]
    if told is None:
        return
    now = (row.longitude, row.latitude)
    if None in now or any(abs(a - b) > CENTIMETRE for a, b in zip(now, told, strict=True) if a is not None):
        line.compare("longitude", row.longitude, round(told[0], 7))
        line.compare("latitude", row.latitude, round(told[1], 7))
        line.extra["located"] = True


def apply_sites(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise; whose a moved one was until now stays on record."""
    made = Site.objects.bulk_create([_new_site(line) for line in fresh(lines)], batch_size=BATCH)
    rows, past, now = [], [], timezone.now()
    for line, row in locked(Site.objects.all(), lines):
        seat = line.extra["territory"]
        if seat is not None and seat.pk != row.territory_id:
            before = {"organisation_id": row.organisation_id, "territory_id": row.territory_id}
            past.append(SitePast(site=row, until=now, **before))
            row.territory = seat
        if line.extra.get("located"):
            row.longitude, row.latitude = line.extra["place"]
        rows.append(row)
    SitePast.objects.bulk_create(past, batch_size=BATCH)
    Site.objects.bulk_update(rows, ["territory", "longitude", "latitude"], batch_size=BATCH)
    ids = [row.pk for row in (*made, *rows)]
    return Applied({"site": ids}, [("site", one) for one in ids])


def _new_site(line: Line) -> Site:
    owner = line.extra["organisation"]
    longitude, latitude = line.extra["place"] or (None, None)
    return Site(
        name=line.get("name"), kind=line.get("kind"), grade=line.get("grade"), organisation=owner,
        territory_id=(line.extra["territory"].pk if line.extra["territory"] else owner.territory_id),
        longitude=longitude, latitude=latitude,
    )  # fmt: skip


TOPICS = {"territory": "place.changed", "organisation": "place.changed", "site": "site.changed"}


def follow(kind: str, ids: Sequence[int]) -> None:
    """Tell whoever listens that these have changed."""
    for one in ids:
        emit(TOPICS[kind], SubjectRef(kind, one))
