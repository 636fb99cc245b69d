"""标校、维护: points and sites under agreed calibration or maintenance now, as lists and the map show. Selector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db.models import Q

from shoutu.county.sites import hooks
from shoutu.county.sites.hooks import Care
from shoutu.county.sites.models import Point


def finder() -> Callable[[Point], dict[str, Any] | None]:
    """What a point is under: its own mark, which keeps it from raising anything new, before its site's. One query."""
    own: dict[int, Care] = {}
    whole: dict[int, Care] = {}
    for one in hooks.care():
        if one.point is None:
            whole[one.site] = _longer(whole.get(one.site), one)
        else:
            own[one.point] = _longer(own.get(one.point), one)

    def found(point: Point) -> dict[str, Any] | None:
        one = own.get(point.pk) or whole.get(point.site_id)
        return None if one is None else {name: getattr(one, name) for name in ("id", "kind", "ends_at", "mutes")}

    return found


def of_sites() -> dict[int, dict[str, Any]]:
    """What each site is under as a whole, else in some of its points: the last end, and how many points."""
    found: dict[int, list[Care]] = defaultdict(list)
    for one in hooks.care():
        found[one.site].append(one)
    return {site: _of_site(rows) for site, rows in found.items()}


def points(under: bool) -> Q:
    """The points that are under it now, or those that are not."""
    rows = hooks.care()
    found = Q(pk__in={one.point for one in rows if one.point is not None})
    found |= Q(site_id__in={one.site for one in rows if one.point is None})
    return found if under else ~found


def sites(under: bool) -> Q:
    """The sites that are, or have a point that is; or the others."""
    found = Q(pk__in={one.site for one in hooks.care()})
    return found if under else ~found


def _longer(one: Care | None, other: Care) -> Care:
    """Of two marks that run at once the one that raises nothing, then the one that ends later."""
    return other if one is None or (other.mutes, other.ends_at) > (one.mutes, one.ends_at) else one


def _of_site(rows: list[Care]) -> dict[str, Any]:
    whole = [one for one in rows if one.point is None]
    last = max(whole or rows, key=lambda one: one.ends_at)
    count = 0 if whole else len({one.point for one in rows})
    return {"kind": last.kind, "ends_at": last.ends_at, "points": count}
