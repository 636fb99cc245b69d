"""Every rule of a pack, or of a site, backtested as it is in force: one row a rule.

Rules are taken in order of number, as many as one go takes by number and by time; what comes after, and what cannot be
backtested at all, is counted, and the next go begins there. Thresholds are not moved here: that is each rule's own
page. Nothing live is touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, Unavailable
from shoutu.county.sites import backtesting, packs, selectors
from shoutu.county.sites.backtesting import BEFORE, LONGEST, Given
from shoutu.county.sites.models import Rule
from shoutu.county.sites.selectors import moment
from shoutu.engine.params import RISKS

MOST_RULES = 40
MOST_S = 20.0
"""No further rule is begun after so long; the one begun is ended."""
EventsOf = Callable[[Rule], Given | None]


class Of(NamedTuple):
    """Which rules: of a pack (its name), of a site, or of both; ``after``: the number of the last one already told."""

    pack: str = ""
    site: int | None = None
    after: int = 0


class Chosen(NamedTuple):
    """Rules that can be backtested, in order of number; and why the others of the pack or site cannot, counted.

    ``off``: switched off; ``together``: of several points; ``device``: of the device and not of danger.
    """

    rules: QuerySet[Rule]
    left: dict[str, int]


def chosen(actor: Actor, of: Of) -> Chosen:
    """Raises Invalid("pack") where nothing is chosen or there is no such pack, NotFound("site")."""
    if not of.pack and of.site is None:
        raise Invalid("pack", _("规则包或场所，至少选一个"))
    site = None if of.site is None else selectors.get_site(actor, of.site).pk
    rows = selectors.rules_for(actor, site=site).prefetch_related(None)
    if of.pack:
        packs.load(of.pack)
        rows = rows.filter(origin__startswith=f"{of.pack}/")
    on = rows.filter(enabled=True)
    alone = on.filter(point__isnull=False)
    danger = alone.filter(kind__in=RISKS)
    left = {
        "off": rows.filter(enabled=False).count(),
        "together": on.filter(point__isnull=True).count(),
        "device": alone.exclude(kind__in=RISKS).count(),
    }
    return Chosen(danger.order_by("pk"), left)


def each(
    actor: Actor, rules: Iterable[Rule], start: datetime, end: datetime, events_of: EventsOf, before: timedelta = BEFORE
) -> Iterator[dict[str, Any]]:
    """One row a rule: ``{"rule", "told"}``, or ``{"rule", "why"}`` where the pipeline cannot reckon this one.

    Raises Unavailable.
    """
    for rule in rules:
        try:
            told = backtesting.backtest(actor, rule, start, end, events_of(rule), before, swept=False)
        except Invalid as error:
            yield {"rule": rule, "why": error.detail}
        else:
            yield {"rule": rule, "told": told}


def shown(actor: Actor, of: Of, asked: backtesting.Asked) -> dict[str, Any]:
    """For the face. Raises Invalid, NotFound, Unavailable.

    Events by hand are of one site: elsewhere nothing happened, and a warning there would be called true by them.
    """
    if asked.events is not None and of.site is None:
        raise Invalid("events", _("先选一个场所；不选场所时，按各测点核实为真的预警算"))
    if asked.end - asked.start > LONGEST:
        raise Invalid("start", _("一次最多回测 %(days)s 天") % {"days": LONGEST.days})
    if asked.start >= asked.end:
        raise Invalid("start", _("早于结束时间"))
    picked = chosen(actor, of)
    waiting = picked.rules.filter(pk__gt=of.after)
    going_on = waiting.count()
    rows: list[dict[str, Any]] = []
    begun = time.monotonic()
    going = each(actor, waiting[:MOST_RULES], asked.start, asked.end, lambda _rule: asked.events, asked.before)
    while not rows or time.monotonic() - begun < MOST_S:
        try:
            row = next(going, None)
        except Unavailable:
            if not rows:
                raise
            break  # what was reckoned is told; the rest can be asked for again
        if row is None:
            break
        rows.append(_row(row))
    later = going_on - len(rows)
    return {
        "title": packs.title(of.pack) if of.pack else "",
        "site": None if of.site is None else _site(actor, of.site),
        "start": asked.start,
        "end": asked.end,
        "before_h": asked.before.total_seconds() / 3600,
        "of_warnings": asked.events is None,
        "items": rows,
        "count": picked.rules.count(),
        "left": {**picked.left, "later": later},
        "next": rows[-1]["id"] if later and rows else None,
    }


def _site(actor: Actor, id: int) -> dict[str, Any]:
    site = selectors.get_site(actor, id)
    return {"id": site.pk, "name": site.name}


def _row(found: dict[str, Any]) -> dict[str, Any]:
    rule: Rule = found["rule"]
    assert rule.point is not None
    told = found.get("told")
    about = {
        "id": rule.pk,
        "title": rule.title,
        "kind": rule.kind,
        "point": {"id": rule.point.pk, "name": rule.point.name},
        "site": {"id": rule.site_id, "name": rule.site.name},
        "why": found.get("why"),
    }
    if told is None:
        return {**about, "readings": 0, "until": None, "events": 0, "unread": 0, "levels": []}
    return {
        **about,
        "readings": told["n"],
        "until": None if told["next"] is None else moment(told["next"]),
        "events": len(told["events"]),
        "unread": told["read"].count(False),
        "levels": levels(told),
    }


def levels(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Of an answer of ``backtesting.backtest``: the highest level first, of each how many events it was held for."""
    names = ("tried", "missed", "median_lead", "false", "false_per_month", "false_hours_per_month")
    at = told["now"]["at"]
    return [{"level": level, **{name: at[str(level)][name] for name in names}} for level in reversed(told["levels"])]
