"""停产, 电子封条, 闭坑, 复工 and blasting windows. A stop holds at once; ending one, or a window, takes two persons."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.places.models import Site
from shoutu.county.places.services import lock_sites
from shoutu.county.sites import hooks
from shoutu.county.sites.models import Binding, BlastingWindow, OperatingState, Operation, Rule
from shoutu.county.sites.operation import PACK, WATCHED, current, minutes, state_at
from shoutu.county.sites.services.binding import bind
from shoutu.county.sites.services.rules import propose

log = logging.getLogger(__name__)
RANK = {Operation.PRODUCING: 0, Operation.STOPPED: 1, Operation.SEALED: 2, Operation.CLOSED: 2}
MAX_MINUTES, MAX_DAYS = 120, 92
"""A window no longer than a round of blasting and its fumes, renewed each quarter."""


@service
def set_state(
    actor: Actor,
    site: Site,
    state: str,
    reason: str,
    *,
    document: str = "",
    from_at: datetime | None = None,
    planned_end: datetime | None = None,
) -> OperatingState | Proposal:
    """Record what the site is doing from `from_at` (now) on. History stays as it was.

    A stop, seal or closure holds at once; going back (复工, 拆封) is the proposal that waits for a second person.
    Raises NotAllowed, Invalid, Conflict when it is in that state already.
    """
    actor.require("site.state")
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=site.pk)
    now = timezone.now()
    if state not in Operation.values:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(Operation.values)})
    _words(reason, document)
    begins = from_at or now
    if begins > now + timedelta(minutes=1):
        raise Invalid("from_at", _("不晚于现在：到时候再记"))
    latest = current(site.pk)
    if latest is not None and begins < latest.from_at:
        at = timezone.localtime(latest.from_at).strftime("%Y-%m-%d %H:%M")
        raise Invalid("from_at", _("不早于现在这个状态开始的 %(at)s") % {"at": at})
    if planned_end is not None and planned_end <= begins:
        raise Invalid("planned_end", _("晚于开始时间"))
    before = state_at(site.pk)
    if before == state:
        raise Conflict(_("现在就是“%(state)s”") % {"state": Operation(state).label})
    facts = {
        "state": state, "document": document, "from_at": begins.isoformat(),
        "planned_end": planned_end.isoformat() if planned_end else None,
    }  # fmt: skip
    if RANK[Operation(state)] >= RANK[Operation(before)]:
        return _enter(actor, site, facts, reason, "")
    _not_held(site, state)
    change = proposals.change(_("状态"), Operation(before).label, Operation(state).label)
    title = f"{site.name}：{Operation(before).label} → {Operation(state).label}"
    return proposals.propose(
        actor, STATE, ref(site), site.pk, reason, title=title, key=f"state:{site.pk}:{state}",
        payload={**facts, "site": site.pk, "before": before, "row": latest.pk if latest else None}, changes=[change],
    )  # fmt: skip


def _not_held(site: Site, state: str) -> None:
    """Raises Conflict while somebody is missing at the site, or what stopped it is not gone."""
    if state == Operation.PRODUCING and (why := hooks.held(site.pk)) is not None:
        raise Conflict(why)


def order_of(subject: SubjectRef) -> str:
    """How a state names the order it follows from."""
    return f"{subject.type}:{subject.id}"


@service
def stop_by_order(actor: Actor, site: Site, order: SubjectRef, reason: str) -> OperatingState | None:
    """停产 by an order of another room (停产撤人), which has asked for the right to give it. None: it stands.

    Watching for power, movement and people begins with `watch_stopped`, when all are out: until then they are being
    counted, and an alarm that somebody is in would only add to the noise.
    """
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=site.pk)
    if state_at(site.pk) != Operation.PRODUCING:
        unchanged()
        return None
    facts = {
        "state": Operation.STOPPED.value,
        "document": "",
        "from_at": timezone.now().isoformat(),
        "planned_end": None,
    }
    return _enter(actor, site, facts, reason, "", order=order_of(order))


@service
def watch_stopped(actor: Actor, site: Site) -> None:
    """Watch a site that was stopped by order as stopped sites are."""
    if state_at(site.pk) not in WATCHED or not _begin_watching(actor, site):
        unchanged()


def _begin_watching(actor: Actor, site: Site) -> bool:
    """Whether the pack was bound. Whatever fails here must undo neither a stop nor the count of those who are out: it
    is logged, and that the site stays unwatched is a finding (`still.lacks_of`), save while an order stops it."""
    if Binding.objects.filter(site=site, pack=PACK).exists():
        return False
    try:
        bind(system(actor.label), site, PACK)
    except OperationalError:
        raise
    except Exception:
        log.exception("site %s stands still, and cannot be watched by %s", site.pk, PACK)
        return False
    return True


def _enter(
    actor: Actor, site: Site, facts: dict[str, str | None], reason: str, proposed_by: str, order: str = ""
) -> OperatingState:
    state, begins, ends = str(facts["state"]), facts["from_at"], facts["planned_end"]
    now = timezone.now()
    # An agreed return holds from the agreement on: until then the site was watched as stopped.
    start = now if proposed_by else datetime.fromisoformat(str(begins))
    row = OperatingState.objects.create(
        site=site, state=state, from_at=start, planned_end=datetime.fromisoformat(ends) if ends else None,
        reason=reason, document=str(facts["document"] or ""), set_by=(proposed_by or actor.label)[:200],
        agreed_by=actor.label[:200] if proposed_by else "", order=order, recorded_at=now,
    )  # fmt: skip
    record(actor, "site.state", ref(site), {**facts, "reason": reason, "from_at": start, "order": order})
    if not order:
        _watch(actor, site, state)
    emit("site.changed", ref(site), {"operating": state, "by": actor.label})
    return row


def _watch(actor: Actor, site: Site, state: str) -> None:
    """Watch for power, movement and people while stopped; two persons have agreed to whatever is let go."""
    by = system(actor.label)
    bound = Binding.objects.filter(site=site, pack=PACK)
    if state in WATCHED:
        _begin_watching(actor, site)
        return
    for rule in Rule.objects.filter(point__site=site, origin__startswith=f"{PACK}/", enabled=True).order_by("id"):
        propose(by, rule, _("复工，不再按停产监测"), enabled=False, agreed=True)
    for binding in bound:
        record(by, "binding.ended", ref(site), {"binding": binding.pk, "pack": PACK})
    bound.delete()


def _agreed(actor: Actor, proposal: Proposal) -> None:
    told = proposal.payload
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=told["site"])
    now = current(site.pk)
    # Stopped, at work and stopped again is another stop, with another reason; nobody has agreed to end that one.
    if state_at(site.pk) != told["before"] or ("row" in told and told["row"] != (now.pk if now else None)):
        raise Conflict(_("状态在提出以后又变过，重新提出"))
    _not_held(site, told["state"])
    facts = {name: told[name] for name in ("state", "document", "from_at", "planned_end")}
    _enter(actor, site, facts, proposal.reason, proposal.proposed_label or _("提出人"))


STATE = proposals.register(proposals.Kind("site.state", gettext_lazy("复工或解除封条"), "site.state", _agreed))


@service
def add_window(
    actor: Actor,
    site: Site,
    weekdays: Sequence[int],
    start: time,
    end: time,
    first_day: date,
    last_day: date,
    reason: str,
    document: str = "",
) -> Proposal:
    """Ask for a blasting window, by the county's clock. It holds once a second person agrees. Raises Invalid."""
    actor.require("site.state")
    _words(reason, document)
    if not weekdays or set(weekdays) - set(range(7)):
        raise Invalid("weekdays", _("0（周一）到 6（周日），至少一天"))
    if not 0 < minutes(start, end) <= MAX_MINUTES:
        raise Invalid("end", _("开始以后、%(minutes)d 分钟以内，不跨零点") % {"minutes": MAX_MINUTES})
    if last_day < first_day or (last_day - first_day).days > MAX_DAYS or last_day < timezone.localtime().date():
        raise Invalid("last_day", _("开始日期以后、%(days)d 天以内") % {"days": MAX_DAYS})
    days = sorted(set(weekdays))
    span = f"{start:%H:%M}–{end:%H:%M}"
    return proposals.propose(
        actor, WINDOW, ref(site), site.pk, reason, title=f"{site.name}：{_('放炮时段')} {span}",
        key=f"blasting:{site.pk}:{span}:{first_day}:{last_day}:{days}"[:160],
        payload={
            "site": site.pk, "weekdays": days, "start": start.isoformat("minutes"), "end": end.isoformat("minutes"),
            "first_day": first_day.isoformat(), "last_day": last_day.isoformat(), "document": document,
        },
        changes=[proposals.change(_("放炮时段"), "", f"{span}，{first_day} – {last_day}")],
    )  # fmt: skip


def _window_agreed(actor: Actor, proposal: Proposal) -> None:
    told = proposal.payload
    window = BlastingWindow.objects.create(
        site_id=told["site"], weekdays=told["weekdays"], start=time.fromisoformat(told["start"]),
        end=time.fromisoformat(told["end"]), first_day=date.fromisoformat(told["first_day"]),
        last_day=date.fromisoformat(told["last_day"]), reason=proposal.reason, document=told["document"],
        set_by=proposal.proposed_label[:200], agreed_by=actor.label[:200], recorded_at=timezone.now(),
    )  # fmt: skip
    record(actor, "site.blasting_added", ref(window.site), {**told, "window": window.pk, "reason": proposal.reason})
    emit("site.changed", ref(window.site), {"blasting": window.pk})


WINDOW = proposals.register(proposals.Kind("site.blasting", gettext_lazy("设放炮时段"), "site.state", _window_agreed))


@service
def revoke_window(actor: Actor, site: Site, window_id: int) -> BlastingWindow:
    """End a blasting window at once: one person may. Raises NotAllowed, Conflict."""
    actor.require("site.state")
    lock_sites([site.pk])
    window = (
        BlastingWindow.objects.select_for_update(no_key=True)
        .filter(pk=window_id, site=site, revoked_at__isnull=True)
        .first()
    )
    if window is None:
        raise Conflict(_("这个放炮时段已经取消"))
    window.revoked_at, window.revoked_by = timezone.now(), actor.label[:200]
    window.save(update_fields=["revoked_at", "revoked_by"])
    record(actor, "site.blasting_revoked", ref(site), {"window": window.pk})
    emit("site.changed", ref(site), {"blasting": window.pk})
    return window


def _words(reason: str, document: str) -> None:
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    if len(document) > 200:
        raise Invalid("document", _("不超过 %(limit)s 个字") % {"limit": 200})
