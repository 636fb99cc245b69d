"""What may be asked about warnings; every read starts from what the actor may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from shoutu.county.duties import selectors as duty_selectors
from shoutu.county.duties.models import CallState, Duty
from shoutu.county.duties.models import mine as my_calls
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.models import Beat
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.models import Entry
from shoutu.county.sites.models import RuleVersion, Signal
from shoutu.county.sites.operation import with_state
from shoutu.county.warnings import evacuations
from shoutu.county.warnings.models import Evacuation, Evidence, State, Warning
from shoutu.county.warnings.selectors.members import members_of
from shoutu.county.warnings.selectors_silences import mark_of, silent_now
from shoutu.county.warnings.services.cleaning import CLEANED
from shoutu.county.warnings.states import PRIMARY, TABLE

SORTS = {
    "urgency": ["-level", "-opened_at"],
    "started_at": ["started_at"],
    "last_signal_at": ["last_signal_at"],
    "level": ["level", "opened_at"],
    "id": ["id"],
}
BEFORE = 6


def warnings() -> QuerySet[Warning]:
    """Warnings with all a row shows of site, point and rule."""
    rows = Warning.objects.select_related("site__territory", "site__organisation", "point", "rule")
    return with_state(evacuations.with_stops(rows), "site_id")


def warnings_for(
    actor: Actor,
    *,
    state: str = "open",
    level: int | None = None,
    site: int | None = None,
    organisation: int | None = None,
    q: str = "",
    mine: bool = False,
    category: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    result: str = "",
) -> QuerySet[Warning]:
    """`since`, `until`: opened between, both inclusive; `result` unjudged: none yet. Raises Invalid (unknown state)."""
    rows = Warning.objects.visible_to(actor).select_related("site__territory", "site__organisation", "point", "rule")
    if state == "open":
        rows = rows.exclude(state=State.CLOSED)
    elif state != "all":
        if state not in State.values:
            raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(["open", "all", *State.values])})
        rows = rows.filter(state=state)
    if level is not None:
        rows = rows.filter(level=level)
    if site is not None:
        rows = rows.filter(site_id=site)
    if organisation is not None:
        rows = rows.filter(site__organisation_id=organisation)
    if q:
        rows = rows.filter(Q(number__icontains=q) | Q(title__icontains=q) | Q(site__name__icontains=q))
    if category:
        rows = rows.filter(category=category)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    if until is not None:
        rows = rows.filter(opened_at__lte=until)
    if result:
        rows = rows.filter(result__isnull=True) if result == "unjudged" else rows.filter(result=result)
    if mine:
        called = Duty.objects.filter(my_calls(actor, "calls__"), about_type="warning")
        rows = rows.filter(pk__in=called.values("about_id"))
    return with_state(evacuations.with_stops(rows), "site_id")


def get_warning(actor: Actor, id: int) -> Warning:
    """Raises NotFound("warning", id)."""
    return get_visible(warnings(), actor, id, "warning")  # type: ignore[arg-type]


def duties_of(ids: Iterable[int]) -> Mapping[int, list[Duty]]:
    """The duties about each of these warnings, with calls and clocks. Three queries."""
    found: dict[int, list[Duty]] = defaultdict(list)
    for duty in whole(Duty.objects.filter(about_type="warning", about_id__in=list(ids))).order_by("id"):
        found[duty.about_id].append(duty)
    return found


def brief(warning: Warning) -> dict[str, Any]:
    """A warning in one line, for lists on other pages."""
    names = ("number", "level", "started_at", "title", "state", "reason")
    return {"id": warning.pk, **{name: getattr(warning, name) for name in names}, "result": warning.result}


def row(warning: Warning, duties: list[Duty], silent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One warning as a row of the list; `silent`: the silence that holds back its calls now."""
    calls = [call for duty in duties for call in duty_selectors.present(duty)]
    site, point = warning.site, warning.point
    copied = (
        "number", "level", "peak_level", "current_level", "state", "title", "item", "value", "threshold", "direction",
        "sentence", "opened_at", "started_at", "last_signal_at", "ended_at", "count", "result", "reason", "backfill",
        "verified_source", "unknown_now", "category", "episode", "unit",
    )  # fmt: skip
    return {
        "id": warning.pk,
        **{name: getattr(warning, name) for name in copied},
        "site": {
            "id": site.pk if site else 0,
            "name": site.name if site else _("全县"),
            "kind": site.kind if site else "",
            "territory": site.territory.name if site else "",
            "organisation": site.organisation.name if site else "",
            "operating": warning.operating or "producing",  # type: ignore[attr-defined]
        },
        "point": {"id": point.pk, "name": point.name, "address": point.address, "unit": point.unit} if point else None,
        "decimals": warning.rule.words.get("decimals") if warning.rule else None,
        "called": sum(call.state != CallState.NOBODY for call in calls),
        "answered": sum(call.state == CallState.ANSWERED for call in calls),
        "clock": duty_selectors.tightest(duties),
        "stop": evacuations.stop_of(warning),
        "silence": silent,
    }


def detail(actor: Actor, warning: Warning) -> dict[str, Any]:
    """One warning with its rule, its people, its course and what may be done now."""
    duties = duties_of([warning.pk])[warning.pk]
    point = warning.point
    events = list(warning.events.order_by("at", "id"))
    return {
        **row(warning, duties, silent_now([warning.pk]).get(warning.pk)),
        "rule": _rule(warning),
        "thresholds": _thresholds(warning),
        "axis": point.axis if point else "up",
        "events": [
            {"at": event.at, "level_from": event.level_from, "level_to": event.level_to, "value": event.value}
            for event in events
        ],
        "mark": mark_of(events),
        "members": members_of(warning),
        "actions": actions(warning, actor),
        "chain": duty_selectors.chain_rows(duties, actor),
        "close_asked": {"at": warning.close_asked_at, "by": warning.close_asked_by} if warning.close_asked_at else None,
        "evidence": [evidence_row(one) for one in warning.evidence.order_by("-id")],
        "may_add_evidence": actor.may("evidence.add"),
        "evacuation": evacuations.of_warning(actor, warning),
        "before": before(actor, warning),
        "ledger": _leaf(warning),
    }


def actions(warning: Warning, actor: Actor) -> list[dict[str, Any]]:
    """Every verb in order of law, whether allowed now, and if not, why. One is primary: the next act by the state."""
    found = []
    for verb in TABLE.verbs:
        why = TABLE.why_not(warning.state, verb, actor, warning)
        found.append({"verb": verb, "allowed": why is None, "why": why, "primary": False})
    for verb in PRIMARY[warning.state]:
        chosen = next((action for action in found if action["verb"] == verb and action["allowed"]), None)
        if chosen:
            chosen["primary"] = True
            break
    return found


def before(actor: Actor, warning: Warning) -> list[dict[str, Any]]:
    """这里以前: what happened at this site with this item before."""
    rows = Warning.objects.visible_to(actor).filter(site=warning.site, item=warning.item, pk__lt=warning.pk)
    return [brief(one) for one in rows.order_by("-id")[:BEFORE]]


def evidence_row(evidence: Evidence) -> dict[str, Any]:
    """One photograph as it is listed."""
    names = ("sha256", "size", "width", "height", "origin", "taken_at", "seen_at", "note", "at", "by")
    told = {name: getattr(evidence, name) for name in names}
    place = {name: getattr(evidence, name) for name in ("longitude", "latitude", "accuracy_m")}
    told["place"] = place if None not in place.values() else None
    return {"id": evidence.pk, "url": f"/api/v1/evidence/{evidence.pk}/picture", **told}


def sealed(actor: Actor, warning_id: int, sha256: str) -> Evidence | None:
    """The photograph of this hash about this warning, once it is sealed. Raises NotFound without the warning."""
    return get_warning(actor, warning_id).evidence.filter(sha256=sha256).first()


def get_evidence(actor: Actor, id: int) -> Evidence:
    """Raises NotFound("evidence", id)."""
    return get_visible(Evidence.objects.all(), actor, id, "evidence")


def timeline(actor: Actor, id: int) -> list[dict[str, Any]]:
    """What was recorded about a warning and its duties, newest first. Raises NotFound."""
    warning = get_warning(actor, id)
    return duty_selectors.timeline([ref(warning), *course(warning.pk)])


def course(id: int) -> list[SubjectRef]:
    """Under which other names things about a warning are recorded: its calls, and the withdrawals it ordered."""
    duties = Duty.objects.filter(about_type="warning", about_id=id).values_list("pk", flat=True)
    stops = Evacuation.objects.filter(warnings=id).values_list("pk", flat=True)
    return [*(SubjectRef("duty", pk) for pk in duties), *(SubjectRef("evacuation", pk) for pk in stops)]


def of_point(actor: Actor, point_id: int, limit: int = 20) -> list[dict[str, Any]]:
    """The warnings a point took part in, newest first."""
    rows = Warning.objects.visible_to(actor).filter(members__point_id=point_id).distinct()
    return [brief(one) for one in rows.order_by("-id")[:limit]]


def up_during(actor: Actor, point_id: int, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The warnings of danger a point took part in that were up within a span, newest first; at most 500."""
    rows = Warning.objects.visible_to(actor).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=start),
        category="risk",
        members__point_id=point_id,
        started_at__lt=end,
    )
    return [
        {
            "id": one.pk, "number": one.number, "title": one.title, "level": one.peak_level,
            "started_at": one.started_at, "ended_at": one.ended_at, "result": one.result,
        }
        for one in rows.distinct().order_by("-started_at", "-id")[:500]
    ]  # fmt: skip


def open_levels() -> dict[int, int]:
    """How many risks are open at each level, of the whole county: for the metrics."""
    open_ = Warning.objects.filter(closed_at__isnull=True, category="risk")
    return dict(open_.order_by().values_list("level").annotate(n=Count("id")))


def signals_by_state() -> dict[str, int]:
    """How many signals wait, were taken in, or were set aside."""
    return dict(Signal.objects.order_by().values_list("state").annotate(n=Count("id")))


def signals_cleaned_out() -> int:
    """How many handled signals have left the inbox, over all time."""
    told = Beat.objects.filter(name=CLEANED).values_list("detail", flat=True).first() or {}
    return int(told.get("total", 0))


def _rule(warning: Warning) -> dict[str, Any] | None:
    rule = warning.rule
    if rule is None:
        return None
    return {
        "id": rule.pk,
        "version": warning.rule_version or rule.version,
        "kind": rule.kind,
        "sentence": warning.sentence,
        "cite": rule.cite,
        "verified": rule.verified,
    }


def _thresholds(warning: Warning) -> list[dict[str, Any]]:
    """The limits its rule had when it warned, where they lie on the value's axis."""
    from shoutu.county.sites.selectors import limits, on_value

    if warning.rule is None:
        return []
    version = RuleVersion.objects.filter(rule=warning.rule, number=warning.rule_version or 0).first()
    return limits(version.params) if version and on_value(warning.rule.kind, version.params) else []


def _leaf(warning: Warning) -> dict[str, Any] | None:
    """The newest sealed entry about it."""
    entry = (
        Entry.objects.filter(subject_type="warning", subject_id=warning.pk, leaf__isnull=False)
        .select_related("leaf")
        .order_by("-id")
        .first()
    )
    return {"index": entry.leaf.index, "leaf_hash": bytes(entry.leaf.hash).hex()} if entry else None
