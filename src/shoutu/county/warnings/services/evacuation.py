"""停产撤人, the order: people are called out, and whoever is called stays so until nobody is missing.

How they are counted is in `evacuation_count`, how it ends in `evacuation_end`.
The number of those in is fixed at the order and never guessed: unknown is not zero. Every step is one entry.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.policy import snapshot
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.places.services import lock_sites
from shoutu.county.sites.services.operation import stop_by_order
from shoutu.county.warnings import policies
from shoutu.county.warnings.models import Evacuation, Warning
from shoutu.county.warnings.services.taking import remark, take
from shoutu.county.warnings.states_evacuation import EVACUATION

log = logging.getLogger(__name__)
WITHDRAW = "warning.withdraw"


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
    standing = open_at(warning.site_id)
    facts = {"warning": warning.number, "level": warning.level}
    if standing is None:
        evacuation = Evacuation.objects.create(
            site_id=warning.site_id, level=warning.level, ordered_at=timezone.now(), ordered_by=actor.label[:120]
        )
        evacuation.warnings.add(warning)
        record(actor, "evacuation.ordered", ref(evacuation), facts, personal)
        _stop(actor, evacuation, warning)
        call_out(actor, evacuation)
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
    tell(evacuation)
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


def open_at(site_id: int) -> Evacuation | None:
    """The site's withdrawal that has not ended, locked."""
    found: Evacuation | None = (
        Evacuation.objects.select_for_update(of=("self",), no_key=True)
        .filter(site_id=site_id, resumed_at__isnull=True)
        .first()
    )
    return found


def _lane() -> dict[str, Any]:
    texts = policies.SOURCE.texts()  # once: between two askings another text may be agreed to
    return snapshot(policies.evacuation(texts).lane, policies.SOURCE.of(texts))


def call_out(actor: Actor, evacuation: Evacuation) -> None:
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
    for duty in duties_of(evacuation):
        duties.raise_duty(actor, duty, _lane(), evacuation.level, duty.title, missing_words(evacuation))


def duties_of(evacuation: Evacuation) -> list[Duty]:
    """Its open duties."""
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


def tell(evacuation: Evacuation) -> None:
    """The desk's line and every page that shows the number."""
    why = missing_words(evacuation)
    for duty in duties_of(evacuation):
        Duty.objects.filter(pk=duty.pk).update(why=why)
        events.emit("duty.changed", ref(duty), {"state": duty.state, "level": duty.level})
    events.emit("evacuation.changed", ref(evacuation), {"state": evacuation.state, "missing": evacuation.missing})
    for warning in evacuation.warnings.filter(closed_at__isnull=True):
        facts = {"state": warning.state, "level": warning.level, "current": warning.current_level}
        events.emit("warning.changed", ref(warning), {**facts, "number": warning.number})


def take_evacuation(actor: Actor, evacuation_id: int, verb: str) -> Evacuation:
    """The evacuation, locked. Raises NotFound, NotAllowed, Conflict with the reason."""
    if not Evacuation.objects.visible_to(actor).filter(pk=evacuation_id).exists():
        raise NotFound("evacuation", evacuation_id)
    evacuation = lock_evacuation(evacuation_id)
    EVACUATION.step(evacuation.state, verb, actor, evacuation)
    return evacuation


def lock_evacuation(evacuation_id: int) -> Evacuation:
    """Its site first, as everywhere: the end of a withdrawal changes what the site is doing."""
    lock_sites(Evacuation.objects.filter(pk=evacuation_id).values_list("site_id", flat=True))
    found: Evacuation = Evacuation.objects.select_for_update(of=("self",), no_key=True).get(pk=evacuation_id)
    return found


def said(field: str, text: str, limit: int, needed: str = "") -> str:
    """The text without what surrounds it. Raises Invalid: `needed` says what is wanted where it must not be empty."""
    text = text.strip()
    if needed and not text:
        raise Invalid(field, needed)
    if len(text) > limit:
        raise Invalid(field, _("不超过 %(limit)s 个字") % {"limit": limit})
    return text
