"""停产撤人, the count: how many were in, who is out, what was corrected. Every step is one entry, once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties import services as duties
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.sites.models import Point
from shoutu.county.sites.services.operation import watch_stopped
from shoutu.county.warnings.models import Evacuation, EvacuationState, HeadCount, HeadKind, Warning
from shoutu.county.warnings.services.evacuation import (
    WITHDRAW,
    call_out,
    lock_evacuation,
    said,
    take_evacuation,
    tell,
)

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


@service
def set_head_count(actor: Actor, evacuation_id: int, amount: int, source: str, key: str) -> Evacuation:
    """How many were in when it was ordered, told by a person who says from where they know.

    Sent again with the same key it changes nothing; another number under the same key is refused, never lost.
    Raises NotFound, NotAllowed, Conflict once the number stands, Invalid.
    """
    _amount(amount, least=0)
    source = said("source", source, 120, _("写明人数从哪里来，如：调度室、考勤、带班领导口头报"))
    if (before := _again(actor, evacuation_id, key, HeadKind.SET, amount, reason=source)) is not None:
        unchanged()
        return before
    evacuation = take_evacuation(actor, evacuation_id, "set")
    evacuation.total, evacuation.source, evacuation.counted_at = amount, source, timezone.now()
    _count(actor, evacuation, HeadKind.SET, amount, key, reason=source)
    return evacuation


@service
def fix_head_count(actor: Actor, evacuation_id: int, readings: Sequence[Reading]) -> Evacuation:
    """The number as the persons-underground points told it at the order. A number told by a person stands."""
    evacuation = lock_evacuation(evacuation_id)
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
    told = [said("names", name, 40) for name in names if name.strip()]
    group = said("group", group, 60)
    if len(set(told)) != len(told):
        raise Invalid("names", _("名单里同一个人写了两次"))
    if told and count is not None and count != len(told):
        raise Invalid("count", _("与名单人数 %(n)d 一致，或不填") % {"n": len(told)})
    amount = len(told) or count or 0
    _amount(amount, "count")
    if (before := _again(actor, evacuation_id, key, HeadKind.OUT, amount, names=told, group=group)) is not None:
        unchanged()
        return before
    evacuation = take_evacuation(actor, evacuation_id, "confirm")
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
    evacuation = take_evacuation(actor, evacuation_id, "confirm")
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
    reason = said("reason", reason, 400, _("写明为什么多出来，如：外协 2 人未登记"))
    if (before := _again(actor, evacuation_id, key, HeadKind.MORE, amount, reason=reason)) is not None:
        unchanged()
        return before
    evacuation = take_evacuation(actor, evacuation_id, "more")
    assert evacuation.total is not None
    evacuation.total += amount
    _count(actor, evacuation, HeadKind.MORE, amount, key, reason=reason)
    return evacuation


@service
def take_back(actor: Actor, evacuation_id: int, amount: int, reason: str, key: str) -> Evacuation:
    """Some who were confirmed out are not: they are missing again. Raises NotFound, NotAllowed, Conflict, Invalid."""
    _amount(amount)
    reason = said("reason", reason, 400, _("写明哪一次确认错了"))
    if (before := _again(actor, evacuation_id, key, HeadKind.BACK, amount, reason=reason)) is not None:
        unchanged()
        return before
    evacuation = take_evacuation(actor, evacuation_id, "back")
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
    evacuation = take_evacuation(actor, evacuation_id, "fewer")
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
    evacuation = lock_evacuation(proposal.payload["evacuation"])
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
        call_out(actor, evacuation)
    tell(evacuation)
