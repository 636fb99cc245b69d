"""What may be asked about sources, points, rules and readings; every read starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from shoutu.county.duties.models import Finding
from shoutu.county.duties.selectors import findings_for
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import NotFound, Unavailable
from shoutu.county.kit.selectors import get_visible
from shoutu.county.places.models import Site
from shoutu.county.sites import asking, marks
from shoutu.county.sites import care as caring
from shoutu.county.sites.models import IngestToken, Operation, Point, Rule, RuleState, RuleVersion, Source, Unclaimed
from shoutu.county.sites.needs import GAP
from shoutu.county.sites.operation import WATCHED, with_state
from shoutu.county.sites.standing import with_standing
from shoutu.engine.packs.figures import places

STALE_INTERVALS = 3
"""A reading older than this many intervals of its point is stale."""


def points_for(
    actor: Actor,
    *,
    site: int | None = None,
    organisation: int | None = None,
    q: str = "",
    territory: int | None = None,
    online: bool | None = None,
    care: bool | None = None,
) -> QuerySet[Point]:
    """Points of visible sites with their site and source.

    `territory`: that of the site; `online`: those some rule watches whose readings can be used now, or cannot;
    `care`: those under agreed calibration or maintenance now, or the others.
    """
    rows = Point.objects.visible_to(actor).select_related("site", "source")
    if site is not None:
        rows = rows.filter(site_id=site)
    if organisation is not None:
        rows = rows.filter(site__organisation_id=organisation)
    if territory is not None:
        rows = rows.filter(site__territory_id=territory)
    if online is not None:
        rows = marks.online(rows, online)
    if care is not None:
        rows = rows.filter(caring.points(care))
    if q:
        # Sites are few beside their points: a name is looked for once per site.
        there = Site.objects.filter(name__icontains=q).values("pk")
        rows = rows.filter(
            Q(name__icontains=q) | Q(address__icontains=q) | Q(item_title__icontains=q) | Q(site_id__in=there)
        )
    return rows  # type: ignore[no-any-return]


def points_near(actor: Actor, source: Source, beginning: str) -> QuerySet[Point]:
    """Points of a source, or of the site it stands at, whose address begins so."""
    near = Q(source=source)
    if source.site_id is not None:
        near |= Q(site=source.site_id)
    rows = Point.objects.visible_to(actor).select_related("site").filter(near, address__istartswith=beginning)
    return rows.order_by("id")  # type: ignore[no-any-return]


def get_point(actor: Actor, id: int) -> Point:
    """Raises NotFound("point", id)."""
    return get_visible(Point.objects.select_related("site", "source"), actor, id, "point")


def rules_for(actor: Actor, point: int | None = None, site: int | None = None) -> QuerySet[Rule]:
    """Rules with the version in force and those that wait for a second person."""
    versions = RuleVersion.objects.filter(state__in=(RuleState.IN_FORCE, RuleState.PROPOSED)).order_by("number")
    rows = (
        Rule.objects.visible_to(actor)
        .select_related("point__site", "site")
        .prefetch_related(Prefetch("versions", queryset=versions, to_attr="current"))
    )
    if site is not None:
        rows = rows.filter(site_id=site)
    return rows.filter(point_id=point) if point is not None else rows  # type: ignore[no-any-return]


def get_rule(actor: Actor, id: int) -> Rule:
    """Raises NotFound("rule", id)."""
    return get_visible(Rule.objects.all(), actor, id, "rule")


def get_version(actor: Actor, rule: int, number: int) -> RuleVersion:
    """Raises NotFound("rule", id) for a rule unseen or a version that is not there."""
    from shoutu.county.kit.errors import NotFound

    found = RuleVersion.objects.filter(rule=get_rule(actor, rule), number=number).first()
    if found is None:
        raise NotFound("rule", f"{rule} v{number}")
    return found


def sources_for(actor: Actor) -> QuerySet[Source]:
    """Sources of visible sites, with tokens; those of no site are seen by a full scope only."""
    tokens = IngestToken.objects.order_by("id")
    return Source.objects.visible_to(actor).select_related("site").prefetch_related(Prefetch("tokens", queryset=tokens))  # type: ignore[no-any-return]


def get_source(actor: Actor, id: int) -> Source:
    """Raises NotFound("source", id)."""
    return get_visible(Source.objects.all(), actor, id, "source")


def get_token(source: Source, id: int) -> IngestToken:
    """A token of a source seen already. Raises NotFound("token", id)."""
    from shoutu.county.kit.errors import NotFound

    found = IngestToken.objects.filter(source=source, pk=id).first()
    if found is None:
        raise NotFound("token", id)
    return found


def unclaimed_for(actor: Actor, *, q: str = "", adoptable: bool | None = None) -> QuerySet[Unclaimed]:
    """Addresses without a point, and foreign ones somebody else's source sent; `adoptable`: only those, or these."""
    rows = Unclaimed.objects.visible_to(actor).filter(point__isnull=True).select_related("source__site")
    if q:
        rows = rows.filter(Q(address__icontains=q) | Q(source__name__icontains=q) | Q(source__site__name__icontains=q))
    if adoptable is not None:
        rows = rows.filter(reason="unknown") if adoptable else rows.exclude(reason="unknown")
    return rows  # type: ignore[no-any-return]


def get_unclaimed(actor: Actor, id: int) -> Unclaimed:
    """Raises NotFound("unclaimed", id)."""
    return get_visible(Unclaimed.objects.select_related("source__site"), actor, id, "unclaimed")


def unclaimed_by_id(actor: Actor, ids: Iterable[int]) -> dict[int, Unclaimed]:
    """Those of these the actor may see, adopted or not."""
    rows = Unclaimed.objects.visible_to(actor).filter(pk__in=list(ids)).select_related("source__site")
    return {row.pk: row for row in rows}


def sites_for(
    actor: Actor,
    q: str = "",
    *,
    organisation: int | None = None,
    watched: bool | None = None,
    placed: bool | None = None,
    lacking: bool | None = None,
    stopped: bool | None = None,
    closed: bool | None = None,
    state: str = "",
    level: int | None = None,
    territory: int | None = None,
    care: bool | None = None,
) -> QuerySet[Site]:
    """Visible sites with their point counts.

    `watched`: a rule in use watches a point of it; `placed`: its coordinates are known; `lacking`: a finding is open;
    `stopped`: it is stopped, sealed or closed; `closed`: it is closed; `state`, `level`: as the map counts and
    draws it (`marks`); `territory`: the one it is entered under; `care`: it, or a point of it, is under agreed
    calibration or maintenance.
    """
    rows = with_state(_counted(Site.objects.visible_to(actor).select_related("territory", "organisation")))
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q) | Q(territory__name__icontains=q))
    if organisation is not None:
        rows = rows.filter(organisation_id=organisation)
    if watched is not None:
        rule = Exists(Rule.objects.filter(point__site=OuterRef("pk"), enabled=True))
        rows = rows.filter(rule if watched else ~rule)
    if placed is not None:
        rows = rows.filter(longitude__isnull=not placed)
    if lacking is not None:
        finding = Exists(Finding.objects.filter(site=OuterRef("pk"), cleared_at__isnull=True, optional=False))
        rows = rows.filter(finding if lacking else ~finding)
    if stopped is not None:
        held = Q(operating__in=WATCHED)
        rows = rows.filter(held if stopped else ~held | Q(operating__isnull=True))
    if closed is not None:
        over = Q(operating=Operation.CLOSED)
        rows = rows.filter(over if closed else ~over | Q(operating__isnull=True))
    if state or level is not None:
        rows = rows.filter(pk__in=marks.marked(actor, state, level))
    if territory is not None:
        rows = rows.filter(territory_id=territory)
    if care is not None:
        rows = rows.filter(caring.sites(care))
    return rows  # type: ignore[no-any-return]


def _counted(rows: QuerySet[Site]) -> QuerySet[Site]:
    """Each with how many points it has, counted for the rows shown alone."""
    points = Point.objects.filter(site=OuterRef("pk")).order_by().values("site").annotate(n=Count("pk")).values("n")
    return rows.annotate(n=Coalesce(Subquery(points), 0))


def get_site(actor: Actor, id: int) -> Site:
    """Raises NotFound("site", id)."""
    rows = _counted(Site.objects.select_related("territory", "organisation"))
    return get_visible(with_standing(with_state(rows)), actor, id, "site")  # type: ignore[arg-type]


def sites_by_id(actor: Actor, ids: Iterable[int]) -> list[Site]:
    """These sites, in order of their ids. Raises NotFound("site", id) for the first one not in sight."""
    wanted = sorted(set(ids))
    rows = Site.objects.visible_to(actor).filter(pk__in=wanted).select_related("organisation", "territory")
    found = {site.pk: site for site in rows}
    for id in wanted:
        if id not in found:
            raise NotFound("site", id)
    return [found[id] for id in wanted]


def findings_of(site: Site) -> list[dict[str, Any]]:
    """What keeps the site from being watched as its packs ask."""
    rows = findings_for(SYSTEM, kind=GAP, site=site.pk).order_by("optional", "id")
    return [
        {
            "id": f.pk,
            "point": f.detail.get("point"),
            "pack": f.detail.get("pack", ""),
            "field": f.detail.get("field", ""),
            "message": f.message,
            "optional": f.optional,
            "since": f.found_at,
        }
        for f in rows
    ]


def on_value(kind: str, params: Mapping[str, Any]) -> bool:
    """Whether a rule's limits lie on the axis of the readings themselves: not those of a slope, a sum, hours left."""
    return kind == "threshold" or (kind == "quota" and params.get("form") == "count")


def limits(params: Mapping[str, Any], kind: str = "") -> list[dict[str, Any]]:
    """The limits of a rule's parameters as single values, lowest level first; a band gives two each.

    Hours left until something happens are reached from above, whatever way the value goes.
    """
    side: str = "low" if kind == "forecast" else params.get("direction", "high")
    found: list[dict[str, Any]] = []
    for level, value in sorted((params.get("levels") or {}).items(), key=lambda pair: int(pair[0])):
        if side == "band":
            found.append({"level": int(level), "value": value[0], "direction": "low"})
            found.append({"level": int(level), "value": value[1], "direction": "high"})
        else:
            found.append({"level": int(level), "value": value, "direction": side})
    return found


UNIT_PLACES = 2
"""The most decimals the face writes of a unit by itself."""


def decimals_of(points: Iterable[int]) -> dict[int, int]:
    """With how many decimals each point's values are written: its indicator's, never fewer than a limit on them has.

    Missing where no rule names an indicator: a whole limit says nothing of how finely the point measures, and what is
    nearly at it must not be written as if it were. One query.
    """
    rows = RuleVersion.objects.filter(
        rule__point_id__in=list(points), rule__enabled=True, state=RuleState.IN_FORCE
    ).values_list("rule__point_id", "rule__kind", "rule__words", "params")
    found: dict[int, int] = {}
    named: set[int] = set()
    for point, kind, words, params in rows:
        told = [words["decimals"]] if "decimals" in words else []
        if on_value(kind, params):
            told += [places(limit["value"]) for limit in limits(params)]
        if told:
            found[point] = max(found.get(point, 0), *told)
        named |= {point} if "decimals" in words else set()
    return {point: most for point, most in found.items() if point in named or most > UNIT_PLACES}


def latest_of(points: Sequence[Point]) -> dict[int, dict[str, Any] | None] | None:
    """The newest reading of each point with its state; None when the pipeline cannot be asked.

    state: live; stale (older than three intervals); silent and fault as the engine says; unknown (never heard).
    """
    try:
        told = asking.latest(point.pk for point in points)
    except Unavailable:
        return None
    now = timezone.now()
    return {point.pk: _latest(point, told.get(point.pk), now) for point in points}


def _latest(point: Point, told: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    if told is None or told.get("ts") is None:
        return None
    received = moment(told["received"]) if told.get("received") is not None else None
    state = str(told.get("state") or "unknown")
    age = (now - (received or moment(told["ts"]))).total_seconds()
    if state == "live" and age > STALE_INTERVALS * point.interval_s:
        state = "stale"
    return {
        "ts": moment(told["ts"]),
        "received": received,
        "value": told.get("value"),
        "quality": told.get("quality") or 0,
        "state": state if state in ("live", "stale", "silent", "fault") else "unknown",
        "level": told.get("level") or 0,
    }


READING, FIGURES = ("ts", "value", "quality"), ("ts", "min", "max", "mean", "n")


def readings(point: Point, start: datetime, end: datetime, limit: int, step_s: float | None) -> dict[str, Any]:
    """`items`: readings of a point in a span, or figures; `gaps` in them; `next`: from when to ask on.

    `coarse`: stretches of which only figures `step` seconds apart are left; they stand for the readings there. Raises
    Unavailable.
    """
    step = round(step_s * 1000) if step_s else None
    rows, more, coarse = asking.curve(point.pk, _ms(start), _ms(end), limit, step)
    items = [dict(zip(READING if len(row) == 3 else FIGURES, (moment(row[0]), *row[1:]), strict=True)) for row in rows]
    until = moment(more) if more is not None else min(end, timezone.now())
    pause = max(STALE_INTERVALS * point.interval_s, 2 * (step_s or 0), *(2 * ms / 1000 for _, _, ms in coarse))
    return {
        "items": items,
        "gaps": gaps([item["ts"] for item in items], until, pause),
        "next": moment(more) if more is not None else None,
        "coarse": [{"start": moment(low), "end": moment(high), "step": ms / 1000} for low, high, ms in coarse],
    }


def gaps(times: Iterable[datetime], until: datetime, pause_s: float) -> list[dict[str, datetime]]:
    """Spans longer than `pause_s` without a reading, between readings and after the last one."""
    found, last = [], None
    for at in [*times, until]:
        if last is not None and (at - last).total_seconds() > pause_s:
            found.append({"start": last, "end": at})
        last = at
    return found


def moment(ms: int) -> datetime:
    """UTC milliseconds as an aware time."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
