"""Licences from a table: a row of a number that stands corrects it, or renews it where it begins later. Service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.sheets.still import fresh, locked, remember
from shoutu.county.kit.sheets.tables import Applied, Line, Stale, once
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services.record import Draft, record_many
from shoutu.county.papers.kinds import kinds
from shoutu.county.papers.models import Licence, State
from shoutu.county.papers.selectors import NEVER
from shoutu.county.papers.services.lapsing import lead_site, settle_lapse
from shoutu.county.papers.services.licences import (
    Content,
    changed,
    check_content,
    content_of,
    kind_of,
    told_of,
    told_of_correction,
    with_reason,
)
from shoutu.county.places.finding import Organisations, Sites
from shoutu.county.places.models import Organisation, Site
from shoutu.county.places.services import lock_sites

BATCH = 500
CONTENT = tuple(Content.__dataclass_fields__)


def plan_licences(actor: Actor, lines: list[Line]) -> None:
    """One of the same enterprise, site, kind and number is the same. What ended is left alone, and not made anew."""
    bodies, places = Organisations(actor), Sites(actor)
    seen = Licence.objects.visible_to(actor).filter(state=State.VALID).select_related("organisation", "site")
    rows: dict[Any, Licence] = {(row.organisation_id, row.site_id, row.kind, row.number): row for row in seen}
    for line in lines:
        body, site = bodies.one(line, "organisation"), places.one(line, "site")
        if body is not None and body.kind != Organisation.Kind.ENTERPRISE:
            line.bad("organisation", _("“%(name)s”不是企业") % {"name": body.name})
        if body is not None and site is not None and site.organisation_id != body.pk:
            line.bad("site", _("“%(site)s”不是“%(body)s”的场所") % {"site": site.name, "body": body.name})
        line.extra |= {"organisation": body, "site": site}
    once(lines, "number", _key, _("同一单位、场所、种类的证号"))
    for line in lines:
        row = rows.get(_key(line) or ())
        told = _content(line, row)
        if told is None or row is None:
            continue
        remember(line, row, ("state", *CONTENT))
        for name in CONTENT:
            if getattr(told, name) != getattr(row, name):
                line.compare(name, getattr(row, name), getattr(told, name))
        line.extra["renews"] = _renews(row, told)
        if line.extra["renews"]:
            line.note("valid_until", _("有效期接在原证之后：按换证登记，原证留作历史"))


def _key(line: Line) -> Any:
    body, site = line.extra["organisation"], line.extra["site"]
    if body is None or not line.get("kind") or not line.get("number") or (line.get("site") and site is None):
        return None
    return body.pk, site.pk if site else None, line.get("kind"), line.get("number")


def _content(line: Line, row: Licence | None) -> Content | None:
    """What the row would say; what is wrong is said on the line."""
    if line.errors or _key(line) is None:
        return None
    if row is None:
        for name in ("issued_by", "valid_from", "valid_until"):
            line.need(name)
        if line.errors:
            return None
    was = content_of(row) if row else {"bearer": "", "note": ""}
    # An empty cell, and a column the file has not, change nothing.
    values = was | {name: line.get(name) for name in CONTENT if line.get(name, None) is not None}
    if values["valid_until"] == NEVER:
        values["valid_until"] = None
    try:
        told = check_content(kinds()[line.get("kind")], Content(**values))
    except Invalid as error:
        line.bad(error.field, _("应为%(expected)s") % {"expected": error.expected})
        return None
    line.extra["content"] = told
    return told


def _renews(row: Licence, told: Content) -> bool:
    """The same number with a later beginning and a later end: a new document, not a mistake put right."""
    later = told.valid_until is None or (row.valid_until is not None and told.valid_until > row.valid_until)
    return later and row.valid_until is not None and told.valid_from > row.valid_from


def apply_licences(actor: Actor, lines: list[Line], reason: str) -> Applied:
    """All of them set-wise. A renewed one ends before its successor is there: one number stands once.

    Each row changed leaves an entry of its own, as if it were done by hand: what stood there, and why.
    """
    now = timezone.now()
    drafts: list[Draft] = []
    _sites_first((line.extra["organisation"], line.extra["site"]) for line in lines if "content" in line.extra)
    ended, corrected, new = [], [], [_new(line, now) for line in fresh(lines)]
    for line, row in locked(Licence.objects.all(), lines):
        if line.extra["renews"]:
            row.state, row.ended_at = State.RENEWED, now
            ended.append(row)
            successor = _new(line, now)
            successor.replaces = row
            new.append(successor)
            continue
        before = content_of(row)
        for name, value in asdict(line.extra["content"]).items():
            setattr(row, name, value)
        corrected.append(row)
        told = told_of_correction(row, kind_of(row), before, reason)
        drafts.append(Draft(actor, "licence.corrected", ref(row), *told))
    Licence.objects.bulk_update(ended, ["state", "ended_at"], batch_size=BATCH)
    Licence.objects.bulk_update(corrected, list(CONTENT), batch_size=BATCH)
    for row in new:
        rows = Licence.objects.filter(organisation=row.organisation_id, site=row.site_id, kind=row.kind)
        if rows.filter(number=row.number, state=State.VALID).exists():
            raise Stale
    made = Licence.objects.bulk_create(new, batch_size=BATCH)
    for row in made:
        if row.replaces is not None:
            facts, personal = with_reason(*told_of(row, kind_of(row)), reason)
            drafts.append(Draft(actor, "licence.renewed", ref(row.replaces), {**facts, "by": row.pk}, personal))
    record_many(drafts)
    ids = [row.pk for row in (*made, *ended, *corrected)]
    return Applied({"licence": ids}, [("licence", one) for one in ids])


def _sites_first(holders: Iterable[tuple[Organisation, Site | None]]) -> None:
    """The sites before what belongs to them, as everywhere: see docs/decisions/0047."""
    places = {(body.pk, site.pk if site else None) for body, site in holders}
    lock_sites({lead_site(*place) for place in places})


def _new(line: Line, now: Any) -> Licence:
    return Licence(
        organisation=line.extra["organisation"], site=line.extra["site"], kind=line.get("kind"), entered_at=now,
        **asdict(line.extra["content"]),
    )  # fmt: skip


def follow(kind: str, ids: Sequence[int]) -> None:
    """End what was asked for about those that have changed, and tell whoever listens."""
    seen = Licence.objects.filter(pk__in=ids).select_related("organisation", "site")
    _sites_first((row.organisation, row.site) for row in seen)
    rows = Licence.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
    for row in rows.order_by("pk"):
        settle_lapse(row, "", renewed=row.state == State.RENEWED)
        changed(row)
