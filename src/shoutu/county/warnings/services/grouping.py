"""Warnings of one cause become one event: by hand within a site, or by themselves when many come within minutes.

An event changes no level, no call and no clock of its members. It lets people see one thing instead of fifty, and
answer all calls made to them for it in one act; each answered call leaves its own entry. In a storm one message tells
a person of all calls that wait for them (`duties.bundling`); an event made by hand leaves messages as they are, since
one person alone may not delay any.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import CallState, Duty, mine
from shoutu.county.duties.models import State as DutyState
from shoutu.county.kit import events, steps
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.models import Site, Territory
from shoutu.county.sites.models import Source
from shoutu.county.warnings.models import Group, Membership, Warning
from shoutu.county.warnings.services.locking import lock_storms, lock_storms_after_sites, lock_warnings

log = logging.getLogger(__name__)
STORM = system("同因识别")
OF_A_SITE = 3
"""How many warnings of one site count for an event of its township."""
SHOWN_AFTER = timedelta(minutes=30)
"""How long a storm is still told of after its end."""
ANSWER_S = 5.0
"""How long one answer to an event goes on answering before it says what is left."""
APART = ("warning.withdraw",)
"""An order to get people out goes out by itself and is answered by itself."""


@service
def merge(actor: Actor, lead_id: int, follower_ids: Sequence[int], reason: str) -> Group:
    """Say that open warnings of one site have one cause: `lead_id` leads, the others follow.

    Raises NotAllowed, NotFound, Invalid (reason, another site, none given), Conflict (closed, or in another event).
    """
    actor.require("warning.merge")
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    ids = [one for one in dict.fromkeys(follower_ids) if one != lead_id]
    lock_storms_after_sites([lead_id, *ids])
    lead = _open_one(actor, lead_id)
    if not ids:
        raise Invalid("followers", _("至少选一起别的预警"))
    now = timezone.now()
    standing = Membership.objects.filter(warning=lead, left_at__isnull=True).select_related("group").first()
    if standing is not None and standing.group.kind != Group.Kind.MERGED:
        raise Conflict(_("%(number)s 已在另一个事件里") % {"number": lead.number})
    group = standing.group if standing is not None else None
    if group is not None:
        # Ended by somebody in this moment, nobody could join it.
        Group.objects.select_for_update(of=("self",), no_key=True).get(pk=group.pk)
        if not Membership.objects.filter(group=group, warning=lead, left_at__isnull=True).exists():
            group = None
    if group is None:
        group = Group.objects.create(
            kind=Group.Kind.MERGED, title=f"{lead.number} {lead.title}"[:120], reason=reason.strip(), lead=lead,
            begun_at=now, last_at=now,
        )  # fmt: skip
        _join(group, lead, now)
    for id_ in ids:
        follower = _open_one(actor, id_)
        if follower.site_id is None or follower.site_id != lead.site_id:
            raise Invalid("followers", _("%(number)s 不在同一个场所") % {"number": follower.number})
        if Membership.objects.filter(warning=follower, left_at__isnull=True).exists():
            raise Conflict(_("%(number)s 已在另一个事件里") % {"number": follower.number})
        _join(group, follower, now)
        facts = {"lead": lead.number, "group": group.pk, "reason": reason.strip()}
        record(actor, "warning.merged", ref(follower), facts)
    record(actor, "group.merged", ref(lead), {"group": group.pk, "followers": ids, "reason": reason.strip()})
    _tell(group)
    return group


@service
def split(actor: Actor, warning_id: int, reason: str) -> Warning:
    """Take a warning out of its event again; an event of one is over. Raises as merge does."""
    actor.require("warning.merge")
    if not reason.strip() or len(reason) > 400:
        raise Invalid("reason", _("1 到 400 个字"))
    lock_storms_after_sites([warning_id])
    warning = get_visible(Warning.objects.all(), actor, warning_id, "warning")
    lock_warnings([warning.pk])
    standing = (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .filter(warning=warning, left_at__isnull=True)
        .first()
    )
    if standing is None:
        raise Conflict(_("这起预警不在任何事件里"))
    now = timezone.now()
    group = Group.objects.select_for_update(of=("self",), no_key=True).get(pk=standing.group_id)
    standing.left_at, standing.split = now, True
    standing.save(update_fields=["left_at", "split"])
    duties.bundle("warning", [warning.pk], "")
    record(actor, "warning.split", ref(warning), {"group": group.pk, "reason": reason.strip()})
    left = group.memberships.filter(left_at__isnull=True).order_by("id")
    if left.count() < 2:
        _end(actor, group, now)
    elif group.lead_id == warning.pk:
        group.lead = left.select_related("warning")[0].warning
        group.save(update_fields=["lead"])
    _tell(group)
    return warning


class Answered(NamedTuple):
    """So many duties were answered; so many are left, for the next time."""

    answered: int
    left: int


def answer_all(actor: Actor, group_id: int, note: str = "", seconds: float = ANSWER_S) -> Answered:
    """Answer every call made to the actor for an open member of this event, the worst first, for so many seconds.

    Each answer is a transaction of its own with its own entry; what somebody else ended meanwhile is passed over. When
    the time is up the rest is left, and told: asked again, it goes on. An order to get people out (停产撤人) is
    answered by itself. Raises NotFound, NotAllowed, Conflict where none waits.
    """
    actor.require("duty.act")
    group = get_visible(Group.objects.all(), actor, group_id, "warning_group")
    members = group.memberships.filter(left_at__isnull=True, warning__closed_at__isnull=True)
    waiting = Duty.objects.filter(
        mine(actor, "calls__"), about_type="warning", about_id__in=members.values("warning_id"),
        state=DutyState.CALLED, calls__state=CallState.CALLING,
    ).exclude(kind__in=APART)  # fmt: skip
    answered, end = 0, time.monotonic() + seconds
    found = list(dict.fromkeys(waiting.order_by("-level", "id").values_list("pk", flat=True)))
    for place, pk in enumerate(found, start=1):
        try:
            duties.answer(actor, pk, note)
            answered += 1
        except (Conflict, NotFound):
            continue
        if time.monotonic() >= end:
            return Answered(answered, len(found) - place)
    if not answered:
        raise Conflict(_("这个事件里没有等你应答的"))
    return Answered(answered, 0)


def gather(warning: Warning) -> None:
    """See `_gather`. Whatever fails here must not keep a warning from being opened: it is logged and left."""
    try:
        with transaction.atomic():
            _gather(warning)
    except OperationalError:
        raise
    except Exception:
        log.exception("warning %s could not be gathered into an event", warning.number)


def _gather(warning: Warning) -> None:
    """A warning was opened: it joins the storm of its cause, or makes one when it is one too many within minutes.

    Settings `SHOUTU_STORM_COUNT` and `SHOUTU_STORM_MINUTES`. Called in the transaction that opens it.
    """
    now = timezone.now()
    if Membership.objects.filter(warning=warning, left_at__isnull=True).exists():
        return
    for cause, title, same, most in _causes(warning):
        group = (
            Group.objects.select_for_update(of=("self",), no_key=True)
            .filter(cause=cause, ended_at__isnull=True)
            .first()
        )
        if group is not None:
            _take_in(group, [warning], now)
            return
        since = now - timedelta(minutes=settings.CONFIG.storm_minutes)
        # What is in an event already, or was taken out of one by hand, counts for no other.
        taken = Membership.objects.filter(Q(left_at__isnull=True) | Q(split=True)).values("warning_id")
        rows = Warning.objects.filter(same, closed_at__isnull=True, opened_at__gte=since).exclude(pk__in=taken)
        alone = list(rows.distinct().order_by("-level", "id"))
        by_site = Counter(one.site_id for one in alone)
        if sum(min(n, most) for n in by_site.values()) >= settings.CONFIG.storm_count:
            group = Group.objects.create(
                kind=Group.Kind.STORM, cause=cause, title=title[:120], lead=alone[0], begun_at=now, last_at=now
            )
            facts = {"cause": cause, "count": len(alone), "minutes": settings.CONFIG.storm_minutes}
            record(STORM, "group.begun", ref(group), facts)
            _take_in(group, alone, now)
            return


def _causes(warning: Warning) -> list[tuple[str, str, Q, int]]:
    """What it may share with others, the nearest first: its source, its site, its township; and how many warnings of
    one site count.

    The county's own source, which may speak for any point, is no cause. Of a township a site counts for three at most:
    what one mine's gateway does is no cause of its neighbours' warnings.
    """
    found: list[tuple[str, str, Q, int]] = []
    every = settings.CONFIG.storm_count
    ids = set(warning.members.exclude(source_id=0).values_list("source_id", flat=True))
    for source in Source.objects.filter(pk__in=ids, trusted=False).order_by("id"):
        title = _("%(where)s：同一数据源多起预警") % {"where": source.name}
        found.append((f"source:{source.pk}", title, Q(members__source_id=source.pk), every))
    title = _("%(where)s：短时间多起预警")
    if warning.site is not None:
        found.append(
            (f"site:{warning.site_id}", title % {"where": warning.site.name}, Q(site_id=warning.site_id), every)
        )
        township = _township(warning.site)
        if township is not None:
            within = Q(site__territory__path__startswith=township.path)
            found.append((f"territory:{township.pk}", title % {"where": township.name}, within, OF_A_SITE))
    return found


def _township(site: Site) -> Territory | None:
    """The township a site lies in; None for one placed at the county itself."""
    steps_ = site.territory.path.split(".")
    return Territory.objects.filter(path=".".join(steps_[:2]) + ".").first() if len(steps_) > 2 else None


def _take_in(group: Group, warnings: Sequence[Warning], now: datetime) -> None:
    for one in warnings:
        _join(group, one, now)
        record(STORM, "warning.gathered", ref(one), {"group": group.pk, "cause": group.cause})
    duties.bundle("warning", [one.pk for one in warnings], _bundle(group.pk), apart=APART)
    group.last_at = now
    worst = max([group.lead, *warnings], key=lambda one: one.level)
    if worst.level > group.lead.level:
        group.lead = worst
    group.save(update_fields=["last_at", "lead"])
    _tell(group)


def _bundle(group: int | None) -> str:
    return f"warning_group:{group or ''}"


def keep_together(warning: Warning) -> None:
    """Duties opened for a warning that is in a storm go out with the others'."""
    standing = Membership.objects.filter(warning=warning, left_at__isnull=True, group__kind=Group.Kind.STORM)
    group = standing.select_related("group").first()
    if group is not None:
        duties.bundle("warning", [warning.pk], _bundle(group.group_id), apart=APART)


def _join(group: Group, warning: Warning, now: datetime) -> None:
    Membership.objects.create(group=group, warning=warning, joined_at=now)


def end_groups(now: datetime | None = None) -> None:
    """End what is over: a storm nobody joined for three windows, an event whose members are all closed. What was held
    when it was to be joined to an event, or let go of, is put right."""
    now = now or timezone.now()
    over = _over(now).order_by("last_at", "id")
    steps.each(list(over.values_list("pk", flat=True)[:200]), lambda pk: _end_one(pk, now))
    if duties.astray("warning", _bundle(None), _members(), APART):
        with transaction.atomic():
            steps.fence()
            lock_storms()
            duties.bundle_again("warning", _bundle(None), _members(), APART)


def _members() -> dict[str, list[int]]:
    """Bundle → the warnings whose calls go out together."""
    found: dict[str, list[int]] = defaultdict(list)
    rows = Membership.objects.filter(left_at__isnull=True, group__kind=Group.Kind.STORM, group__ended_at__isnull=True)
    for group, warning in rows.values_list("group_id", "warning_id"):
        found[_bundle(group)].append(warning)
    return found


def _over(now: datetime) -> QuerySet[Group]:
    quiet = now - 3 * timedelta(minutes=settings.CONFIG.storm_minutes)
    living = Membership.objects.filter(left_at__isnull=True, warning__closed_at__isnull=True).values("group_id")
    rows = Group.objects.filter(ended_at__isnull=True)
    return rows.filter(Q(kind=Group.Kind.STORM, last_at__lt=quiet) | ~Q(pk__in=living))


@service
def _end_one(pk: int, now: datetime) -> None:
    steps.fence()
    lock_storms()
    group = Group.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk, ended_at__isnull=True).first()
    # Somebody may have joined it since it was found quiet.
    if group is None or not _over(now).filter(pk=pk).exists():
        return unchanged()
    _end(STORM, group, now)
    _tell(group)
    return None


def _end(actor: Actor, group: Group, now: datetime) -> None:
    """Its members stand for themselves again."""
    count = group.memberships.count()
    duties.bundle(
        "warning", list(group.memberships.filter(left_at__isnull=True).values_list("warning_id", flat=True)), ""
    )
    group.memberships.filter(left_at__isnull=True).update(left_at=now)
    group.ended_at = now
    group.save(update_fields=["ended_at"])
    record(actor, "group.ended", ref(group), {"count": count, "cause": group.cause})


def _open_one(actor: Actor, id: int) -> Warning:
    lock_warnings([id])
    warning: Warning | None = (
        Warning.objects.visible_to(actor).select_for_update(of=("self",), no_key=True).filter(pk=id).first()
    )
    if warning is None:
        raise NotFound("warning", id)
    if warning.closed_at is not None:
        raise Conflict(_("%(number)s 已经关闭") % {"number": warning.number})
    return warning


def _tell(group: Group) -> None:
    events.emit("warning.grouped", ref(group.lead), {"group": group.pk, "kind": group.kind})


def open_groups(actor: Actor) -> QuerySet[Group]:
    """The events the actor sees that go on, and the storms that ended lately."""
    lately = Q(kind=Group.Kind.STORM, ended_at__gte=timezone.now() - SHOWN_AFTER)
    rows = Group.objects.visible_to(actor).filter(Q(ended_at__isnull=True) | lately).select_related("lead__site")
    return rows.order_by("-lead__level", "-begun_at")
