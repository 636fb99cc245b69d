"""In what a warning was found: at a stopped or sealed site, in a blasting window. It changes whom it calls, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import steps
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.operation import WATCHED, blasting_until, state_at
from shoutu.county.sites.services.operation import PACK
from shoutu.county.warnings import policies, words
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services.course_of import ENGINE, call_anew, note_uncalled, settle_stage
from shoutu.county.warnings.services.locking import locked_warning

if TYPE_CHECKING:
    from shoutu.county.warnings.services.receiving import Told


def note(warning: Warning, told: Told, calls_for: int | None) -> None:
    """Say in what circumstance this signal speaks; event time decides, so a late signal is judged as it was.

    `calls_for`: the level people are called for by this signal, who are then called as the circumstance asks. None
    where it only speaks: by what those called before were called stays, so that the end of a window is not missed.
    """
    if calls_for is not None:
        warning.circumstance, warning.circumstance_until = "", None
    if told.site is None:
        return
    if told.category == "risk" and told.rule is not None and told.rule.origin.startswith(f"{PACK}/"):
        if calls_for is not None:
            warning.circumstance = "stopped"
        warning.title = f"{told.rule.title} {_measured(warning, told)}".strip()[:200]
        warning.sentence = _tail(warning.sentence, _("立即到场查，不能只当离线。"))
    elif told.category == "fault" and state_at(told.site.pk, told.at) in WATCHED:
        warning.sentence = _tail(warning.sentence, _("场所停产或封闭，到场查明，不能只当离线。"))
    elif told.category == "risk":
        _blasting(warning, told, calls_for)


def _blasting(warning: Warning, told: Told, calls_for: int | None) -> None:
    """In a window. `circumstance_until` is set only where fewer are called because of it, so others are called then."""
    blasting = policies.in_force().blasting
    if blasting is None or told.item not in blasting.items or told.site is None:
        return
    until = blasting_until(told.site.pk, told.at)
    if until is None:
        return
    if calls_for is not None:
        warning.circumstance = "blasting"
        warning.circumstance_until = until if calls_for < blasting.call_from else None
    ends = timezone.localtime(until).strftime("%H:%M")
    warning.sentence = _tail(warning.sentence, _("放炮时段内（至 %(ends)s）。") % {"ends": ends})


def _measured(warning: Warning, told: Told) -> str:
    return words.number(warning.value or 0, _shown(told.unit), told.decimals, warning.threshold)


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit


def _tail(sentence: str, more: str) -> str:
    return f"{sentence[: 400 - len(more)]}{more}"


def windows_changed(site_id: int) -> None:
    """A blasting window was added or revoked: what no window explains any more calls everybody now, not at its end.

    Never later than was told when people were called. Part of the transaction that changes the window.
    """
    lock_sites([site_id])
    now = timezone.now()
    until = blasting_until(site_id, now) or now
    explained = Warning.objects.filter(site_id=site_id, circumstance="blasting", closed_at__isnull=True)
    explained.filter(circumstance_until__gt=until).update(circumstance_until=until)


def blasting_over() -> None:
    """Whatever a blasting window explained and still stands when it is over calls everybody its level asks for."""
    now = timezone.now()
    passed = Warning.objects.filter(circumstance="blasting", circumstance_until__lte=now, closed_at__isnull=True)
    steps.each(list(passed.order_by("id").values_list("pk", flat=True)[:200]), _over)


@service
def _over(pk: int) -> None:
    steps.fence()
    warning = locked_warning(pk)
    until = warning.circumstance_until
    if warning.circumstance != "blasting" or until is None or until > timezone.now() or warning.closed_at is not None:
        return unchanged()
    warning.circumstance, warning.circumstance_until = "", None
    if warning.current_level == 0 and not warning.unknown_now:
        # Most were not called for it: should it come back, they are.
        note_uncalled(warning)
        warning.save(update_fields=["circumstance", "circumstance_until", "below_since"])
        return unchanged()
    record(ENGINE, "warning.blasting_over", ref(warning), {"level": warning.level, "current": warning.current_level})
    # By the level people were called for last: a sensor found false may stand higher, and each rise calls by itself.
    call_anew(ENGINE, warning, warning.level)
    settle_stage(warning)
    return None
