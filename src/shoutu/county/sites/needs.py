"""应装与在报: what the standards require at a site against what is installed there and reports. A selector.

*Installed* is a registered point (or what another room counts, or the dossier declares). *Heard* is one that has sent
a reading ever; *reporting* one whose readings can be used now. A requirement is met by what was heard: a sensor that
exists on paper watches nothing. One that was heard and is silent now is a device fault, which has its own duty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from shoutu.county.duties.models import OPEN, Duty, Finding
from shoutu.county.duties.selectors import work_of
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import among
from shoutu.county.places.models import Site
from shoutu.county.sites import hooks, packs
from shoutu.county.sites.models import Binding, Point

GAP = "site.gap"
NEED = "need:"
CONNECTING = timedelta(hours=24)
"""How long a new point may take until its first reading before it counts as not there."""


@dataclass(frozen=True)
class There:
    """How much of each item is installed at a site, was ever heard, and reports now."""

    installed: Mapping[str, int]
    heard: Mapping[str, int]
    reporting: Mapping[str, int]


def there_at(
    site: int,
    points: Iterable[Point],
    asked: Collection[str] = (),
    blind: Collection[int] = (),
    now: datetime | None = None,
) -> There:
    """What of each item is there. `asked`: items a gap stands open for, which only a reading closes."""
    now = now or timezone.now()
    installed, heard, reporting = Counter[str](), Counter[str](), Counter[str]()
    for point in points:
        installed[point.item] += 1
        if not silent_ever(point, now, point.item in asked):
            heard[point.item] += 1
            reporting[point.item] += point.pk not in blind
    for item, more in hooks.items(site).items():
        for counts in (installed, heard, reporting):
            counts[item] += more
    return There(installed, heard, reporting)


def silent_ever(point: Point, now: datetime, asked: bool = False) -> bool:
    """Whether a point has never sent a reading, and had the time to."""
    if point.heard_at is not None:
        return False
    if asked:
        return True
    since = max(filter(None, (point.added_at, point.unheard_since)), default=None)
    return point.unheard_since is not None and since is not None and now - since > CONNECTING


def asked_items(open_: Iterable[Mapping[str, Any]]) -> set[str]:
    """The items for which a gap stands open, by the details of the findings."""
    return {item for detail in open_ for item in detail.get("items", ())}


def rows_of(pack: Any, design: Mapping[str, Any], there: There) -> list[dict[str, Any]]:
    """What one pack requires at a site with these design values, each against what is there.

    `state`: missing (not installed), unheard (installed, has never reported), silent (none or too few report now),
    unknown (hangs on a design value nobody entered), met. `reporting` is null for what is only declared.
    """
    from shoutu.engine.packs import unmet, value_of

    found = unmet(pack, dict(design), dict(there.heard))
    lacking = {want.id for want, _there in found.lacking}
    rows = []
    for want in pack.required:
        counts = [sum(kind.get(item, 0) for item in want.indicators) for kind in (there.installed, there.heard)]
        reporting = sum(there.reporting.get(item, 0) for item in want.indicators) if want.indicators else None
        if want.declared:
            told = int(value_of(pack, want.declared, dict(design)) or 0)
            counts = [one + told for one in counts]
            reporting = None if reporting is None else reporting + told
        installed, heard = counts
        if any(want.title.zh in titles for titles in found.undecided.values()):
            state = "unknown"
        elif want.id in lacking:
            state = "missing" if installed < want.count else "unheard"
        elif heard < want.count:
            continue  # not required at this site
        else:
            state = "silent" if reporting is not None and reporting < want.count else "met"
        rows.append(
            {
                "id": want.id, "title": want.title.zh, "count": want.count, "cite": want.cite,
                "verified": want.verified, "there": installed, "reporting": reporting, "state": state,
            }
        )  # fmt: skip
    return rows


def sites_for(
    actor: Actor,
    *,
    q: str = "",
    kind: str = "",
    organisation: int | None = None,
    lacking: bool | None = None,
) -> QuerySet[Site]:
    """Sites in sight of a kind of which something is required, whether or not its pack was taken up yet.

    Each with `lacks`: 1 where something required is lacking, or no pack that says so was taken up.
    """
    gap = Finding.objects.filter(
        about_type="site", about_id=OuterRef("pk"), kind=GAP, key__startswith=NEED, cleared_at__isnull=True
    )
    asking = demanding()
    bound = Exists(Binding.objects.filter(site=OuterRef("pk"), pack__in=asking))
    kinds = {one for pack in asking.values() for one in pack.sites}
    wanting = Exists(gap) | ~bound
    rows = Site.objects.visible_to(actor).select_related("organisation", "territory")
    rows = rows.filter(Q(kind__in=kinds) | bound)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q))
    if kind:
        rows = rows.filter(kind=kind)
    if organisation is not None:
        rows = rows.filter(organisation_id=organisation)
    if lacking is not None:
        rows = rows.filter(wanting if lacking else ~wanting)
    return rows.annotate(lacks=Case(When(wanting, then=Value(1)), default=Value(0)))  # type: ignore[no-any-return]


def demanding() -> dict[str, Any]:
    """The packs that require something to be monitored: name → pack. One that cannot be read is passed by here."""
    found = {}
    for name in packs.names():
        try:
            pack = packs.load(name)
        except Invalid:
            continue
        if pack.required:
            found[name] = pack
    return found


def of_sites(actor: Actor, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """Each site with its requirements and the duty about what it lacks. A fixed number of queries."""
    ids = {site.pk for site in sites}
    points: dict[int, list[Point]] = defaultdict(list)
    for point in Point.objects.filter(site__in=ids).order_by("id"):
        points[point.site_id].append(point)
    blind = set(Point.objects.filter(hooks.blind(), site__in=ids).values_list("pk", flat=True))
    bound: dict[int, list[str]] = defaultdict(list)
    for site, pack in Binding.objects.filter(site__in=ids).order_by("id").values_list("site_id", "pack"):
        bound[site].append(pack)
    open_, duties, asking = _open_gaps(ids), duties_of(actor, ids), demanding()
    return [
        {
            "id": site.pk,
            "bound": bool(bound[site.pk]),
            "site": {"id": site.pk, "name": site.name},
            "kind": site.kind,
            "organisation": {"id": site.organisation_id, "name": site.organisation.name},
            "territory": site.territory.name,
            "needs": _needs(site, _asking(asking, site, bound[site.pk]), points[site.pk], open_[site.pk], blind),
            "duty": duties.get(site.pk),
        }
        for site in sites
    ]


def _asking(asking: Mapping[str, Any], site: Site, bound: Sequence[str]) -> dict[str, Any]:
    """The packs that were taken up; of a site without any, those made for its kind."""
    return {name: pack for name, pack in asking.items() if (name in bound if bound else site.kind in pack.sites)}


def _needs(
    site: Site,
    asking: Mapping[str, Any],
    points: Iterable[Point],
    open_: Iterable[Mapping[str, Any]],
    blind: Collection[int],
) -> list[dict[str, Any]]:
    there = there_at(site.pk, points, asked_items(open_), blind)
    design = packs.design_values(site)
    return [
        {**row, "pack": name, "pack_title": pack.title.zh}
        for name, pack in asking.items()
        for row in rows_of(pack, design, there)
    ]


def _open_gaps(sites: Collection[int]) -> dict[int, list[Mapping[str, Any]]]:
    """The details of what each site lacks by its packs' requirements."""
    rows = Finding.objects.filter(among("about_id", sites), about_type="site", kind=GAP, key__startswith=NEED)
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for site, detail in rows.filter(cleared_at__isnull=True).values_list("about_id", "detail"):
        found[site].append(detail)
    return found


def duties_of(actor: Actor, sites: Collection[int]) -> dict[int, dict[str, Any]]:
    """The open duty to supply what each of these sites lacks: whose it is, and until when."""
    rows = Duty.objects.visible_to(actor).filter(among("site_id", sites), kind=GAP, state__in=OPEN)
    return {
        duty.site_id: {"id": duty.pk, "state": duty.state, **work_of(duty)}
        for duty in whole(rows).order_by("id")
        if duty.site_id is not None
    }
