"""What people do with a finding: have it checked on site, and say what was found there."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.falsified.models import Finding, State
from shoutu.county.falsified.services.checking import call_enforcement, end_where_decided, join, open_new
from shoutu.county.falsified.states import TABLE
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.kit.texts import refuse_unprintable
from shoutu.county.ledger.services import record, service
from shoutu.county.places.services import lock_sites

OUTCOMES = (State.REAL, State.FAULT, State.NORMAL)
MOST_NOTE = 1000


def _site_of(actor: Actor, id: int) -> int:
    """Where it is. Raises NotAllowed, NotFound."""
    actor.require("falsified.check")
    site: int | None = Finding.objects.visible_to(actor).filter(pk=id).values_list("site_id", flat=True).first()
    if site is None:
        raise NotFound("falsified_finding", id)
    return site


def _take(actor: Actor, id: int, verb: str) -> Finding:
    """The finding, its site locked. Raises NotFound, NotAllowed, Conflict."""
    lock_sites([_site_of(actor, id)])
    rows = Finding.objects.select_for_update(of=("self",), no_key=True).select_related("site", "point")
    found: Finding = rows.get(pk=id)
    TABLE.step(found.state, verb, actor, found)
    return found


@service
def open_check(actor: Actor, id: int) -> Finding:
    """Have a lead checked on site: it joins the check that is open there, or opens one.

    Raises NotFound, NotAllowed, Conflict.
    """
    found = _take(actor, id, "check")
    if not join(actor, found.site_id, [found]):
        open_new(actor, found.site_id, [found])
    return found


@service
def decide(actor: Actor, id: int, outcome: str, note: str) -> Finding:
    """属实, 设备故障 or 正常, and why. 属实 goes to law enforcement; 正常 is not asked about again for half a year.

    Raises NotFound, NotAllowed, Conflict, Invalid.
    """
    _site_of(actor, id)
    if outcome not in OUTCOMES:
        raise Invalid("outcome", _("其中之一：%(names)s") % {"names": "、".join(OUTCOMES)})
    note = note.strip()
    refuse_unprintable("note", note)
    if not note or len(note) > MOST_NOTE:
        raise Invalid("note", _("写明查了什么、凭什么定，不超过 %(limit)s 个字") % {"limit": MOST_NOTE})
    found = _take(actor, id, outcome)
    if outcome == State.REAL and found.check_on_site is None:
        raise Conflict(_("定“属实”要先到现场：先开现场核查"))
    found.state, found.decided_at, found.decided_by, found.note = outcome, timezone.now(), actor.label[:120], note
    found.save(update_fields=["state", "decided_at", "decided_by", "note"])
    facts = {"outcome": outcome, "point": found.point_id, "beside": found.beside_id}
    record(actor, "falsified.decided", ref(found), facts, {"note": note})
    if found.check_on_site is not None:
        end_where_decided(actor, found.check_on_site, note)
    if outcome == State.REAL:
        call_enforcement(found)
    events.emit("falsified.changed", ref(found), {"state": found.state})
    return found
