"""One message taken in: which spell of weather it belongs to, what it replaces, which townships now stand at what.

A spell is what its standing messages say, the worst of them in each township: whatever adds holds at once. What
takes away (a cancellation, an update that says less) holds at once when the weather service's own system sends it by
a token, and waits for a second person when a person enters it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN
from shoutu.county.kit import events, keys, steps
from shoutu.county.kit.actors import SYSTEM, Actor, system
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Territory
from shoutu.county.weather import policies
from shoutu.county.weather.models import Area, Called, DayNumber, Door, Message, Standing, State, Weather
from shoutu.county.weather.policy import OTHER
from shoutu.county.weather.words import LEVELS, title

ASSUMED_LEVEL = 2
"""A message that says no colour is taken as yellow and marked so: neither dropped nor a call to every leader."""
RAW_KEPT = 200_000


@dataclass(frozen=True)
class Draft:
    """A message before it is taken in. `key` names it for ever; `references`: (sender, identifier) of earlier ones."""

    key: str
    door: str
    kind: str = "alert"
    status: str = "Actual"
    sender: str = ""
    identifier: str = ""
    references: Sequence[tuple[str, str]] = ()
    refers: Sequence[int] = ()
    event: str = ""
    codes: tuple[str, ...] = ()
    type: str = ""
    level: int | None = None
    headline: str = ""
    text: str = ""
    areas: str = ""
    townships: Iterable[int] = ()
    unmatched: Sequence[str] = field(default_factory=tuple)
    sent_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    raw: str = ""


def key_of(*parts: str) -> str:
    """A message's key from what names it at its sender."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@service
def take(actor: Actor, draft: Draft) -> Message:
    """Take one message in; the same key again returns the one that stands.

    Raises NotAllowed, Invalid, KeyReused for another message under the same key.

    What only adds calls people within a second or so (`call_due`). A message that is no real one (a drill, a test,
    an acknowledgement) or cancels what nobody knows is noted and shown, nothing more.
    """
    actor.require("weather.enter")
    now = timezone.now()
    _one_at_a_time(now)
    standing = Message.objects.filter(key=draft.key).first()
    asked = _asked(draft)
    if standing is not None:
        unchanged()
        if keys.differs(standing.content_sha256, asked):
            raise KeyReused(f"{standing.headline} {_said(standing)}", ref(standing).as_dict())
        return standing
    message = _message(actor, draft, now)
    earlier = _earlier(draft)
    why = _not_real(message, earlier)
    if why:
        message.standing, message.because = Standing.NOTED, why
        message.save()
        record(actor, "weather.noted", ref(message), {**_facts(message), "because": why})
        return message
    if message.kind == "cancel":
        message.standing = Standing.WAITING
        message.save()
    else:
        _stand(actor, message, earlier)
    gone = [one for one in earlier if one.pk != message.pk and one.standing == Standing.STANDING]
    if gone:
        _retire_or_ask(actor, message, gone)
    elif message.kind == "cancel":
        message.standing, message.because = Standing.NOTED, _("要解除的预警已经结束")
        message.save()
        record(actor, "weather.noted", ref(message), {**_facts(message), "because": message.because})
    return message


def _asked(draft: Draft) -> str:
    """What the message says. Neither where its words lie by the gazetteer of the day, nor when it was sent off."""
    return keys.digest(
        kind=draft.kind.lower(), status=draft.status, event=draft.event, codes=sorted(draft.codes), type=draft.type,
        level=draft.level, headline=draft.headline.strip(), text=draft.text.strip(), areas=draft.areas,
        townships=sorted(draft.townships) if draft.door == Door.HAND else [],
        starts_at=draft.starts_at, ends_at=draft.ends_at,
    )  # fmt: skip


def _one_at_a_time(now: datetime) -> None:
    """Two messages of one spell at once must not make two events: the day's row is the lock."""
    day = timezone.localtime(now).date()
    DayNumber.objects.get_or_create(day=day)
    DayNumber.objects.select_for_update(no_key=True).get(day=day)


def _message(actor: Actor, draft: Draft, now: datetime) -> Message:
    policy = policies.in_force()
    starts = draft.starts_at or draft.sent_at or now
    ends = draft.ends_at or (max(starts, now) + policy.lasts)
    if draft.kind != "cancel" and ends <= now and draft.door == Door.HAND:
        raise Invalid("ends_at", _("晚于现在的时间：已经过期的预警不必录入"))
    if ends <= starts and draft.door == Door.HAND:
        raise Invalid("ends_at", _("晚于开始时间"))
    words = f"{draft.event} {draft.headline}"
    known = {one.id for one in policy.types} | {OTHER}
    if draft.type and draft.type not in known:
        raise Invalid("type", _("其中之一：%(names)s") % {"names": "、".join(sorted(known))})
    type_ = draft.type or policy.type_of(words, draft.codes)
    level = draft.level or ASSUMED_LEVEL
    headline = draft.headline or draft.event or _("%(what)s预警") % {"what": f"{policy.title_of(type_)}{LEVELS[level]}"}
    return Message(
        key=draft.key, content_sha256=_asked(draft), door=draft.door, sender=draft.sender[:200],
        identifier=draft.identifier[:220], kind=draft.kind.lower(), status=draft.status[:20], type=type_,
        level=level, level_assumed=draft.level is None and draft.kind != "cancel",
        end_assumed=draft.ends_at is None and draft.kind != "cancel",
        headline=headline[:400], text=draft.text[:4000], areas=draft.areas[:2000],
        townships=sorted(set(draft.townships)), unmatched=list(draft.unmatched)[:200],
        sent_at=draft.sent_at or now, starts_at=starts, ends_at=ends, received_at=now, by=actor.label[:200],
        raw=draft.raw[:RAW_KEPT],
    )  # fmt: skip


def _earlier(draft: Draft) -> list[Message]:
    """The messages it refers to, those of one reference whatever part of it."""
    found: dict[int, Message] = {one.pk: one for one in Message.objects.filter(pk__in=list(draft.refers))}
    for sender, identifier in draft.references:
        rows = Message.objects.filter(identifier=identifier)
        for one in rows.filter(sender=sender) if sender else rows:
            found[one.pk] = one
    return list(found.values())


def _not_real(message: Message, earlier: list[Message]) -> str:
    if message.status.lower() != "actual":
        return _("不是实况（%(status)s），只登记") % {"status": message.status}
    if message.kind in ("ack", "error"):
        return _("回执，只登记")
    if message.kind == "cancel" and not earlier:
        return _("要解除的预警没有收到过")
    if message.kind != "cancel" and message.ends_at and message.ends_at <= message.received_at:
        return _("收到时已经过期")
    return ""


def _stand(actor: Actor, message: Message, earlier: list[Message]) -> None:
    event = next((one.event for one in earlier if one.event and one.event.state == State.ACTIVE), None)
    event = (locked_event(event.pk) if event else None) or _standing_event(message) or _new_event(message)
    message.event, message.standing = event, Standing.STANDING
    message.save()
    record(actor, "weather.received", ref(event), _facts(message), {"text": message.text} if message.text else None)
    refresh(actor, event)


def _standing_event(message: Message) -> Weather | None:
    """The spell of the same type that covers one of its townships: the same weather told by another door, or worse."""
    same = Weather.objects.select_for_update(of=("self",), no_key=True).filter(state=State.ACTIVE, type=message.type)
    if message.type == OTHER:
        same = same.filter(type_title=_type_title(message))
    for event in same.order_by("id"):
        covered = {one for told in event.messages.filter(standing=Standing.STANDING) for one in told.townships}
        if covered & set(message.townships) or covered == set(message.townships):
            return event
    return None


def lock_events(ids: Iterable[int]) -> None:
    """What comes before the messages, the areas and the duties of these events: they themselves."""
    if connection.features.has_select_for_update:
        rows = Weather.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(ids))
        list(rows.order_by("pk").values_list("pk"))


def locked_event(event_id: int) -> Weather:
    """The event, locked. Raises Weather.DoesNotExist."""
    found: Weather = Weather.objects.select_for_update(of=("self",), no_key=True).get(pk=event_id)
    return found


def _type_title(message: Message) -> str:
    return policies.in_force().title_of(message.type) or message.headline[:60] or _("天气")


def _new_event(message: Message) -> Weather:
    now = timezone.now()
    day = timezone.localtime(now).date()
    number = DayNumber.objects.get(day=day)
    number.last += 1
    number.save(update_fields=["last"])
    policy = policies.in_force()
    event: Weather = Weather.objects.create(
        number=f"Q-{day:%Y%m%d}-{number.last:03d}", type=message.type, type_title=_type_title(message),
        level=message.level, peak_level=message.level, title="", opened_at=now, ends_at=message.end,
        policy=f"{policy.id}@{policy.version}", verified=policy.verified,
    )  # fmt: skip
    return event


def refresh(actor: Actor, event: Weather, ended_by: str = "") -> None:
    """Let the event say what its standing messages say; townships that are left are let go, an empty event is over."""
    standing = list(event.messages.filter(standing=Standing.STANDING).order_by("id"))
    levels: dict[int, int] = {}
    for message in standing:
        for township in message.townships:
            levels[township] = max(levels.get(township, 0), message.level)
    _areas(event, levels)
    event.level = max([*levels.values(), *(m.level for m in standing if not m.townships)], default=0)
    event.peak_level = max(event.peak_level, event.level)
    if event.level > event.called_level > 0:
        event.episode += 1
    event.called_level = min(event.called_level, event.level)
    if standing:
        names = dict(Territory.objects.filter(pk__in=levels).order_by("path").values_list("pk", "name"))
        event.title = title(event.type_title, event.level, list(names.values()))
        event.ends_at = max(m.end for m in standing)
    else:
        event.state, event.ended_at, event.ended_by = State.ENDED, timezone.now(), ended_by
        record(actor, "weather.ended", ref(event), {"by": ended_by, "peak": event.peak_level})
    event.save()
    if not standing:
        duties.settle(SYSTEM, ref(event), _("气象预警已解除") if ended_by == "cancelled" else _("气象预警已到期"))
    events.emit("weather.changed", ref(event), {"state": event.state, "level": event.level, "number": event.number})


def _areas(event: Weather, levels: dict[int, int]) -> None:
    now = timezone.now()
    rows = {area.township_id: area for area in event.areas.select_for_update(no_key=True)}
    for township, level in levels.items():
        area = rows.get(township) or Area(event=event, township_id=township, level=0, since=now)
        if level > area.called_level > 0:
            area.episode += 1
        if area.level != level:
            area.since = now
        area.level, area.called_level = level, min(area.called_level, level)
        area.save()
    for township, area in rows.items():
        if township not in levels and area.level:
            # Called once more should the weather come back: a new episode.
            area.level, area.called_level, area.since, area.episode = 0, 0, now, area.episode + 1
            area.save()
            _let_go(event, township)


def _let_go(event: Weather, township: int) -> None:
    open_ = Called.objects.filter(event=event, township_id=township, duty__state__in=OPEN)
    for called in open_.order_by("id"):
        duties.cancel(SYSTEM, called.duty_id, _("本乡镇的气象预警已解除或到期"))


def _retire_or_ask(actor: Actor, message: Message, gone: list[Message]) -> None:
    """What takes away: at once from the weather service's own system, by two persons from a person."""
    if actor.kind != "user" or (message.kind == "update" and not _says_less(message, gone)):
        _retire(actor, message, gone)
        return
    event = gone[0].event
    assert event is not None
    proposals.propose(
        actor,
        LOWERING,
        ref(event),
        None,
        message.text[:400].strip() or message.headline[:400].strip() or _("气象部门已解除或调低"),
        title=f"{event.title}：{_('解除') if message.kind == 'cancel' else _('调低')}",
        key=f"weather:{event.pk}:{message.pk}",
        payload={"message": message.pk, "gone": [one.pk for one in gone]},
        changes=[proposals.change(one.headline or event.title, _said(one), _after(message)) for one in gone],
    )


def _says_less(message: Message, gone: list[Message]) -> bool:
    return any(
        set(one.townships) - set(message.townships) or one.level > message.level or one.end > message.end
        for one in gone
    )


def _said(message: Message) -> str:
    ends = timezone.localtime(message.end).strftime("%m-%d %H:%M")
    return _("%(level)s，%(count)d 个乡镇，至 %(ends)s") % {
        "level": LEVELS[message.level],
        "count": len(message.townships),
        "ends": ends,
    }


def _after(message: Message) -> str:
    return _("解除") if message.kind == "cancel" else _said(message)


def _retire(actor: Actor, message: Message, gone: list[Message]) -> None:
    cancel = message.kind == "cancel"
    became = Standing.CANCELLED if cancel else Standing.REPLACED
    touched: dict[int, Weather] = {}
    lock_events([one.event_id for one in gone if one.event_id is not None])
    for one in gone:
        one.standing = became
        one.save(update_fields=["standing"])
        assert one.event is not None
        touched[one.event.pk] = one.event
        facts = {"message": one.pk, "by": message.pk, "identifier": message.identifier, "became": became.value}
        record(actor, "weather.retired", ref(one.event), facts)
    if cancel:
        message.event, message.standing = next(iter(touched.values())), Standing.CANCELLED
        message.save()
    for event in touched.values():
        refresh(actor, locked_event(event.pk), "cancelled")


def _agreed(actor: Actor, proposal: Proposal) -> None:
    _one_at_a_time(timezone.now())
    message = Message.objects.get(pk=proposal.payload["message"])
    gone = list(Message.objects.filter(pk__in=proposal.payload["gone"], standing=Standing.STANDING))
    if not gone:
        raise Conflict(_("要解除的预警已经结束"))
    _retire(actor, message, gone)


def _dropped(actor: Actor, proposal: Proposal) -> None:
    message = Message.objects.get(pk=proposal.payload["message"])
    if message.standing == Standing.WAITING:
        message.standing, message.because = Standing.NOTED, proposal.decision[:400]
        message.save()


LOWERING = proposals.register(
    proposals.Kind("weather.lower", gettext_lazy("解除或调低气象预警"), "weather.enter", _agreed, _dropped)
)


@service
def lift(actor: Actor, event: Weather, reason: str) -> Message:
    """解除 by hand: waits for a second person. Raises NotAllowed, Invalid without a reason, Conflict when over."""
    actor.require("weather.enter")
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    standing = list(event.messages.filter(standing=Standing.STANDING).values_list("pk", flat=True))
    if not standing:
        raise Conflict(_("这一次气象预警已经结束"))
    waiting = Proposal.objects.filter(kind=LOWERING.name, subject_id=event.pk, subject_kind="weather", state="waiting")
    if waiting.exists():
        raise Conflict(_("已有人提出解除，等第二人复核"))
    draft = Draft(
        key=key_of("lift", str(event.pk), secrets.token_hex(8)), door=Door.HAND, kind="cancel", type=event.type,
        level=event.level or 1, headline=event.title, text=reason, refers=standing,
    )  # fmt: skip
    return take(actor, draft)


@service
def place(actor: Actor, message_id: int, townships: Sequence[int]) -> Message:
    """Say which townships a message means besides those matched: only ever more. Raises NotFound, Invalid, Conflict."""
    actor.require("weather.enter")
    lock_events(Message.objects.filter(pk=message_id, event__isnull=False).values_list("event_id", flat=True))
    message = Message.objects.select_for_update(of=("self",), no_key=True).filter(pk=message_id).first()
    if message is None:
        raise NotFound("weather_message", message_id)
    if message.standing != Standing.STANDING or message.event is None:
        raise Conflict(_("这一条已经不在生效"))
    known = set(Territory.objects.filter(pk__in=townships, parent__parent__isnull=True, parent__isnull=False)
                .values_list("pk", flat=True))  # fmt: skip
    if not townships or set(townships) - known:
        raise Invalid("townships", _("本县乡镇的编号，至少一个"))
    message.townships = sorted(set(message.townships) | known)
    message.save(update_fields=["townships"])
    record(actor, "weather.placed", ref(message.event), {"message": message.pk, "townships": sorted(known)})
    refresh(actor, locked_event(message.event.pk))
    return message


@service
def note_refused(actor: Actor, door: str, raw: str, because: str) -> Message:
    """Keep what could not be read, so that somebody sees it was sent. The same text once."""
    actor.require("weather.enter")
    key = key_of("refused", raw)
    known = Message.objects.filter(key=key).first()
    if known is not None:
        unchanged()
        return known
    message = Message.objects.create(
        key=key, door=door, standing=Standing.REFUSED, received_at=timezone.now(), by=actor.label[:200],
        because=because[:400], raw=raw.replace("\x00", "")[:20_000], kind="",
    )  # fmt: skip
    record(actor, "weather.refused", ref(message), {"because": message.because, "door": door})
    events.emit("weather.message", ref(message), {"standing": message.standing})
    return message


def expire_due(now: datetime | None = None) -> None:
    """Let go of messages that are past their end, each event in a transaction of its own."""
    now = now or timezone.now()
    due = Message.objects.filter(standing=Standing.STANDING, ends_at__lte=now, event__isnull=False)
    for event_id in sorted(set(due.values_list("event_id", flat=True))):
        _expire(event_id, now)


@service
def _expire(event_id: int, now: datetime) -> None:
    steps.fence()
    event = locked_event(event_id)
    passed = event.messages.filter(standing=Standing.STANDING, ends_at__lte=now)
    ids = list(passed.values_list("pk", flat=True))
    if not ids:
        return unchanged()
    actor = system("气象")
    Message.objects.filter(pk__in=ids).update(standing=Standing.EXPIRED)
    record(actor, "weather.expired", ref(event), {"messages": ids})
    refresh(actor, event, "expired")
    return None


def _facts(message: Message) -> dict[str, object]:
    return {
        "message": message.pk, "door": message.door, "kind": message.kind, "type": message.type,
        "level": message.level, "identifier": message.identifier, "sender": message.sender,
        "townships": message.townships, "unmatched": message.unmatched, "headline": message.headline,
        "starts_at": message.starts_at, "ends_at": message.ends_at,
        "raw_sha256": hashlib.sha256(message.raw.encode()).hexdigest() if message.raw else None,
    }  # fmt: skip


__all__ = ["LOWERING", "Draft", "expire_due", "key_of", "lift", "note_refused", "place", "take"]
