"""交接班: written by the outgoing one, signed by both; the watch changes hands with the second signature."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Handover, Person, Shift
from shoutu.county.people.roster import incoming_shift
from shoutu.county.people.services.shifts import sign_in
from shoutu.county.people.states import HANDOVER_STATES


@service
def write_handover(actor: Actor, shift: Shift, note: str) -> Handover:
    """Write or change the note of one's own shift, as long as it is not signed. Raises NotAllowed, Conflict."""
    actor.require("shift.sign_in")
    if actor.person_id != shift.person_id:
        raise NotAllowed("shift.sign_in", _("交班记录由当班的人自己写。"))
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).get(pk=shift.pk)
    if shift.signed_in_at is None or shift.cancelled_at is not None:
        raise Conflict(_("先签到上岗，才有可交的班。"))
    if len(note) > 20_000:
        raise Invalid("note", _("不超过 %(limit)s 个字") % {"limit": 20_000})
    handover, made = Handover.objects.get_or_create(shift=shift)
    if handover.state != Handover.State.DRAFT:
        raise Conflict(_("交班记录已经签字，不能再改。"))
    if handover.note == note and not made:
        unchanged()
        return handover
    handover.note = note
    handover.save(update_fields=["note"])
    record(actor, "handover.written", ref(handover), {"shift": shift.pk}, {"note": note} if note else None)
    emit("roster.changed", ref(shift.post))
    return handover


@service
def hand_over(actor: Actor, handover: Handover, figures: dict[str, Any]) -> Handover:
    """The outgoing one signs; `figures` is what stood open then. The watch stays theirs until the other signs."""
    handover, target = _take(actor, handover, "hand")
    now = timezone.now()
    handover.state, handover.handed_at, handover.handed_by = target, now, _signer(actor)
    handover.figures, handover.returned = figures, ""
    handover.save()
    record(
        actor,
        "handover.handed",
        ref(handover),
        {"shift": handover.shift_id, "person": actor.person_id, "figures": figures},
        {"note": handover.note},
    )
    emit("roster.changed", ref(handover.shift.post))
    return handover


@service
def take_over(actor: Actor, handover: Handover) -> Handover:
    """The incoming one signs: is signed in to their shift of the post, the outgoing one signed out. One transaction.

    Raises Conflict when nothing is rostered for them on this post now.
    """
    handover, target = _take(actor, handover, "take")
    shift = incoming_shift(actor, handover.shift.post_id, timezone.now())
    if shift is None:
        raise Conflict(_("这个岗位现在没有排给你的班，先让排班的人换班。"))
    if shift.signed_in_at is None:
        sign_in(actor, shift)
    outgoing = Shift.objects.get(pk=handover.shift_id)
    if outgoing.signed_out_at is None:
        # By virtue of the handover both have signed, not of the roster right.
        outgoing.signed_out_at = timezone.now()
        outgoing.save(update_fields=["signed_out_at"])
        record(
            actor,
            "shift.signed_out",
            ref(outgoing),
            {"post": outgoing.post_id, "person": outgoing.person_id, "handover": handover.pk},
        )
    handover.state, handover.taken_at, handover.taken_by = target, timezone.now(), _signer(actor)
    handover.incoming = shift
    handover.save()
    record(
        actor,
        "handover.taken",
        ref(handover),
        {"shift": handover.shift_id, "incoming": shift.pk, "person": actor.person_id},
        {"note": handover.note},
    )
    emit("roster.changed", ref(handover.shift.post))
    return handover


@service
def return_handover(actor: Actor, handover: Handover, reason: str) -> Handover:
    """The incoming one does not accept it: it goes back to be amended. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid("reason", _("必填"))
    handover, target = _take(actor, handover, "return")
    handover.state, handover.handed_at, handover.handed_by = target, None, None
    handover.returned = reason.strip()[:400]
    handover.save()
    record(actor, "handover.returned", ref(handover), {"shift": handover.shift_id}, {"reason": handover.returned})
    emit("roster.changed", ref(handover.shift.post))
    return handover


def _take(actor: Actor, handover: Handover, verb: str) -> tuple[Handover, str]:
    row = (
        Handover.objects.select_for_update(of=("self",), no_key=True).select_related("shift__post").get(pk=handover.pk)
    )
    return row, HANDOVER_STATES.step(row.state, verb, actor, row)


def _signer(actor: Actor) -> Person:
    return Person.objects.get(pk=actor.person_id or 0)
