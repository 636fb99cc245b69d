"""What may be asked about weather: the list, one spell with its townships, messages and calls, what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shoutu.county.duties import selectors as duties
from shoutu.county.duties.models import Duty
from shoutu.county.duties.models import State as DutyState
from shoutu.county.duties.selectors.lists import whole
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Territory
from shoutu.county.weather.areas import Gazetteer
from shoutu.county.weather.models import Called, Message, Standing, State, Weather

SORTS = {"urgency": ["-level", "-id"], "id": ["id"]}


def gazetteer() -> Gazetteer:
    """The county's territories, asked by code and name."""
    return Gazetteer(Territory.objects.order_by("path"))


def townships() -> list[Territory]:
    """The county's townships, in the order of the tree."""
    return list(Territory.objects.filter(parent__isnull=False, parent__parent__isnull=True).order_by("path"))


def weather_for(actor: Actor, state: str = "active", q: str = "") -> QuerySet[Weather]:
    """Spells of weather; `state`: active, ended or all. Raises Invalid."""
    if state not in ("active", "ended", "all"):
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "active、ended、all"})
    rows = Weather.objects.visible_to(actor)
    if state != "all":
        rows = rows.filter(state=state)
    return rows.filter(title__icontains=q) if q else rows  # type: ignore[no-any-return]


def get_weather(actor: Actor, id: int) -> Weather:
    """Raises NotFound("weather", id)."""
    return get_visible(Weather.objects.all(), actor, id, "weather")  # type: ignore[arg-type]


def messages_for(actor: Actor, standing: str = "") -> QuerySet[Message]:
    """Every message as it came, those not taken among them. Raises Invalid."""
    if standing and standing not in Standing.values:
        raise Invalid("standing", _("其中之一：%(names)s") % {"names": "、".join(Standing.values)})
    rows = Message.objects.visible_to(actor).select_related("event")
    return rows.filter(standing=standing) if standing else rows  # type: ignore[no-any-return]


def figures(actor: Actor, events: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Per event, of the duties the actor sees: townships and enterprises called, answered, and who has not. 3 queries.

    A township counts by its own call, or where only enterprises were called there, by theirs.
    """
    ids = list(events)
    seen = Duty.objects.visible_to(actor).filter(weather__event_id__in=ids)
    rows = Called.objects.filter(duty__in=seen.values("pk")).exclude(duty__state=DutyState.CANCELLED)
    columns = ("event_id", "lane", "township__name", "organisation__name", "duty__answered_at", "duty__level")
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows.order_by("township__path", "id").values_list(*columns):
        found[row[0]].append(row[1:])
    return {pk: _figures(found[pk]) for pk in ids}


def _figures(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    own = {town for lane, town, *_rest in rows if lane == "township"}
    towns: dict[str, bool] = {}
    for lane, town, _org, answered, _level in rows:
        if town and (lane == "township" or town not in own):
            towns[town] = towns.get(town, True) and answered is not None
    firms = [(org, town, answered is not None) for lane, town, org, answered, _l in rows if org]
    return {
        "townships": len(towns),
        "townships_answered": sum(towns.values()),
        "townships_waiting": [name for name, answered in towns.items() if not answered],
        "enterprises": len(firms),
        "enterprises_answered": sum(answered for _org, _town, answered in firms),
        "enterprises_waiting": [f"{org}（{town}）" for org, town, answered in firms if not answered],
        "county_answered": next(
            (answered is not None for lane, _t, _o, answered, _l in rows if lane == "county"), None
        ),
    }


def row(event: Weather, told: dict[str, Any]) -> dict[str, Any]:
    """One spell as the list shows it."""
    return {
        "id": event.pk, "number": event.number, "type": event.type, "type_title": event.type_title,
        "state": event.state, "ended_by": event.ended_by, "level": event.level or event.peak_level,
        "peak_level": event.peak_level, "title": event.title, "opened_at": event.opened_at, "ends_at": event.ends_at,
        "ended_at": event.ended_at, "verified": event.verified, **told,
    }  # fmt: skip


def detail(actor: Actor, event: Weather) -> dict[str, Any]:
    """One spell with its townships, messages, people and what may be done now."""
    seen = whole(Duty.objects.visible_to(actor).filter(weather__event=event)).order_by("-level", "id")
    called = list(seen.select_related("weather__township", "weather__organisation", "post__organisation", "person"))
    # Unanswered first: they are what this page is for.
    called.sort(key=lambda duty: (duty.state != DutyState.CALLED, duty.weather.lane != "township"))
    names = {place.pk: place.name for place in townships()}
    messages = list(event.messages.order_by("-id"))
    areas = event.areas.filter(level__gt=0).select_related("township").order_by("-level", "township__path")
    return {
        **row(event, figures(actor, [event.pk])[event.pk]),
        "areas": [_area(area) for area in areas],
        "unmatched": list(dict.fromkeys(w for m in messages if m.standing == Standing.STANDING for w in m.unmatched)),
        "unplaced": [m.pk for m in messages if m.standing == Standing.STANDING and not m.townships],
        "messages": [message_row(message, names) for message in messages],
        "called": [_called(duty) for duty in called],
        "chain": duties.chain_rows([duty for duty in called if duty.state != DutyState.CANCELLED], actor),
        "actions": _actions(actor, event),
        "policy": event.policy,
        "lifting": _lifting(event),
    }  # fmt: skip


def _area(area: Any) -> dict[str, Any]:
    return {"id": area.township_id, "name": area.township.name, "level": area.level, "since": area.since}


def _called(duty: Duty) -> dict[str, Any]:
    called = duty.weather
    return {
        "duty_id": duty.pk, "lane": called.lane, "kind": duty.kind, "state": duty.state, "level": duty.level,
        "township": called.township.name if called.township else "",
        "organisation": called.organisation.name if called.organisation else "", "sites": called.sites,
        "answered_at": duty.answered_at, "done_at": duty.done_at, "called_since": duty.called_since,
        "post": f"{duty.post.organisation.name}{duty.post.title}" if duty.post else "", "note": duty.note,
    }  # fmt: skip


def message_row(message: Message, names: dict[int, str]) -> dict[str, Any]:
    """One message as it came and what became of it."""
    columns = (
        "id", "event_id", "door", "sender", "identifier", "kind", "status", "standing", "type", "level",
        "level_assumed", "end_assumed", "headline", "text", "areas", "unmatched", "sent_at", "starts_at", "ends_at",
        "received_at", "by", "because",
    )  # fmt: skip
    return {
        **{name: getattr(message, name) for name in columns},
        "townships": [names[one] for one in message.townships if one in names],
    }


def _lifting(event: Weather) -> int | None:
    """The proposal to lift it or take it lower that waits for a second person."""
    rows = Proposal.objects.filter(kind="weather.lower", subject_kind="weather", subject_id=event.pk, state="waiting")
    return rows.order_by("id").values_list("pk", flat=True).first()


def _actions(actor: Actor, event: Weather) -> list[dict[str, Any]]:
    over = None if event.state == State.ACTIVE else _("这一次气象预警已经结束")
    mine = None if actor.may("weather.enter") else _("这一步不归你的岗位办。")
    waits = _("已有人提出解除，等第二人复核") if _lifting(event) else None
    open_ = Duty.objects.filter(weather__event=event, state=DutyState.CALLED).exists()
    reasons = {
        "recall": over or mine or (None if open_ else _("叫到的人都已应答")),
        "update": over or mine,
        "lift": over or mine or waits,
    }
    return [{"verb": verb, "allowed": why is None, "why": why, "primary": False} for verb, why in reasons.items()]


def timeline(actor: Actor, id: int) -> list[dict[str, Any]]:
    """What was recorded about it and the duties the actor sees, newest first. Raises NotFound."""
    event = get_weather(actor, id)
    seen = Duty.objects.visible_to(actor).filter(weather__event=event).values_list("pk", flat=True)
    told = [SubjectRef("weather", event.pk), *(SubjectRef("duty", pk) for pk in seen)]
    return duties.timeline(told)


def of_site(actor: Actor, site_id: int) -> QuerySet[Weather]:
    """The spells that stand over a site's township now."""
    from shoutu.county.places.selectors import get_site

    site = get_site(actor, site_id)
    above = [int(part) for part in site.territory.path.split(".") if part]
    return Weather.objects.filter(state=State.ACTIVE, areas__township_id__in=above, areas__level__gt=0).distinct()  # type: ignore[no-any-return]


def uncalled(before: Any) -> list[Weather]:
    """Active spells somebody should have been called for before that time, and nobody was."""
    from django.db.models import F, Q

    late = Q(level__gt=F("called_level"), opened_at__lt=before)
    area = Q(areas__level__gt=F("areas__called_level"), areas__since__lt=before)
    return list(Weather.objects.filter(late | area, state=State.ACTIVE).distinct().order_by("id")[:50])
