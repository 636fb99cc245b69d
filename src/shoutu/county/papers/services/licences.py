"""Licences entered, corrected, renewed, withdrawn. A renewal is a new row: what held before stays as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import events, findings
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.kit.texts import refuse_unprintable
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.papers.expired import EXPIRED
from shoutu.county.papers.kinds import LicenceKind, kind, kinds
from shoutu.county.papers.models import Licence, State, Withdrawal
from shoutu.county.papers.services.lapsing import lead_site, settle_lapse
from shoutu.county.papers.states import TABLE
from shoutu.county.places.models import Organisation, Site
from shoutu.county.places.services import lock_sites

EARLIEST, LATEST = date(1950, 1, 1), date(2200, 1, 1)
MOST_CAPACITY = 100_000.0
"""10⁴ t a year."""
# Of a person's certificate, and under which name an entry keeps it: what its note says may be about them, too, and
# `note` is what a timeline shows: why something was done.
PERSONAL = {"number": "number", "bearer": "bearer", "note": "remark"}


@dataclass(frozen=True)
class Content:
    """What stands on a licence. `valid_until`: its last day, None without an end; `capacity`: 10⁴ t a year."""

    number: str
    issued_by: str
    valid_from: date
    valid_until: date | None = None
    capacity: float | None = None
    bearer: str = ""
    note: str = ""


def check_content(kind: LicenceKind, told: Content) -> Content:
    """The content without blanks around its words. Raises Invalid naming the field."""
    words = {name: getattr(told, name).strip() for name in ("number", "issued_by", "bearer", "note")}
    for name, most in (("number", 60), ("issued_by", 120), ("bearer", 40), ("note", 400)):
        refuse_unprintable(name, words[name])
        if len(words[name]) > most:
            raise Invalid(name, _("不超过 %(limit)s 个字") % {"limit": most})
    for name in ("number", "issued_by"):
        if not words[name]:
            raise Invalid(name, _("必填"))
    if kind.personal and not words["bearer"]:
        raise Invalid("bearer", _("必填：这种证属于某个人，写持证人姓名"))
    if not kind.personal and words["bearer"]:
        raise Invalid("bearer", _("留空：这种证属于单位，不写持证人"))
    if kind.personal and "*" in words["number"] + words["bearer"]:
        raise Invalid("number", _("完整的证号和姓名，不是隐去了几位的"))
    if not EARLIEST <= told.valid_from <= LATEST:
        raise Invalid("valid_from", _("1950 年至 2200 年的日期"))
    if told.valid_until is not None and not told.valid_from <= told.valid_until <= LATEST:
        raise Invalid("valid_until", _("有效期起日以后的日期；长期有效的留空"))
    if told.capacity is not None:
        if not kind.capacity:
            raise Invalid("capacity", _("留空：这种证不载明生产能力"))
        if not (math.isfinite(told.capacity) and 0 < told.capacity <= MOST_CAPACITY):
            raise Invalid("capacity", _("大于 0、不超过 100000 的数，单位万 t/a"))
    return Content(valid_from=told.valid_from, valid_until=told.valid_until, capacity=told.capacity, **words)


def known_kind(id: str) -> LicenceKind:
    """Raises Invalid for a kind that is not in the list."""
    found = kinds().get(id)
    if found is None:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(one.title for one in kinds().values())})
    return found


def kind_of(row: Licence) -> LicenceKind:
    """The kind of a licence on record; one taken from the list since asks for what the licence has."""
    return kinds().get(row.kind) or kind(row.kind).model_copy(update={"personal": bool(row.bearer), "capacity": True})


def holder(actor: Actor, organisation_id: int, site_id: int | None) -> tuple[Organisation, Site | None]:
    """The enterprise, and the one site of it, the licence is for. Raises Invalid."""
    body = Organisation.objects.visible_to(actor).filter(pk=organisation_id).first()
    if body is None or body.kind != Organisation.Kind.ENTERPRISE:
        raise Invalid("organisation", _("你的范围里的一家企业"))
    if site_id is None:
        return body, None
    site = Site.objects.visible_to(actor).filter(pk=site_id, organisation=body).first()
    if site is None:
        raise Invalid("site", _("“%(name)s”自己的场所；全企业共用的留空") % {"name": body.name})
    return body, site


@service
def enter_licence(actor: Actor, organisation_id: int, kind: str, told: Content, site_id: int | None = None) -> Licence:
    """Put a licence on record. Raises NotAllowed, Invalid, Conflict when one of its number stands already."""
    actor.require("licence.edit")
    found = known_kind(kind)
    content = check_content(found, told)
    body, site = holder(actor, organisation_id, site_id)
    lock_sites([lead_site(body.pk, site.pk if site else None)])
    _only(body.pk, site.pk if site else None, kind, content.number)
    row = Licence.objects.create(
        organisation=body, site=site, kind=kind, entered_at=timezone.now(), **asdict(content)
    )  # fmt: skip
    record(actor, "licence.entered", ref(row), *told_of(row, found))
    changed(row)
    return row


@service
def correct_licence(actor: Actor, licence_id: int, told: Content, reason: str) -> Licence:
    """What was entered wrong, put right, with what stood there before. Raises NotFound, NotAllowed, Invalid, Conflict.

    What has not changed leaves no entry. A new document is a renewal, no correction.
    """
    row, _target = _taken(actor, licence_id, "correct")
    reason = _reason(reason)
    found = kind_of(row)
    content = check_content(found, told)
    before, after = content_of(row), asdict(content)
    differing = [name for name in after if before[name] != after[name]]
    if not differing:
        unchanged()
        return row
    _only(row.organisation_id, row.site_id, row.kind, content.number, row.pk)
    for name in differing:
        setattr(row, name, after[name])
    row.save(update_fields=differing)
    record(actor, "licence.corrected", ref(row), *told_of_correction(row, found, before, reason))
    settle_lapse(row, reason)
    changed(row)
    return row


@service
def renew_licence(actor: Actor, licence_id: int, told: Content) -> Licence:
    """The new document in the place of the old: a row of its own, the old one kept as renewed. Ends what was asked for.

    Raises NotFound, NotAllowed, Conflict, Invalid where the new one does not last longer than the old.
    """
    old, target = _taken(actor, licence_id, "renew")
    found = kind_of(old)
    content = check_content(found, told)
    longer = content.valid_until is None or (old.valid_until is not None and content.valid_until > old.valid_until)
    if not longer:
        raise Invalid("valid_until", _("比原证的截止日期晚；录错了的用更正"))
    old.state, old.ended_at = target, timezone.now()
    old.save(update_fields=["state", "ended_at"])
    _only(old.organisation_id, old.site_id, old.kind, content.number)
    row = Licence.objects.create(
        organisation=old.organisation, site=old.site, kind=old.kind, entered_at=old.ended_at, replaces=old,
        **asdict(content),
    )  # fmt: skip
    facts, personal = told_of(row, found)
    record(actor, "licence.renewed", ref(old), {**facts, "by": row.pk}, personal)
    settle_lapse(old, "", renewed=True)
    changed(old)
    changed(row)
    return row


@service
def withdraw_licence(actor: Actor, licence_id: int, how: str, reason: str) -> Licence:
    """吊销 or 注销. A person's revoked certificate is 注销 once they work there no more: nobody asks for another then.

    Raises NotFound, NotAllowed, Invalid, Conflict.
    """
    row, target = _taken(actor, licence_id, "withdraw")
    ways = Withdrawal.values if row.state == State.VALID else [Withdrawal.CANCELLED.value]
    if how not in ways:
        raise Invalid("how", _("其中之一：%(names)s") % {"names": "、".join(ways)})
    reason = _reason(reason)
    row.state, row.withdrawal, row.ended_at = target, how, timezone.now()
    row.save(update_fields=["state", "withdrawal", "ended_at"])
    facts, personal = with_reason(*told_of(row, kind_of(row)), reason)
    record(actor, "licence.withdrawn", ref(row), {**facts, "how": how}, personal)
    settle_lapse(row, reason)
    changed(row)
    return row


def _taken(actor: Actor, licence_id: int, verb: str) -> tuple[Licence, str]:
    """The row, locked after its site, and the state the verb leads to."""
    seen = Licence.objects.visible_to(actor).filter(pk=licence_id).first()
    if seen is None:
        raise NotFound("licence", licence_id)
    lock_sites([lead_site(seen.organisation_id, seen.site_id)])
    rows = Licence.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "site")
    row = rows.get(pk=licence_id)
    return row, TABLE.step(row.state, verb, actor, row)


def _only(organisation: int, site: int | None, kind: str, number: str, but: int = 0) -> None:
    """Raises Conflict where a licence of this number is in force already."""
    rows = Licence.objects.filter(organisation=organisation, site=site, kind=kind, number=number, state=State.VALID)
    if rows.exclude(pk=but).exists():
        raise Conflict(_("这个证号的证已经录入，还在有效：换了新证的用换证，录错了的用更正"))


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    refuse_unprintable("reason", reason)
    return reason


def content_of(row: Licence) -> dict[str, Any]:
    """What stands on it, by field."""
    return {name: getattr(row, name) for name in Content.__dataclass_fields__}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Days as text."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def told_of(row: Licence, kind: LicenceKind) -> tuple[dict[str, Any], dict[str, str] | None]:
    """What an entry says of a licence, and what of that is personal."""
    facts = plain(content_of(row))
    facts |= {"kind": row.kind, "title": kind.title, "organisation": row.organisation_id, "site": row.site_id}
    if not kind.personal:
        return facts, None
    return (
        {name: value for name, value in facts.items() if name not in PERSONAL},
        {kept: str(facts[name]) for name, kept in PERSONAL.items() if facts[name]},
    )


def with_reason(
    facts: dict[str, Any], personal: dict[str, str] | None, reason: str
) -> tuple[dict[str, Any], dict[str, str] | None]:
    """The same with why it was done: of a person's certificate that is personal, too (somebody left, is ill, died)."""
    if personal is None:
        return {**facts, "reason": reason}, None
    return facts, {**personal, "note": reason}


def told_of_correction(
    row: Licence, kind: LicenceKind, before: Mapping[str, Any], reason: str
) -> tuple[dict[str, Any], dict[str, str] | None]:
    """What an entry says of a corrected licence, with what stood there before, and what of that is personal."""
    facts, personal = with_reason(*told_of(row, kind), reason)
    after = content_of(row)
    differing = [name for name in after if before[name] != after[name]]
    was = plain({name: before[name] for name in differing})
    if personal is not None:
        personal |= {f"before_{kept}": str(was[name]) for name, kept in PERSONAL.items() if was.get(name)}
        was = {name: value for name, value in was.items() if name not in PERSONAL}
    return {**facts, "changed": differing, "before": was}, personal


def changed(row: Licence) -> None:
    """Tell whoever listens, and have its sites looked at for what has expired."""
    events.emit("licence.changed", ref(row), {"state": row.state, "organisation": row.organisation_id})
    sites = (
        [row.site_id]
        if row.site_id
        else Site.objects.filter(organisation=row.organisation_id).values_list("pk", flat=True)
    )
    findings.touch(EXPIRED, *[SubjectRef("site", one) for one in sites])
