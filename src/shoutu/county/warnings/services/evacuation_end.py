"""停产撤人, its end: work resumed by order or by two persons, or called off where nobody was in danger."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.sites.models import Operation
from shoutu.county.sites.operation import current
from shoutu.county.sites.services.operation import order_of, set_state
from shoutu.county.warnings.models import Evacuation, EvacuationState
from shoutu.county.warnings.services.evacuation import (
    WITHDRAW,
    duties_of,
    lock_evacuation,
    open_at,
    said,
    take_evacuation,
    tell,
)
from shoutu.county.warnings.states_evacuation import not_yet


@service
def resume_work(actor: Actor, evacuation_id: int, note: str) -> Evacuation:
    """复工 by the right level, when nobody is missing and what it was ordered for is gone.

    Where the order stopped the site, this asks for its return and a second person must agree: then it ends
    (`site_works_again`). Where the site stood still before, or was sealed since, it ends now and the site stays so.
    Raises NotFound, NotAllowed, Conflict with what is missing, Invalid without words.
    """
    note = said("note", note, 400, _("写明复工依据，如：验收人、复工令文号"))
    evacuation = take_evacuation(actor, evacuation_id, "resume")
    if stopped_by(evacuation):
        _ask(actor, evacuation, note)
        tell(evacuation)
        return evacuation
    return _end(actor, evacuation, note)


@service
def call_off(actor: Actor, evacuation: Evacuation, note: str) -> Evacuation:
    """End it because every warning that asked for it proved false. The site works again when two persons say so.

    Nothing is left to be called off where all are out, or it has ended, in this very moment.
    """
    evacuation = lock_evacuation(evacuation.pk)
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
    evacuation = open_at(site_id)
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
    for duty in duties_of(evacuation):
        duties.complete(actor, duty.about, [WITHDRAW], "withdraw")
    tell(evacuation)
    return evacuation
