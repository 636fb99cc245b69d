"""Many calls to one person for one cause go out as one message that names the worst and counts the rest.

Every call keeps its own row, rung, clock and receipt. Of the messages waiting for one address within one bundle the
worst, the *head*, is sent, and the others go along with it, its *passengers*. Whatever becomes of the head they follow,
or they are let off and sent themselves.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties.models import OPEN, CallState, Duty, Notice, Step
from shoutu.county.duties.services.calling import LEVEL_WORDS, message

log = logging.getLogger(__name__)
RED = 4


def bundle(about_type: str, ids: Collection[int], key: str, *, apart: Collection[str] = ()) -> None:
    """Let the calls of these subjects' open duties go out together from now on; an empty `key` ends it.

    Duties of the kinds `apart` keep messages of their own. Called in the transaction of whoever says they belong
    together, which leaves the entry. A duty somebody holds just now is passed over, for whoever says so may hold what
    others wait for: until `bundle_again` comes round its messages go by themselves, or along with the wrong ones.
    """
    rows = Duty.objects.filter(about_type=about_type, about_id__in=ids, state__in=OPEN)
    rows = rows.exclude(kind__in=apart).exclude(bundle=key)
    _set(rows, key)


def bundle_again(about_type: str, prefix: str, belongs: Mapping[str, Collection[int]], apart: Collection[str]) -> None:
    """Put right what was passed over: of the bundles whose keys begin so, these and no others belong together.

    Called by the worker; what is held again waits for the next time.
    """
    for rows, key in _astray(about_type, prefix, belongs, apart):
        _set(rows, key)


def astray(about_type: str, prefix: str, belongs: Mapping[str, Collection[int]], apart: Collection[str]) -> bool:
    """Whether `bundle_again` would find anything to put right."""
    return any(rows.exists() for rows, _key in _astray(about_type, prefix, belongs, apart))


def _astray(
    about_type: str, prefix: str, belongs: Mapping[str, Collection[int]], apart: Collection[str]
) -> Iterator[tuple[QuerySet[Duty], str]]:
    open_ = Duty.objects.filter(about_type=about_type, state__in=OPEN)
    strays = open_.filter(bundle__startswith=prefix)
    for key, ids in belongs.items():
        strays = strays.exclude(bundle=key, about_id__in=ids)
        yield open_.filter(about_id__in=ids).exclude(kind__in=apart).exclude(bundle=key), key
    yield strays, ""


def _set(rows: QuerySet[Duty], key: str) -> None:
    # In the order of their ids, as everybody who locks several duties.
    free = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("id")
    Duty.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(bundle=key)


def passengers(head: Notice) -> QuerySet[Notice]:
    """What goes along with this message, the worst first."""
    rows = Notice.objects.filter(carried_by=head).select_related("call__duty", "call__post__organisation", "person")
    return rows.order_by("-level", "call__due_at", "id")


def gather(due: QuerySet[Notice], now: datetime) -> None:
    """See `_gather`. Whatever fails here must keep no message from being sent: it is logged, each goes by itself."""
    try:
        with transaction.atomic():
            _gather(due, now)
    except OperationalError:
        raise
    except Exception:
        log.exception("messages could not be gathered")


def _gather(due: QuerySet[Notice], now: datetime) -> None:
    """Put what is due into as few messages as there are addresses and bundles. Called before messages are claimed.

    What waits while the same address had a message of the same bundle at its level or worse within
    `SHOUTU_STORM_PAUSE_S` waits until that pause is over, once; a red and a 追叫 never wait.
    """
    left = Notice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
        step=Step.QUEUED,
        carried_by__isnull=False,
        carried_by__next_try_at__isnull=True,
        next_try_at__isnull=True,
        carried_by__said="",
    )
    # Locked first: one answered in this moment must not be put back.
    if ids := [one.pk for one in left.only("pk")]:
        Notice.objects.filter(pk__in=ids).update(carried_by=None, next_try_at=now)
    bundled = due.filter(tries=0).exclude(call__isnull=True).exclude(call__duty__bundle="")
    keys = set(bundled.values_list("contact_id", "call__duty__bundle"))
    if not keys:
        return
    waiting: dict[tuple[int | None, str], list[Notice]] = defaultdict(list)
    # Who answers just now holds some of these rows: they are passed over, and nobody waits for the other.
    rows = Notice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
        step=Step.QUEUED, tries=0, starts_at__lte=now, next_try_at__isnull=False,
        contact_id__in={contact for contact, _key in keys}, call__duty__bundle__in={key for _contact, key in keys},
    )  # fmt: skip
    for notice in rows.select_related("call__duty").order_by("-level", "call__due_at", "id"):
        assert notice.call is not None
        waiting[notice.contact_id, notice.call.duty.bundle].append(notice)
    said, pause = _said(keys, now), timedelta(seconds=settings.CONFIG.storm_pause_s)
    for place in keys:
        if not waiting[place]:
            continue
        head, *rest = waiting[place]
        before = [at for level, at in said[place] if level >= head.level]
        if before and not _urgent(head) and not any(_urgent(one) for one in rest):
            later = max(before) + pause
            Notice.objects.filter(pk__in=[one.pk for one in waiting[place]]).update(next_try_at=later)
        else:
            _board(head, rest, now)


def _said(
    keys: Collection[tuple[int | None, str]], now: datetime
) -> dict[tuple[int | None, str], list[tuple[int, datetime]]]:
    """Level and time of what each address was told of each bundle within the pause."""
    found: dict[tuple[int | None, str], list[tuple[int, datetime]]] = defaultdict(list)
    rows = Notice.objects.filter(
        contact_id__in={contact for contact, _key in keys}, call__duty__bundle__in={key for _contact, key in keys},
        carried_by__isnull=True, handed_over_at__gt=now - timedelta(seconds=settings.CONFIG.storm_pause_s),
        # What the clock says is still to come was said before it was set back: nothing waits for that.
        handed_over_at__lte=now,
    )  # fmt: skip
    for contact, key, level, at in rows.exclude(step=Step.FAILED).values_list(
        "contact_id", "call__duty__bundle", "level", "handed_over_at"
    ):
        if at is not None:
            found[contact, key].append((level, at))
    return found


def _urgent(notice: Notice) -> bool:
    return notice.level >= RED or (notice.call is not None and notice.call.times > 1)


def _board(head: Notice, rest: list[Notice], now: datetime) -> None:
    """`rest` goes along with `head`, and so does what went along with one of them."""
    ids = [one.pk for one in rest]
    if not ids and head.next_try_at is not None and head.next_try_at <= now:
        return  # Nothing joins it: hundreds may wait so for a slow channel, and each pass would write them all.
    if ids:
        # One that is held by its answer meanwhile stays: its head waits no more, so it is let off with the next look.
        theirs = Notice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
            carried_by__in=ids
        )
        ids += [one.pk for one in theirs.only("pk")]
        Notice.objects.filter(pk__in=ids).update(carried_by=head, next_try_at=None)
    head.text = text(head)
    head.next_try_at = min(head.next_try_at or now, now)
    Notice.objects.filter(pk=head.pk).update(text=head.text, next_try_at=head.next_try_at)


def text(head: Notice) -> str:
    """The worst in full, the soonest limit of all, and how many there are of each level."""
    assert head.call is not None
    # Of a call that is over (it was made anew for something worse, or called off) nobody need be told.
    along = [one.call for one in passengers(head) if one.call is not None and one.call.state == CallState.CALLING]
    if not along:
        return message(head.call.duty, head.call)
    calls = [head.call, *along]
    # One warning may call the same person twice, to verify and to dispose: it is one warning.
    levels = {(call.duty.about_type, call.duty.about_id): call.duty.level for call in calls}
    counted = Counter(levels.values())
    each = "、".join(f"{LEVEL_WORDS.get(level, '')} {counted[level]} 起" for level in sorted(counted, reverse=True))
    if any(levels.values()):
        more = _("同一事件共 %(count)s 起：%(each)s，一次全部应答") % {"count": len(levels), "each": each}
    else:  # what no warning is behind has no level
        more = _("同类共 %(count)s 件，一次全部应答") % {"count": len(levels)}
    return message(head.call.duty, head.call, due_at=min(call.due_at for call in calls), more=more)


def aboard(head: Notice) -> list[Notice]:
    """This message and what goes along with it and still waits for an answer.

    Without the head where its own call is over: its duty may be calling anew for something worse.
    """
    along = list(passengers(head).filter(call__state=CallState.CALLING, call__duty__state__in=OPEN))
    over = head.call is not None and head.call.state != CallState.CALLING
    return along if along and over else [head, *along]


_LADDER = [Step.QUEUED, Step.HANDED_OVER, Step.DELIVERED, Step.SEEN]


def follow(head: Notice, step: Step, **came: object) -> list[Notice]:
    """The head has come to this step of the receipt ladder, and so have its passengers. Returns those that moved."""
    below = _LADDER[: _LADDER.index(step)]
    rows = list(passengers(head).filter(step__in=below).select_for_update(of=("self",), no_key=True).order_by("id"))
    for one in rows:
        one.step, one.at = step, timezone.now()
        for name, value in came.items():
            setattr(one, name, value)
    Notice.objects.bulk_update(rows, ["step", "at", *came])
    return rows


def part(head: Notice, *, final: bool) -> list[Notice]:
    """The head has failed for good: what waited with it through all its tries, or to the same dead end, has too.

    What joined later is let off and tried itself. Returns those that failed.
    """
    rows = passengers(head).filter(step__in=[Step.QUEUED, Step.HANDED_OVER])
    if not final:
        rows.filter(queued_at__gt=F("carried_by__queued_at")).update(carried_by=None, next_try_at=timezone.now())
        rows = rows.filter(queued_at__lte=F("carried_by__queued_at"))
    failed = list(rows.select_for_update(of=("self",), no_key=True).order_by("id"))
    now = timezone.now()
    for one in failed:
        one.step, one.at, one.failed_at, one.next_try_at, one.detail = Step.FAILED, now, now, None, head.detail
    Notice.objects.bulk_update(failed, ["step", "at", "failed_at", "next_try_at", "detail"])
    return failed
