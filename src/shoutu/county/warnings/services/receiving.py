"""One signal taken in: which warning it belongs to, what level that now stands at, whether people must be called."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.items import item_title
from shoutu.county.sites.models import Point, Rule, RuleVersion, Signal
from shoutu.county.warnings import policies, words
from shoutu.county.warnings.course import Move, Place, current_level, later, move
from shoutu.county.warnings.models import DayNumber, Event, Heard, Member, Result, Warning
from shoutu.county.warnings.services import circumstance
from shoutu.county.warnings.services.course_of import (
    ENGINE,
    call_anew,
    call_people,
    note_below,
    note_mended,
    settle_stage,
)
from shoutu.county.warnings.services.grouping import gather
from shoutu.county.warnings.services.silencing import let_go_uncovered
from shoutu.county.warnings.services.unknown import refresh_unknown
from shoutu.county.warnings.services.withholding import mark_over, withhold

log = logging.getLogger(__name__)
LATE = "late_exceedance"


@dataclass(frozen=True)
class Told:
    """A signal with what the county knows about its point and rule."""

    row: Signal
    body: Mapping[str, Any]
    point: Point | None
    rule: Rule | None
    params: Mapping[str, Any]
    site: Site | None
    category: str
    item: str
    at: datetime

    @property
    def key(self) -> str:
        """One open warning per site, item and category; a whole source counts as an item of its own.

        A composite speaks for its item like any of the item's points.
        """
        source = f":{self.body.get('source') or 0}" if self.point is None and not self.together else ""
        site = self.site.pk if self.site else 0
        return f"{site}:{self.category}:{self.item}{source}"

    @property
    def together(self) -> bool:
        """Whether it is of a composite: several members of the site taken together."""
        return bool(self.body["kind"] == "composite")

    @property
    def measured(self) -> dict[str, Any]:
        """What was measured against which limit: a sum against its own; a composite counts, and measures nothing."""
        if self.together:
            return {"value": None, "threshold": None}
        if self.body.get("kind") == "anomaly":  # held against its levels is how rare it is, which is no value
            return {"value": self.body.get("value"), "threshold": None}
        what = "aux" if self.body.get("kind") in ("accumulation", "quota") else "value"
        return {"value": self.body.get(what), "threshold": self.body.get("threshold")}

    @property
    def title(self) -> str:
        """The item's name; of a composite made by a pack what the pack calls what it judges."""
        if self.point is not None:
            return str(self.point.item_title)
        if self.together and self.item != "composite" and self.rule and self.rule.words.get("title"):
            return str(self.rule.words["title"].get("zh") or item_title(self.item))
        return item_title(self.item)

    @property
    def past(self) -> bool:
        """Whether it tells of the past alone: a late exceedance, or a rule switched off since, whose fall nobody tells.

        People are called, but no present level is claimed. (So it is with a signal a later one has overtaken, which
        leaves its rule at the level the later one told.)
        """
        return self.body["type"] == LATE or (self.rule is not None and not self.rule.enabled)

    @property
    def place(self) -> Place:
        shard, seq, ordinal = (int(self.body.get(name) or 0) for name in ("shard", "seq", "ordinal"))
        received = int(self.body.get("received_ts") or 0) or round(self.row.received_at.timestamp() * 1000)
        return Place(shard, seq, ordinal, received)

    @property
    def unit(self) -> str:
        """In what its value and limit are told: a sum of a rate per hour has lost the hour."""
        own = self.point.unit if self.point else ""
        return str(self.rule.words.get("unit", own)) if self.rule else own

    @property
    def decimals(self) -> int:
        """How many decimals the indicator is written with, as its pack says."""
        return words.decimals_of(self.rule.words if self.rule else {})

    @property
    def named(self) -> dict[str, Any]:
        """How the rule's pack words it; for a rule made by hand the point's own words."""
        return {"title": self.title, "unit": self.unit, **(self.rule.words if self.rule else {})}

    @property
    def name(self) -> str:
        """What is measured, in words; for a device fault the device."""
        if self.point is None:
            return self.title
        if self.category == "fault":
            return f"{self.point.name} "
        return self.point.item_title or item_title(self.item)


def read(row: Signal) -> Told:
    """A signal's body with its point, rule and site. Raises KeyError, ValueError for one that cannot be read."""
    body = row.body
    point = Point.objects.select_related("site").filter(pk=body["point"]).first() if body.get("point") else None
    rule = Rule.objects.filter(pk=body["rule"]).first() if body.get("rule") else None
    version = RuleVersion.objects.filter(rule=rule, number=body.get("rule_version") or 0).first() if rule else None
    site = point.site if point else Site.objects.filter(pk=body.get("site") or 0).first()
    if not 0 <= int(body["to"]) <= 4:
        raise ValueError(f"level {body['to']!r}: expected 0 to 4")
    kind = str(body["kind"])
    item = point.item if point else str(body.get("item") or ("source_clock" if kind == "clock" else kind))
    return Told(
        row=row,
        body=body,
        point=point,
        rule=rule,
        params=version.params if version else {},
        site=site,
        category="risk" if body["category"] == "risk" else "fault",
        item=item,
        at=datetime.fromtimestamp(body["event_ts"] / 1000, UTC),
    )


def sites_of(rows: Iterable[Signal]) -> dict[int, set[int]]:
    """The sites each of these signals speaks of, by its id, as far as can be told without judging what it says.

    One of a form that makes no sense speaks of none here: it fails when it is taken in, alone.
    """
    bodies = {row.pk: row.body for row in rows if isinstance(row.body, Mapping)}

    def told(body: Mapping[str, Any], name: str) -> set[int]:
        return {one} if isinstance(one := body.get(name), int) and 0 < one < 2**63 else set()

    points = {one for body in bodies.values() for one in told(body, "point")}
    site_of = dict(Point.objects.filter(pk__in=points).values_list("pk", "site_id"))
    return {
        pk: told(body, "site") | {site_of[one] for one in told(body, "point") if one in site_of}
        for pk, body in bodies.items()
    }


def apply(row: Signal) -> None:
    """Take one signal in. The same signal never comes twice: the inbox and `Event.signal` are unique.

    Taken in late, after a later signal of the same rule at the same point, it still calls people if nobody was called
    for what it tells, but its rule stands where the later one put it.
    """
    told = read(row)
    lock_sites([told.site.pk if told.site else None])
    mark = mark_over(told, told.body["type"] == LATE)
    if mark is not None:
        # It is not heard yet either: at the end of the mark its rule's newest is taken in as if it came then.
        withhold(mark, told, _facts(told))
        return
    overtaken = _hear(told)
    if overtaken is not None and _cleaned_out(told):
        log.warning("signal %s came again long after it was taken in and cleaned out", row.uid)
        return
    warning = (
        Warning.objects.select_for_update(of=("self",), no_key=True)
        .filter(key=told.key, closed_at__isnull=True)
        .first()
    )
    if warning is not None:
        _go_on(warning, told, overtaken)
    elif int(told.body["to"]) > 0:
        told_before = _called_before(told) if overtaken is not None else None
        if told_before is not None:
            _add(told_before, told)
        else:
            _open(told, overtaken)
    # A recovery without an open warning has nothing to close; the signal itself stays in the inbox.


def _hear(told: Told) -> Heard | None:
    """Note this signal as the newest of its rule at its point. Where a later one was heard before, that one."""
    body, here = told.body, told.place
    whole = not body.get("point")
    key = {
        "rule_id": body.get("rule") or 0,
        "point_id": body.get("point") or 0,
        "kind": body["kind"],
        "source_id": int(body.get("source") or 0) if whole else 0,
        "site_id": int(body.get("site") or 0) if whole else 0,
    }
    heard = Heard.objects.select_for_update(no_key=True).filter(**key).first()
    if heard is not None and not later(here, heard.place):
        return heard
    if body["type"] == LATE:
        return None
    newest = heard or Heard(**key)
    newest.shard, newest.seq, newest.ordinal, newest.received = here.shard, here.seq, here.ordinal, here.received
    newest.level = 0 if told.past else int(body["to"])
    newest.save()
    return None


def _called_before(told: Told) -> Warning | None:
    """The closed warning this overtaken signal belongs to: people were called for the very rise it began.

    So it is when the next thing told of its rule and point started from the level it tells.
    """
    body = told.body
    events = Event.objects.filter(warning__key=told.key, point_id=body.get("point") or 0, at__gte=told.at)
    for event in events.select_related("warning", "signal").order_by("at", "id")[:50]:
        said = event.signal.body if event.signal else {}
        if said.get("rule") == body.get("rule") and said.get("kind") == body["kind"]:
            begun = event.level_from == int(body["to"]) and event.warning.peak_level >= int(body["to"])
            return event.warning if begun else None
    return None


@service
def _add(warning: Warning, told: Told) -> None:
    """Complete the course of a closed warning by a signal that was taken in too late to matter."""
    _event(warning, told)
    warning.count += 1
    warning.started_at = min(warning.started_at, told.at)
    warning.save(update_fields=["count", "started_at"])
    facts = {**_facts(told), "before": warning.current_level, "after": warning.current_level}
    record(ENGINE, "warning.level", ref(warning), facts)


def _cleaned_out(told: Told) -> bool:
    """Whether it is so old that its row may have been taken in and cleaned out: it came again, nothing new."""
    age_ms = told.row.received_at.timestamp() * 1000 - told.place.received
    return age_ms > settings.CONFIG.signal_keep_days * 86_400_000


@service
def _open(told: Told, overtaken: Heard | None) -> None:
    level, now = int(told.body["to"]), timezone.now()
    late = told.body["type"] == LATE
    stands = _stands(told, overtaken)
    warning = Warning(
        number=_number(now),
        key=told.key,
        site=told.site,
        category=told.category,
        item=told.item,
        item_title=told.title[:60],
        level=level,
        peak_level=level,
        current_level=stands,
        below_since=now if stands < level else None,
        ended_at=told.at if overtaken is not None and stands == 0 else None,
        started_at=told.at,
        opened_at=now,
        last_signal_at=told.at,
        late=late,
        backfill="backfill" in told.body.get("flags", ()),
    )
    _speak(warning, told, level)
    warning.save()
    _member(warning, told, overtaken, None)
    _event(warning, told)
    record(ENGINE, "warning.opened", ref(warning), {**_facts(told), "number": warning.number, "title": warning.title})
    refresh_unknown(warning)
    call_people(ENGINE, warning)
    gather(warning)
    settle_stage(warning)


def _stands(told: Told, overtaken: Heard | None) -> int:
    """The level its rule stands at now."""
    if told.past:
        return 0
    return overtaken.level if overtaken is not None else int(told.body["to"])


@service
def _go_on(warning: Warning, told: Told, overtaken: Heard | None) -> None:
    before = warning.current_level
    if Event.objects.filter(signal=told.row).exists():
        return unchanged()
    member = _member_of(warning, told)
    risen = _risen(member, told) if overtaken is None else 0
    dismissed = risen > 0 and _dismissed(warning, told, risen)
    fresh = _member(warning, told, overtaken, member)
    after = current_level(warning.members.values_list("level", flat=True))
    reached = max(after, int(told.body["to"])) if told.past or not fresh else after
    _event(warning, told)
    record(ENGINE, "warning.level", ref(warning), {**_facts(told), "before": before, "after": after})
    step = move(
        before=before,
        after=reached,
        called_level=warning.level,
        below_since=warning.below_since,
        at=timezone.now(),
        recall_after=policies.in_force().recall_after,
        risen=risen,
        dismissed=dismissed,
    )
    warning.current_level = after
    warning.peak_level = max(warning.peak_level, reached)
    warning.count += 1
    warning.last_signal_at = max(warning.last_signal_at, told.at)
    warning.ended_at = told.at if after == 0 else None
    # What others stand at that were found false, or hide this one, is not what people are called for.
    calls_for = risen if step == Move.ANOTHER or reached <= before else reached
    calls = step != Move.NONE
    if int(told.body["to"]) > 0 and (calls or reached > before or int(told.body["to"]) >= warning.level):
        _speak(warning, told, calls_for if calls else None)
    if calls:
        call_anew(ENGINE, warning, calls_for)
        record(ENGINE, "warning.called_anew", ref(warning), {"level": calls_for, "because": step.value})
    else:
        # A point nobody silenced may have joined: then what was held back is called now.
        let_go_uncovered(warning)
    note_below(warning)
    note_mended(warning)
    refresh_unknown(warning)
    settle_stage(warning)
    return None


def _risen(member: Member | None, told: Told) -> int:
    """The level this signal lifts its rule's member to; 0 where that stood as high already."""
    to = int(told.body["to"])
    return to if to > (member.level if member is not None else 0) else 0


def _dismissed(warning: Warning, told: Told, risen: int) -> bool:
    """Whether people found this warning false, or a device's fault, without having seen this member so high.

    One that stood there moments ago only flaps.
    """
    if warning.result not in (Result.FALSE_ALARM, Result.DEVICE_FAULT):
        return False
    since = told.at - policies.in_force().recall_after
    fell = warning.events.filter(point_id=told.body.get("point") or 0, level_from__gte=risen, at__gte=since)
    rule = told.body.get("rule") or 0
    return not any(one.signal and (one.signal.body.get("rule") or 0) == rule for one in fell.select_related("signal"))


def _speak(warning: Warning, told: Told, calls_for: int | None) -> None:
    """Let this signal say what happened and why; `calls_for`: the level it calls people for, None where it does not."""
    side = words.direction(told.params, told.body)
    warning.rule, warning.rule_version = told.rule, told.body.get("rule_version")
    if not told.together:  # a composite leaves the curve of the point that spoke before
        warning.point = told.point
    warning.value, warning.threshold, warning.direction = told.measured["value"], told.measured["threshold"], side
    warning.title = words.title(told.body, told.name, told.unit, side, told.decimals)[:200]
    warning.sentence = words.sentence(told.body, told.named)[:400]
    circumstance.note(warning, told, calls_for)
    warning.verified_source = told.rule.verified if told.rule else True


def _member(warning: Warning, told: Told, overtaken: Heard | None, member: Member | None) -> bool:
    """Note the level this rule now stands at. False when a later signal of it was taken in before: then nothing is.

    What tells of the past moves no member.
    """
    body, place = told.body, overtaken.place if overtaken is not None else told.place
    if member is None:
        member = Member(
            warning=warning,
            rule_id=body.get("rule") or 0,
            point_id=body.get("point") or 0,
            kind=body["kind"],
            source_id=body.get("source") or (told.point.source_id if told.point else 0),
            level=0,
        )
    elif told.past or overtaken is not None:
        return False
    member.shard, member.seq, member.ordinal = place.shard, place.seq, place.ordinal
    member.level = _stands(told, overtaken)
    member.value, member.threshold, member.at = told.measured["value"], told.measured["threshold"], told.at
    member.save()
    return overtaken is None


def _member_of(warning: Warning, told: Told) -> Member | None:
    body = told.body
    rule, point = body.get("rule") or 0, body.get("point") or 0
    found: Member | None = warning.members.filter(rule_id=rule, point_id=point, kind=body["kind"]).first()
    return found


def _event(warning: Warning, told: Told) -> None:
    body = told.body
    Event.objects.create(
        warning=warning,
        signal=told.row,
        at=told.at,
        level_from=body["from"],
        level_to=body["to"],
        value=told.measured["value"],
        point_id=body.get("point") or 0,
        flags=list(body.get("flags", ())),
    )


def _facts(told: Told) -> dict[str, Any]:
    names = ("id", "kind", "type", "from", "to", "value", "threshold", "rule", "rule_version", "point", "flags")
    members = {"members": told.body.get("members", [])} if told.together else {}
    unit = {"unit": told.unit} if told.point is not None else {}
    return {**{name: told.body.get(name) for name in names}, **unit, **members, "event_at": told.at}


def _number(now: datetime) -> str:
    """The next number of the county's day. The row lock makes two openings at once get two numbers."""
    day = timezone.localtime(now).date()
    DayNumber.objects.get_or_create(day=day)
    row = DayNumber.objects.select_for_update(no_key=True).get(day=day)
    row.last += 1
    row.save(update_fields=["last"])
    return f"W-{day:%Y%m%d}-{row.last:04d}"
