"""One signal taken in: which warning it belongs to, what level that now stands at, whether people must be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site
from shoutu.county.sites.items import item_title
from shoutu.county.sites.models import Point, Rule, RuleVersion, Signal
from shoutu.county.warnings import policies, words
from shoutu.county.warnings.course import Move, current_level, move
from shoutu.county.warnings.models import DayNumber, Event, Member, Warning
from shoutu.county.warnings.services.course_of import ENGINE, call_anew, call_people, note_below, settle_stage
from shoutu.county.warnings.services.unknown import refresh_unknown

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
        """One open warning per site, item and category; a whole source counts as an item of its own."""
        source = f":{self.body.get('source') or 0}" if self.point is None else ""
        site = self.site.pk if self.site else 0
        return f"{site}:{self.category}:{self.item}{source}"

    @property
    def past(self) -> bool:
        """Whether it tells of the past alone: a late exceedance, or a rule switched off since, whose fall nobody tells.

        People are called, but no present level is claimed.
        """
        return self.body["type"] == LATE or (self.rule is not None and not self.rule.enabled)

    @property
    def unit(self) -> str:
        return self.point.unit if self.point else ""

    @property
    def named(self) -> dict[str, Any]:
        """How the rule's pack words it; for a rule made by hand the point's own words."""
        title = self.point.item_title if self.point else item_title(self.item)
        return {"title": title, "unit": self.unit, **(self.rule.words if self.rule else {})}

    @property
    def name(self) -> str:
        """What is measured, in words; for a device fault the device."""
        if self.point is None:
            return item_title(self.item)
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


def apply(row: Signal) -> None:
    """Take one signal in. The same signal never comes twice: the inbox and `Event.signal` are unique."""
    told = read(row)
    warning = Warning.objects.select_for_update(of=("self",)).filter(key=told.key, closed_at__isnull=True).first()
    if warning is not None:
        _go_on(warning, told)
    elif int(told.body["to"]) > 0:
        _open(told)
    # A recovery without an open warning has nothing to close; the signal itself stays in the inbox.


@service
def _open(told: Told) -> None:
    level, now = int(told.body["to"]), timezone.now()
    late = told.body["type"] == LATE
    warning = Warning(
        number=_number(now),
        key=told.key,
        site=told.site,
        category=told.category,
        item=told.item,
        item_title=told.point.item_title if told.point else item_title(told.item),
        level=level,
        peak_level=level,
        current_level=0 if told.past else level,
        below_since=now if told.past else None,
        started_at=told.at,
        opened_at=now,
        last_signal_at=told.at,
        late=late,
        backfill="backfill" in told.body.get("flags", ()),
    )
    _speak(warning, told)
    warning.save()
    _member(warning, told)
    _event(warning, told)
    record(ENGINE, "warning.opened", ref(warning), {**_facts(told), "number": warning.number, "title": warning.title})
    refresh_unknown(warning)
    call_people(ENGINE, warning)
    settle_stage(warning)


@service
def _go_on(warning: Warning, told: Told) -> None:
    before = warning.current_level
    if Event.objects.filter(signal=told.row).exists():
        return unchanged()
    fresh = _member(warning, told)
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
    )
    warning.current_level = after
    warning.peak_level = max(warning.peak_level, reached)
    warning.count += 1
    warning.last_signal_at = max(warning.last_signal_at, told.at)
    warning.ended_at = told.at if after == 0 else None
    if int(told.body["to"]) > 0 and (reached > before or int(told.body["to"]) >= warning.level):
        _speak(warning, told)
    if step != Move.NONE:
        call_anew(ENGINE, warning, reached)
        record(ENGINE, "warning.called_anew", ref(warning), {"level": reached, "because": step.value})
    note_below(warning)
    refresh_unknown(warning)
    settle_stage(warning)
    return None


def _speak(warning: Warning, told: Told) -> None:
    """Let this signal say what happened and why."""
    side = words.direction(told.params, told.body)
    warning.point, warning.rule, warning.rule_version = told.point, told.rule, told.body.get("rule_version")
    warning.value, warning.threshold, warning.direction = told.body.get("value"), told.body.get("threshold"), side
    warning.title = words.title(told.body, told.name, told.unit, side)[:200]
    warning.sentence = words.sentence(told.body, told.named)[:400]
    warning.verified_source = told.rule.verified if told.rule else True


def _member(warning: Warning, told: Told) -> bool:
    """Note the level this rule now stands at. False when a later signal of it was taken in before: then nothing is.

    What tells of the past moves no member.
    """
    body = told.body
    order = (int(body.get("shard") or 0), int(body.get("seq") or 0), int(body.get("ordinal") or 0))
    member = warning.members.filter(
        rule_id=body.get("rule") or 0, point_id=body.get("point") or 0, kind=body["kind"]
    ).first()
    if member is None:
        member = Member(
            warning=warning,
            rule_id=body.get("rule") or 0,
            point_id=body.get("point") or 0,
            kind=body["kind"],
            source_id=body.get("source") or (told.point.source_id if told.point else 0),
            level=0,
        )
    elif told.past or (member.shard == order[0] and (member.seq, member.ordinal) > order[1:]):
        return False
    member.shard, member.seq, member.ordinal = order
    member.level = 0 if told.past else int(body["to"])
    member.value, member.threshold, member.at = body.get("value"), body.get("threshold"), told.at
    member.save()
    return True


def _event(warning: Warning, told: Told) -> None:
    body = told.body
    Event.objects.create(
        warning=warning,
        signal=told.row,
        at=told.at,
        level_from=body["from"],
        level_to=body["to"],
        value=body.get("value"),
        point_id=body.get("point") or 0,
        flags=list(body.get("flags", ())),
    )


def _facts(told: Told) -> dict[str, Any]:
    names = ("id", "kind", "type", "from", "to", "value", "threshold", "rule", "rule_version", "point", "flags")
    return {**{name: told.body.get(name) for name in names}, "event_at": told.at}


def _number(now: datetime) -> str:
    """The next number of the county's day. The row lock makes two openings at once get two numbers."""
    day = timezone.localtime(now).date()
    DayNumber.objects.get_or_create(day=day)
    row = DayNumber.objects.select_for_update().get(day=day)
    row.last += 1
    row.save(update_fields=["last"])
    return f"W-{day:%Y%m%d}-{row.last:04d}"
