"""停产撤人: ordered, counted, confirmed out one by one until nobody is missing, and work resumed by order.

The number of those in is fixed at the order and never guessed: unknown is not zero. Every step is one entry.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.policy import snapshot
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.models import Operation, Point
from shoutu.county.sites.operation import current
from shoutu.county.sites.services.operation import order_of, set_state, stop_by_order, watch_stopped
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Evacuation, EvacuationState, HeadCount, HeadKind, Warning
from shoutu.county.warnings.services.taking import remark, take
from shoutu.county.warnings.states_evacuation import EVACUATION, not_yet

log = logging.getLogger(__name__)
WITHDRAW = "warning.withdraw"
MOST = 5000


@dataclass(frozen=True)
class Reading:
    """What a persons-underground point told: how many, when; `doubtful`: old already, or not good by its quality."""

    point: int
    value: float
    at: datetime
    doubtful: bool

    @property
    def people(self) -> int:
        """Half a person is a person."""
        return max(0, math.ceil(self.value - 1e-9))


# --- the order


@service
def order_withdrawal(actor: Actor, warning_id: int, note: str = "") -> Evacuation:
    """停产撤人 by hand, at any level. Raises NotFound, NotAllowed, Conflict where it was ordered already, Invalid."""
    warning = take(actor, warning_id, "withdraw")
    evacuation = begin(actor, warning, remark(note))
    assert evacuation is not None
    return evacuation


@service
def begin(actor: Actor, warning: Warning, personal: dict[str, str] | None = None) -> Evacuation | None:
    """Order a withdrawal for this warning, or let it join the one its site is under. None where it has no site."""
    if warning.site_id is None:
        unchanged()
        return None
    lock_sites([warning.site_id])
    standing = _open_at(warning.site_id)
    facts = {"warning": warning.number, "level": warning.level}
    if standing is None:
        evacuation = Evacuation.objects.create(
            site_id=warning.site_id, level=warning.level, ordered_at=timezone.now(), ordered_by=actor.label[:120]
        )
        evacuation.warnings.add(warning)
        record(actor, "evacuation.ordered", ref(evacuation), facts, personal)
        _stop(actor, evacuation, warning)
        _call(actor, evacuation)
    else:
        evacuation = standing
        if evacuation.warnings.filter(pk=warning.pk).exists() and evacuation.level >= warning.level:
            unchanged()
            return evacuation
        evacuation.warnings.add(warning)
        record(actor, "evacuation.joined", ref(evacuation), facts, personal)
        if warning.level > evacuation.level:
            evacuation.level = warning.level
            evacuation.save(update_fields=["level"])
            _raise(actor, evacuation)
    _tell(evacuation)
    return evacuation


def _stop(actor: Actor, evacuation: Evacuation, warning: Warning) -> None:
    """The site stands still by this order. Whatever fails there must keep nobody from being called out."""
    try:
        reason = _("停产撤人：%(number)s") % {"number": warning.number}
        stop_by_order(actor, evacuation.site, ref(evacuation), reason)
    except OperationalError:
        raise
    except Exception:
        log.exception("site %s could not be noted as stopped by %s", evacuation.site_id, evacuation.pk)


def _open_at(site_id: int) -> Evacuation | None:
    found: Evacuation | None = (
        Evacuation.objects.select_for_update(of=("self",), no_key=True)
        .filter(site_id=site_id, resumed_at__isnull=True)
        .first()
    )
    return found


def _lane() -> dict[str, Any]:
    return snapshot(policies.evacuation().lane, policies.in_force())


def _call(actor: Actor, evacuation: Evacuation) -> None:
    """Open the duty that ends with nobody missing."""
    evacuation.calls += 1
    evacuation.save(update_fields=["calls"])
    warning = _speaks(evacuation)
    duties.open_duty(
        actor, WITHDRAW, ref(warning), evacuation.site_id, _lane(), evacuation.level,
        f"{evacuation.site.name}：{_('停产撤人')}", missing_words(evacuation),
        key=f"evacuation:{evacuation.pk}:{evacuation.calls}",
    )  # fmt: skip


def _raise(actor: Actor, evacuation: Evacuation) -> None:
    for duty in _duties(evacuation):
        duties.raise_duty(actor, duty, _lane(), evacuation.level, duty.title, missing_words(evacuation))


def _duties(evacuation: Evacuation) -> list[Duty]:
    ids = list(evacuation.warnings.values_list("pk", flat=True))
    return list(
        Duty.objects.filter(kind=WITHDRAW, about_type="warning", about_id__in=ids, state__in=OPEN).order_by("id")
    )


def _speaks(evacuation: Evacuation) -> Warning:
    """The warning its duty is about: one still open, the worst first."""
    rows = evacuation.warnings.order_by("-level", "id")
    return rows.filter(closed_at__isnull=True).first() or rows[0]


def missing_words(evacuation: Evacuation) -> str:
    """「还有 3 人未出（共 14 人）」, in the words of the face."""
    if evacuation.total is None:
        return _("人数未报，先报井下和危险区人数")
    if evacuation.missing == 0:
        return _("人已撤清（共 %(total)d 人）") % {"total": evacuation.total}
    return _("还有 %(missing)d 人未出（共 %(total)d 人）") % {"missing": evacuation.missing, "total": evacuation.total}


# --- the count


def _take_evacuation(actor: Actor, evacuation_id: int, verb: str) -> Evacuation:
    """The evacuation, locked. Raises NotFound, NotAllowed, Conflict with the reason."""
    if not Evacuation.objects.visible_to(actor).filter(pk=evacuation_id).exists():
        raise NotFound("evacuation", evacuation_id)
    evacuation = _locked(evacuation_id)
    EVACUATION.step(evacuation.state, verb, actor, evacuation)
    return evacuation


def _locked(evacuation_id: int) -> Evacuation:
    """Its site first, as everywhere: the end of a withdrawal changes what the site is doing."""
    lock_sites(Evacuation.objects.filter(pk=evacuation_id).values_list("site_id", flat=True))
    found: Evacuation = Evacuation.objects.select_for_update(of=("self",), no_key=True).get(pk=evacuation_id)
    return found


def _again(
    actor: Actor, evacuation_id: int, key: str, kind: HeadKind, amount: int | None, *, names: Sequence[str] = (),
    group: str = "", reason: str = "",
) -> Evacuation | None:  # fmt: skip
    """The evacuation when this very step was taken before. Raises NotFound, Invalid, KeyReused when another was.

    `amount` None: the step finds its number itself.
    """
    if not 1 <= len(key) <= 64:
        raise Invalid("key", _("1 到 %(limit)s 个字") % {"limit": 64})
    evacuation: Evacuation | None = Evacuation.objects.visible_to(actor).filter(pk=evacuation_id).first()
    if evacuation is None:
        raise NotFound("evacuation", evacuation_id)
    before = evacuation.counts.filter(key=key).first()
    if before is None:
        return None
    told = (kind, before.amount if amount is None else amount, list(names), group, reason)
    if told != (before.kind, before.amount, before.names, before.group, before.reason):
        words = _("%(kind)s %(n)d 人，%(at)s") % {
            "kind": before.get_kind_display(),
            "n": before.amount,
            "at": _clock(before.at),
        }
        raise KeyReused(words, ref(evacuation).as_dict())
    return evacuation


def _amount(amount: int, field: str = "amount", least: int = 1) -> None:
    if not least <= amount <= MOST:
        raise Invalid(field, _("%(least)d 到 %(most)d 的整数，单位：人") % {"least": least, "most": MOST})


def _words(field: str, text: str, limit: int, needed: str = "") -> str:
    text = text.strip()
    if needed and not text:
        raise Invalid(field, needed)
    if len(text) > limit:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": limit})
    return text


@service
def set_head_count(actor: Actor, evacuation_id: int, amount: int, source: str, key: str) -> Evacuation:
    """How many were in when it was ordered, told by a person who says from where they know.

    Sent again with the same key it changes nothing; another number under the same key is refused, never lost.
    Raises NotFound, NotAllowed, Conflict once the number stands, Invalid.
    """
    _amount(amount, least=0)
    source = _words("source", source, 120, _("写明人数从哪里来，如：调度室、考勤、带班领导口头报"))
    if (before := _again(actor, evacuation_id, key, HeadKind.SET, amount, reason=source)) is not None:
        unchanged()
        return before
    evacuation = _take_evacuation(actor, evacuation_id, "set")
    evacuation.total, evacuation.source, evacuation.counted_at = amount, source, timezone.now()
    _count(actor, evacuation, HeadKind.SET, amount, key, reason=source)
    return evacuation


@service
def fix_head_count(actor: Actor, evacuation_id: int, readings: Sequence[Reading]) -> Evacuation:
    """The number as the persons-underground points told it at the order. A number told by a person stands."""
    evacuation = _locked(evacuation_id)
    if evacuation.total is not None or evacuation.resumed_at is not None or not readings:
        unchanged()
        return evacuation
    total = sum(reading.people for reading in readings)
    names = dict(Point.objects.filter(pk__in=[r.point for r in readings]).values_list("pk", "name"))
    evacuation.total, evacuation.counted_at = total, min(reading.at for reading in readings)
    evacuation.source = "、".join(f"{names[r.point]} {r.people}" for r in readings)[:120]
    evacuation.doubtful = any(reading.doubtful for reading in readings)
    first = readings[0] if len(readings) == 1 else None
    _count(
        actor, evacuation, HeadKind.SET, total, "points", reason=evacuation.source, reading=first,
        facts={"points": {str(r.point): r.value for r in readings}, "doubtful": evacuation.doubtful},
    )  # fmt: skip
    return evacuation


@service
def confirm_out(
    actor: Actor, evacuation_id: int, key: str, *, count: int | None = None, names: Sequence[str] = (), group: str = ""
) -> Evacuation:
    """These people are out: by name, or a number of a group. Nobody is counted twice.

    Raises NotFound, NotAllowed, Conflict while the number is unknown or where more are out than were in, Invalid.
    """
    told = [_words("names", name, 40) for name in names if name.strip()]
    group = _words("group", group, 60)
    if len(set(told)) != len(told):
        raise Invalid("names", _("名单里同一个人写了两次"))
    if told and count is not None and count != len(told):
        raise Invalid("count", _("与名单人数 %(n)d 一致，或不填") % {"n": len(told)})
    amount = len(told) or count or 0
    _amount(amount, "count")
    if (before := _again(actor, evacuation_id, key, HeadKind.OUT, amount, names=told, group=group)) is not None:
        unchanged()
        return before
    evacuation = _take_evacuation(actor, evacuation_id, "confirm")
    known = {name for names_ in evacuation.counts.values_list("names", flat=True) for name in names_}
    if twice := [name for name in told if name in known]:
        raise Conflict(_("%(names)s 已经确认出来，没有再算") % {"names": "、".join(twice)})
    _not_more_than_missing(evacuation, amount)
    evacuation.out += amount
    _count(actor, evacuation, HeadKind.OUT, amount, key, names=told, group=group)
    return evacuation


@service
def confirm_by_positioning(actor: Actor, evacuation_id: int, reading: Reading, key: str) -> Evacuation:
    """A person confirms out as many as the positioning system no longer sees in.

    Never by itself: a positioning system that dies in the accident reads zero (docs/decisions/0016-head-count.md).
    Raises NotFound, NotAllowed, Conflict on an old reading or one that sees nobody out.
    """
    if (before := _again(actor, evacuation_id, key, HeadKind.POSITIONING, None)) is not None:
        unchanged()
        return before
    evacuation = _take_evacuation(actor, evacuation_id, "confirm")
    assert evacuation.missing is not None
    if reading.doubtful:
        raise Conflict(_("定位读数停在 %(at)s，不能用来确认；逐人清点") % {"at": _clock(reading.at)})
    amount = evacuation.missing - reading.people
    if amount <= 0:
        raise Conflict(
            _("定位现有 %(seen)d 人，未出 %(missing)d 人：没有新的人出来可确认")
            % {"seen": reading.people, "missing": evacuation.missing}
        )
    evacuation.out += amount
    _count(actor, evacuation, HeadKind.POSITIONING, amount, key, reading=reading, facts={"seen": reading.people})
    return evacuation


def _clock(at: datetime) -> str:
    return timezone.localtime(at).strftime("%H:%M:%S")


def _not_more_than_missing(evacuation: Evacuation, amount: int) -> None:
    assert evacuation.missing is not None
    if amount > evacuation.missing:
        raise Conflict(
            _("只有 %(missing)d 人未出，多出 %(more)d 人：先“加人数”写明原因，再确认")
            % {"missing": evacuation.missing, "more": amount - evacuation.missing}
        )


@service
def add_people(actor: Actor, evacuation_id: int, amount: int, reason: str, key: str) -> Evacuation:
    """Somebody was found to be in who had not been counted. Raises NotFound, NotAllowed, Conflict, Invalid."""
    _amount(amount)
    reason = _words("reason", reason, 400, _("写明为什么多出来，如：外协 2 人未登记"))
    if (before := _again(actor, evacuation_id, key, HeadKind.MORE, amount, reason=reason)) is not None:
        unchanged()
        return before
    evacuation = _take_evacuation(actor, evacuation_id, "more")
    assert evacuation.total is not None
    evacuation.total += amount
    _count(actor, evacuation, HeadKind.MORE, amount, key, reason=reason)
    return evacuation


@service
def take_back(actor: Actor, evacuation_id: int, amount: int, reason: str, key: str) -> Evacuation:
    """Some who were confirmed out are not: they are missing again. Raises NotFound, NotAllowed, Conflict, Invalid."""
    _amount(amount)
    reason = _words("reason", reason, 400, _("写明哪一次确认错了"))
    if (before := _again(actor, evacuation_id, key, HeadKind.BACK, amount, reason=reason)) is not None:
        unchanged()
        return before
    evacuation = _take_evacuation(actor, evacuation_id, "back")
    if amount > evacuation.out:
        raise Invalid("amount", _("不超过已确认出来的 %(out)d 人") % {"out": evacuation.out})
    evacuation.out -= amount
    _count(actor, evacuation, HeadKind.BACK, amount, key, reason=reason)
    return evacuation


@service
def propose_fewer(actor: Actor, evacuation_id: int, amount: int, reason: str) -> Proposal:
    """Fewer were in than was told. It lowers who is missing, so a second person must agree.

    Raises NotFound, NotAllowed, Conflict, Invalid.
    """
    _amount(amount)
    evacuation = _take_evacuation(actor, evacuation_id, "fewer")
    if evacuation.missing is None or amount > evacuation.missing:
        raise Invalid("amount", _("不超过未出的 %(missing)d 人") % {"missing": evacuation.missing or 0})
    before = _("%(n)d 人") % {"n": evacuation.total}
    after = _("%(n)d 人") % {"n": (evacuation.total or 0) - amount}
    return proposals.propose(
        actor, FEWER, ref(evacuation), evacuation.site_id, reason,
        title=_("%(site)s 撤人总数减 %(n)d 人") % {"site": evacuation.site.name, "n": amount},
        key=f"evacuation.fewer:{evacuation.pk}", payload={"evacuation": evacuation.pk, "amount": amount},
        changes=[proposals.change(_("撤人总数"), before, after)],
    )  # fmt: skip


def _fewer_agreed(actor: Actor, proposal: Proposal) -> None:
    evacuation = _locked(proposal.payload["evacuation"])
    amount = proposal.payload["amount"]
    if evacuation.resumed_at is not None or evacuation.missing is None or amount > evacuation.missing:
        raise Conflict(_("人数已经变了，重新提出"))
    assert evacuation.total is not None
    evacuation.total -= amount
    _count(actor, evacuation, HeadKind.FEWER, amount, f"proposal:{proposal.pk}", reason=proposal.reason)


FEWER = proposals.register(
    proposals.Kind("evacuation.fewer", gettext_lazy("减少撤人总数"), "evacuation.correct", _fewer_agreed)
)


def _count(
    actor: Actor, evacuation: Evacuation, kind: HeadKind, amount: int, key: str, *, names: Sequence[str] = (),
    group: str = "", reason: str = "", reading: Reading | None = None, facts: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write the step with its one entry, and let the evacuation stand where its numbers put it."""
    now = timezone.now()
    HeadCount.objects.create(
        evacuation=evacuation, key=key, kind=kind, amount=amount, names=list(names), group=group, reason=reason,
        point_id=reading.point if reading else None, read_at=reading.at if reading else None, at=now,
        by=actor.label[:120],
    )  # fmt: skip
    personal = {"names": "、".join(names)} if names else {}
    if reason or group:
        personal["note"] = reason or group
    told = {"kind": kind.value, "amount": amount, "total": evacuation.total, "missing": evacuation.missing}
    if reading is not None:
        told |= {"point": reading.point, "value": reading.value, "read_at": reading.at}
    record(actor, "evacuation.counted", ref(evacuation), {**told, **(facts or {})}, personal or None)
    _stand(actor, evacuation, now)


def _stand(actor: Actor, evacuation: Evacuation, now: datetime) -> None:
    reopened = evacuation.missing != 0 and evacuation.state == EvacuationState.OUT
    cleared = evacuation.missing == 0 and evacuation.state == EvacuationState.GOING
    if cleared:
        evacuation.state, evacuation.cleared_at = EvacuationState.OUT, now
    elif reopened:
        evacuation.state, evacuation.cleared_at = EvacuationState.GOING, None
    evacuation.save()
    Warning.objects.filter(evacuations=evacuation).update(withdrawn=evacuation.state == EvacuationState.OUT)
    if cleared:
        for warning in evacuation.warnings.order_by("id"):
            duties.complete(actor, ref(warning), [WITHDRAW], "withdraw")
        watch_stopped(actor, evacuation.site)
    elif reopened:
        _call(actor, evacuation)
    _tell(evacuation)


def _tell(evacuation: Evacuation) -> None:
    """The desk's line and every page that shows the number."""
    why = missing_words(evacuation)
    for duty in _duties(evacuation):
        Duty.objects.filter(pk=duty.pk).update(why=why)
        events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})
    events.emit("evacuation.changed", ref(evacuation), {"state": evacuation.state, "missing": evacuation.missing})
    for warning in evacuation.warnings.filter(closed_at__isnull=True):
        facts = {"state": warning.state, "level": warning.level, "current": warning.current_level}
        events.emit("warning.changed", ref(warning), {**facts, "number": warning.number})


# --- its end


@service
def resume_work(actor: Actor, evacuation_id: int, note: str) -> Evacuation:
    """复工 by the right level, when nobody is missing and what it was ordered for is gone.

    Where the order stopped the site, this asks for its return and a second person must agree: then it ends
    (`site_works_again`). Where the site stood still before, or was sealed since, it ends now and the site stays so.
    Raises NotFound, NotAllowed, Conflict with what is missing, Invalid without words.
    """
    note = _words("note", note, 400, _("写明复工依据，如：验收人、复工令文号"))
    evacuation = _take_evacuation(actor, evacuation_id, "resume")
    if stopped_by(evacuation):
        _ask(actor, evacuation, note)
        _tell(evacuation)
        return evacuation
    return _end(actor, evacuation, note)


@service
def call_off(actor: Actor, evacuation: Evacuation, note: str) -> Evacuation:
    """End it because every warning that asked for it proved false. The site works again when two persons say so.

    Nothing is left to be called off where all are out, or it has ended, in this very moment.
    """
    evacuation = _locked(evacuation.pk)
    if evacuation.state != EvacuationState.GOING:
        unchanged()
        return evacuation
    if stopped_by(evacuation):
        _ask(actor, evacuation, note[:400])
    return _end(actor, evacuation, note)


def _ask(actor: Actor, evacuation: Evacuation, note: str) -> None:
    """Ask for the site's return. Who may end a withdrawal but not that leaves it to others to take up."""
    set_state(actor if actor.may("site.state") else system(actor.label), evacuation.site, Operation.PRODUCING, note)


@service
def site_works_again(actor: Actor, site_id: int) -> None:
    """Two persons let the site work again: its withdrawal has ended. Raises Conflict while somebody is missing."""
    evacuation = _open_at(site_id)
    if evacuation is None:
        return unchanged()
    if (why := not_yet(evacuation)) is not None:
        raise Conflict(why)
    _end(actor, evacuation, _("两人同意复工"))
    return None


def stopped_by(evacuation: Evacuation) -> bool:
    """Whether its site stands still by this very order, and by nothing later."""
    state = current(evacuation.site_id)
    return state is not None and state.order == order_of(ref(evacuation))


def _end(actor: Actor, evacuation: Evacuation, note: str) -> Evacuation:
    evacuation.state, evacuation.resumed_at = EvacuationState.RESUMED, timezone.now()
    evacuation.save()
    facts = {"total": evacuation.total, "missing": evacuation.missing, "level": evacuation.level}
    record(actor, "evacuation.resumed", ref(evacuation), facts, {"note": note})
    # Left only where every warning that asked for it proved false before all had been counted.
    for duty in _duties(evacuation):
        duties.complete(actor, duty.about, [WITHDRAW], "withdraw")
    _tell(evacuation)
    return evacuation
