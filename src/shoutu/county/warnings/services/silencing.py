"""Silences and maintenance windows: asked for, begun, told, ended; and the calls they hold back.

What holds back a call is one question (`held_until`) asked whenever people are to be called. A silence ends by the
clock alone: the duties' own agenda says when calling goes on, so nothing that stops can make a silence last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.models import Point
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Result, Warning
from shoutu.county.warnings.models_silences import HeldBack, Silence
from shoutu.county.warnings.services import reports
from shoutu.county.warnings.services.evacuation import begin
from shoutu.county.warnings.silences import ALONE, ALONE_PAUSE, LONGEST, MARK_LONGEST, RED, Cover, covering, until

CLOCK = system("静默")
TOLD = ("enterprise_duty", "enterprise_principal", "township_head", "county_duty")
"""Who is told when a silence begins and when it ends."""
_at_end: list[Callable[[Silence], None]] = []


def at_end(function: Callable[[Silence], None]) -> None:
    """Register what else is to be done when a silence is over, in the transaction that ends it."""
    if function not in _at_end:
        _at_end.append(function)


@service
def ask_silence(
    actor: Actor,
    *,
    kind: str,
    reason: str,
    starts_at: datetime | None,
    ends_at: datetime,
    site: int | None = None,
    point: int | None = None,
    warning: int | None = None,
    alone: bool = False,
) -> Silence | Proposal:
    """Ask for a silence of one warning, one point or a site; `starts_at` None for at once.

    `alone`: order it at once by oneself, for half an hour at most and not again within a shift; returns the Silence.
    Otherwise a Proposal that a second person agrees to. Raises NotAllowed, NotFound, Invalid, Conflict.
    """
    now = timezone.now()
    actor.require("silence.grant" if alone else "silence.ask")
    if kind not in Silence.Kind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(Silence.Kind.values)})
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    starts = now if starts_at is None or starts_at <= now else starts_at
    if ends_at <= starts:
        raise Invalid("ends_at", _("要晚于开始时间和现在"))
    where = _where(actor, site, point, warning)
    silence = Silence(kind=kind, reason=reason.strip(), starts_at=starts, ends_at=ends_at, alone=alone, **where)
    if alone:
        _alone_allowed(silence, now)
        return _order(actor, silence)
    silence.mutes = kind != Silence.Kind.SILENCE and silence.point is not None
    longest = MARK_LONGEST if silence.mutes else LONGEST
    if ends_at - starts > longest:
        raise Invalid("ends_at", _("一次最长 %(days)d 天") % {"days": longest.days})
    target = silence.warning or silence.point or silence.site
    payload = {
        "kind": kind, "site": silence.site_id, "point": silence.point_id, "warning": silence.warning_id,
        "starts_at": starts.isoformat(), "ends_at": ends_at.isoformat(), "mutes": silence.mutes,
    }  # fmt: skip
    span = f"{_time(starts)} — {_time(ends_at)}"
    return proposals.propose(
        actor, SILENCE, ref(target), silence.site_id, reason,
        title=f"{silence.where()}：{silence.get_kind_display()} {span}",
        key=f"silence:{target.subject_type}:{target.pk}:{kind}", payload=payload,
        changes=_changes(silence, span),
    )  # fmt: skip


def _changes(silence: Silence, span: str) -> list[dict[str, str]]:
    calls = proposals.change(_("呼叫"), _("照常"), _("%(span)s 不呼叫，红色除外") % {"span": span})
    if not silence.mutes:
        return [calls]
    raised = _("%(span)s 不产生，红色也不，只计数；结束时还超限的马上告警") % {"span": span}
    return [proposals.change(_("这个测点的新预警"), _("照常"), raised), calls]


def _where(actor: Actor, site: int | None, point: int | None, warning: int | None) -> dict[str, Any]:
    """The one place meant, as far as the actor sees it. Raises NotFound, Invalid."""
    if sum(one is not None for one in (site, point, warning)) != 1:
        raise Invalid("site", _("选一处：一个场所、一个测点或一起预警"))
    if warning is not None:
        one = get_visible(Warning.objects.all(), actor, warning, "warning")
        if one.closed_at is not None:
            raise Conflict(_("预警已经关闭"))
        if one.level >= RED:
            raise Invalid("warning", _("红色预警不能静默"))
        if one.site is None:
            raise Invalid("warning", _("这起预警不属于一个场所，不能静默"))
        return {"site": one.site, "warning": one}
    if point is not None:
        found = get_visible(Point.objects.select_related("site"), actor, point, "point")
        return {"site": found.site, "point": found}
    return {"site": get_visible(Site.objects.all(), actor, site or 0, "site")}


def _alone_allowed(silence: Silence, now: datetime) -> None:
    """Raises Invalid where it starts later or lasts too long, Conflict so soon after another one alone."""
    if silence.starts_at > now:
        raise Invalid("starts_at", _("一人静默从现在开始；以后开始的须两人"))
    if silence.ends_at - silence.starts_at > ALONE + timedelta(seconds=30):
        raise Invalid("ends_at", _("一人静默最长 30 分钟；更长的须两人"))
    # Locked, so that two cannot order one side by side.
    Site.objects.select_for_update(no_key=True).get(pk=silence.site_id)
    before = Silence.objects.filter(site_id=silence.site_id, alone=True).filter(_overlaps(silence))
    last = before.order_by("-ends_at").first()
    if last is not None and (last.ended_at or last.ends_at) + ALONE_PAUSE > now:
        again = (last.ended_at or last.ends_at) + ALONE_PAUSE
        raise Conflict(_("这里刚由一人静默过，%(at)s 前再静默须两人") % {"at": _time(again)})


def _overlaps(silence: Silence) -> Q:
    """Silences of the same site that could cover a warning this one covers.

    A warning and a point may meet; only two different points, or two different warnings, never do.
    """
    if silence.point_id is not None:
        return Q(point__isnull=True) | Q(point_id=silence.point_id)
    if silence.warning_id is not None:
        return Q(warning__isnull=True) | Q(warning_id=silence.warning_id)
    return Q()


def _agreed(actor: Actor, proposal: Proposal) -> Silence:
    told, now = proposal.payload, timezone.now()
    starts, ends = parse_datetime(told["starts_at"]), parse_datetime(told["ends_at"])
    assert starts is not None
    assert ends is not None
    if ends <= now:
        raise Conflict(_("结束时间已过，重新提出"))
    warning = Warning.objects.filter(pk=told["warning"]).first() if told["warning"] else None
    if warning is not None and warning.closed_at is not None:
        raise Conflict(_("预警已经关闭"))
    if warning is not None and warning.level >= RED:
        raise Conflict(_("预警已升为红色，不能静默"))
    silence = Silence(
        kind=told["kind"], site_id=told["site"], point_id=told["point"], warning=warning, reason=proposal.reason,
        alone=False, mutes=told.get("mutes", False), starts_at=max(starts, now), ends_at=ends,
        agreed_label=actor.label[:200],
    )  # fmt: skip
    return _order(actor, silence, proposal)


SILENCE = proposals.register(
    proposals.Kind("warning.silence", gettext_lazy("静默"), "silence.grant", _agreed, ask="silence.ask")
)


def _order(actor: Actor, silence: Silence, proposal: Proposal | None = None) -> Silence:
    # Its site before it, whoever orders it: the warnings it holds back are looked at in the same step.
    lock_sites([silence.site_id])
    silence.asked_by_id = proposal.proposed_by_id if proposal else actor.user_id
    silence.asked_label = (proposal.proposed_label if proposal else actor.label)[:200]
    silence.save()
    facts = {
        "kind": silence.kind, "site": silence.site_id, "point": silence.point_id, "warning": silence.warning_id,
        "starts_at": silence.starts_at, "ends_at": silence.ends_at, "alone": silence.alone, "reason": silence.reason,
        "proposal": proposal.pk if proposal else None, "mutes": silence.mutes,
    }  # fmt: skip
    record(actor, "silence.ordered", ref(silence), facts)
    _tell(silence)
    if silence.starts_at <= timezone.now():
        _begin(silence)
    return silence


@service
def revoke_silence(actor: Actor, id: int, reason: str = "") -> Silence:
    """End a silence before its time: more watchfulness needs no second person, and who asked for it may too.

    Raises NotFound, NotAllowed, Conflict when it is over.
    """
    found = get_visible(Silence.objects.all(), actor, id, "silence")
    own = actor.user_id is not None and found.asked_by_id == actor.user_id
    if not own and not actor.may("silence.grant"):
        raise NotAllowed("silence.grant")
    silence = _locked(found.pk)
    now = timezone.now()
    if silence.ended_at is not None or silence.ends_at <= now:
        raise Conflict(_("这次静默已经结束"))
    silence.ended_at, silence.ended_label = now, actor.label[:200]
    silence.save()
    record(actor, "silence.revoked", ref(silence), {"reason": reason[:400], **_counts(silence)})
    _release(silence)
    if silence.begun_at is not None:
        _inform_ended(silence)
    _tell(silence)
    return silence


def keep_silences(now: datetime | None = None) -> None:
    """Begin what is to begin and end what is over: tell those concerned. Run by the worker."""
    now = now or timezone.now()
    due = Silence.objects.filter(ended_at__isnull=True).filter(
        Q(ends_at__lte=now) | Q(begun_at__isnull=True, starts_at__lte=now)
    )
    steps.each(list(due.order_by("ends_at").values_list("pk", flat=True)[:200]), lambda pk: _move_on(pk, now))


@service
def _move_on(pk: int, now: datetime) -> None:
    steps.fence()
    silence = _locked(pk)
    if silence.ended_at is not None:
        return unchanged()
    if silence.ends_at > now:
        if silence.begun_at is None:
            return _begin(silence)
        return unchanged()
    silence.ended_at, silence.ended_label = silence.ends_at, CLOCK.label
    silence.save()
    record(CLOCK, "silence.ended", ref(silence), {**_counts(silence), "broken": silence.broken})
    _release(silence)
    _inform_ended(silence)
    _tell(silence)
    return None


def _locked(pk: int) -> Silence:
    """The silence, locked, after its site, whose warnings it reaches."""
    lock_sites(Silence.objects.filter(pk=pk).values_list("site_id", flat=True))
    found: Silence = Silence.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    return found


def _begin(silence: Silence) -> None:
    """Hold back what is being called already, and tell people."""
    silence.begun_at = timezone.now()
    silence.save(update_fields=["begun_at"])
    record(CLOCK, "silence.begun", ref(silence), {"until": silence.ends_at})
    open_ = Warning.objects.select_for_update(of=("self",), no_key=True).filter(
        site_id=silence.site_id, closed_at__isnull=True
    )
    if silence.warning_id is not None:
        open_ = open_.filter(pk=silence.warning_id)
    for warning in open_.order_by("id"):
        review(warning, withdraws=False)
    words = {"where": silence.where(), "kind": silence.get_kind_display(), "at": _time(silence.ends_at)}
    title = _("%(where)s：%(kind)s开始，到 %(at)s 止，红色照常呼叫") % words
    if silence.mutes:
        title = _("%(where)s：%(kind)s开始，到 %(at)s 止，这个测点不产生新预警，红色也不") % words
    _inform(silence, "begun", title)
    _tell(silence)


def _counts(silence: Silence) -> dict[str, Any]:
    return {"kind": silence.kind, "held": silence.held.count(), "withheld": silence.withheld}


def _inform_ended(silence: Silence) -> None:
    held, words = silence.held.count(), {"where": silence.where(), "kind": silence.get_kind_display()}
    title = _("%(where)s：%(kind)s结束，恢复呼叫") % words
    if held:
        title += _("；其间压下 %(count)d 起预警的呼叫") % {"count": held}
    if silence.withheld:
        title += _("；%(kind)s期间触发 %(count)d 次未告警") % {**words, "count": silence.withheld}
    _inform(silence, "ended", title)


def _inform(silence: Silence, what: str, title: str) -> None:
    why, key = _("原因：%(reason)s") % {"reason": silence.reason}, f"silence:{silence.pk}:{what}"
    duties.inform(CLOCK, f"silence.{what}", ref(silence), silence.site_id, TOLD, title, why, key=key)


def _tell(silence: Silence) -> None:
    events.emit("silence.changed", ref(silence), {"state": silence.state(timezone.now()), "site": silence.site_id})


def holding(site_id: int, now: datetime) -> QuerySet[Silence]:
    """The silences of a site that hold now."""
    rows = Silence.objects.filter(site_id=site_id, starts_at__lte=now, ends_at__gt=now, ended_at__isnull=True)
    return rows


def _covers(warning: Warning, level: int, now: datetime) -> list[Cover]:
    if warning.site_id is None or level >= RED:
        return []
    rows = holding(warning.site_id, now).values_list("pk", "ends_at", "point_id", "warning_id")
    told = [Cover(*row) for row in rows]
    if not told:
        return []
    # Danger that was told of the past alone stands at no member: then the point it speaks for counts.
    points = set(warning.members.filter(level__gt=0).values_list("point_id", flat=True))
    return covering(warning.pk, level, points or {warning.point_id or 0}, told)


def held_until(warning: Warning) -> datetime | None:
    """Until when the calls this warning asks for now are held back; None: call. Notes what is held back, or broken."""
    now = timezone.now()
    found = _covers(warning, warning.level, now)
    if not found:
        if warning.level >= RED and warning.site_id is not None:
            _broken(warning, warning.site_id, now)
        return None
    for cover in found:
        row, created = HeldBack.objects.get_or_create(
            silence_id=cover.id, warning=warning, defaults={"level": warning.level, "at": now}
        )
        if created or warning.level > row.level or row.outcome:
            row.level, row.outcome, row.released_at = max(warning.level, row.level), "", None
            row.save()
            record(CLOCK, "warning.held_back", ref(warning), {"silence": cover.id, "level": warning.level})
    return until(found)


def _broken(warning: Warning, site_id: int, now: datetime) -> None:
    """A red goes through: say so with the silences it would have met."""
    points = set(warning.members.filter(level__gt=0).values_list("point_id", flat=True))
    rows = holding(site_id, now).values_list("pk", "ends_at", "point_id", "warning_id")
    for cover in covering(warning.pk, RED - 1, points or {warning.point_id or 0}, [Cover(*row) for row in rows]):
        Silence.objects.filter(pk=cover.id).update(broken=F("broken") + 1)
        HeldBack.objects.filter(silence_id=cover.id, warning=warning, outcome="").update(
            outcome="broken", released_at=now
        )
        record(CLOCK, "silence.broken", SubjectRef("silence", cover.id), {"warning": warning.number})


def review(warning: Warning, *, withdraws: bool = True) -> None:
    """Hold or let go the duties that stand, by what is silent now. For a warning whose people are being called.

    `withdraws`: with the calls goes the withdrawal that waited with them. A silence that only begins orders none.
    """
    now, found, let_go = timezone.now(), None, False
    open_ = list(_callings(warning))
    if not open_:
        return
    found = held_until(warning)
    for duty in open_:
        if found is not None:
            duties.hold(CLOCK, duty, found)
        elif duty.held_until is not None and duty.held_until > now:
            duties.let_go(CLOCK, duty)
            let_go = True
    if let_go:
        reports.calls_go_on(warning)
    if not withdraws or found is not None or warning.result in (Result.FALSE_ALARM, Result.DEVICE_FAULT):
        return
    response = policies.in_force().response(warning.level, warning.category, warning.circumstance)
    if response.withdraw and warning.current_level >= warning.level:
        begin(CLOCK, warning)


def let_go_uncovered(warning: Warning) -> None:
    """Call for what was held back as soon as a silence no longer covers all of it."""
    if HeldBack.objects.filter(warning=warning, outcome="").exists():
        review(warning)


def _callings(warning: Warning) -> QuerySet[Duty]:
    """The open duties a silence may hold: never the one that gets people out, nor the one to tell it upward."""
    rows = Duty.objects.filter(about_type="warning", about_id=warning.pk, state__in=OPEN)
    return rows.exclude(kind__in=("warning.withdraw", reports.REPORT)).order_by("id")


def _release(silence: Silence) -> None:
    """Calling goes on for what it held back; what has fallen to normal meanwhile is only to be verified."""
    now = timezone.now()
    for row in silence.held.filter(outcome="").order_by("id"):
        warning = Warning.objects.select_for_update(of=("self",), no_key=True).get(pk=row.warning_id)
        row.released_at, row.outcome = now, "called"
        if warning.closed_at is not None:
            row.outcome = "over"
        elif _covers(warning, warning.level, now):
            # Another silence still holds it: that one lets go of it.
            row.outcome = "other"
            review(warning)
        elif warning.current_level == 0 and not warning.unknown_now and warning.answered_at is None:
            row.outcome = "fallen"
            _only_verify(warning)
        else:
            review(warning)
        row.save()
    for function in _at_end:
        function(silence)


def _only_verify(warning: Warning) -> None:
    """It rose and fell under silence: the county looks whether it was real, the mine is called no more for it."""
    lanes = list(_callings(warning))
    if any(duty.kind == "warning.verify" for duty in lanes):
        for duty in lanes:
            if duty.kind != "warning.verify":
                duties.cancel(CLOCK, duty.pk, _("静默期间已回落到正常，只核实"))
    review(warning)
    # People were not called for it: should it come back, they are.
    earlier = timezone.now() - policies.in_force().recall_after
    warning.below_since = min(warning.below_since or earlier, earlier)
    warning.save(update_fields=["below_since"])


def held_without_silence(now: datetime) -> Iterable[Duty]:
    """Duties whose calls are held though no silence accounts for it: for the auditor."""
    held = Duty.objects.filter(state__in=OPEN, held_until__gt=now, about_type="warning")
    rows = Silence.objects.filter(starts_at__lte=now, ends_at__gt=now, ended_at__isnull=True)
    sites = set(rows.values_list("site_id", flat=True))
    return [duty for duty in held.order_by("id")[:200] if duty.level >= RED or duty.site_id not in sites]


def _time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")
