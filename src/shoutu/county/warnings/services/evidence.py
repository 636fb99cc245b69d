"""Evidence of what was seen and done about a warning. Its files are kept before this is called, outside."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, the_one_seen, unchanged
from shoutu.county.warnings.models import Evidence, Origin, Warning
from shoutu.county.warnings.pictures import Kept
from shoutu.county.warnings.services.locking import locked_warning

MOST = 200


class OtherUser(Conflict):
    """A photograph of one user, sent while another is signed in: it waits on the device for its own."""

    code = "evidence.other_user"

    def __init__(self) -> None:
        super().__init__(_("照片是另一个用户拍的，等本人登录再传。"))

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code}


@dataclass(frozen=True)
class Seen:
    """What the device says of the moment: when it took the picture up, and where it stood (WGS 84, metres)."""

    seen_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None
    accuracy_m: float | None = None


def may_add(actor: Actor, warning_id: int) -> None:
    """Before the bytes are taken. Raises NotFound, NotAllowed, Conflict where there are too many."""
    actor.require("evidence.add")
    if not Warning.objects.visible_to(actor).filter(pk=warning_id).exists():
        raise NotFound("warning", warning_id)
    if Evidence.objects.filter(warning_id=warning_id).count() >= MOST:
        raise Conflict(_("一起预警最多 %(limit)d 件证据") % {"limit": MOST})


def _place(evidence: Evidence) -> str:
    """「115.90000, 40.40000 ±12 m」: degrees to about a metre; empty where the device said nothing."""
    if evidence.longitude is None or evidence.latitude is None:
        return ""
    off = "" if evidence.accuracy_m is None else f" ±{evidence.accuracy_m:.0f} m"
    return f"{evidence.longitude:.5f}, {evidence.latitude:.5f}{off}"


@service
def add_evidence(
    actor: Actor,
    warning_id: int,
    kept: Kept,
    origin: str,
    note: str = "",
    seen: Seen | None = None,
    opened_at: datetime | None = None,
) -> Evidence:
    """Seal a kept picture to a warning, closed ones too: proof may come late. The same bytes twice are one piece.

    `opened_at`: of the warning it was taken for. Raises NotFound, NotAllowed, Conflict, Invalid.
    """
    may_add(actor, warning_id)
    if origin not in Origin.values:
        raise Invalid("origin", _("其中之一：%(names)s") % {"names": "、".join(Origin.values)})
    if len(note) > 200:
        raise Invalid("note", _("不超过 %(limit)s 个字") % {"limit": 200})
    warning = locked_warning(warning_id)
    the_one_seen(warning.opened_at, opened_at)
    standing: Evidence | None = Evidence.objects.filter(warning=warning, sha256=kept.sha256).first()
    if standing is not None:
        unchanged()
        return standing
    evidence = Evidence.objects.create(
        warning=warning, sha256=kept.sha256, size=kept.size, kind=kept.kind, width=kept.width, height=kept.height,
        origin=origin, taken_at=kept.taken_at, note=note.strip(), at=timezone.now(), by=actor.label[:120],
        **asdict(seen or Seen()),
    )  # fmt: skip
    facts = {
        "evidence": evidence.pk, "sha256": kept.sha256, "size": kept.size, "kind": kept.kind, "origin": origin,
        "taken_at": kept.taken_at, "seen_at": evidence.seen_at,
    }  # fmt: skip
    # Where somebody stood is about them: erasable, like their words.
    personal = {"note": note.strip()} if note.strip() else {}
    if place := _place(evidence):
        personal["place"] = place
    record(actor, "warning.evidence", ref(warning), facts, personal or None)
    events.emit("warning.changed", ref(warning), {
        "state": warning.state, "level": warning.level, "current": warning.current_level, "number": warning.number,
    })  # fmt: skip
    return evidence
