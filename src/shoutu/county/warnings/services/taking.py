"""What each act of a person upon a warning begins with: may they, now, and what they write about it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services.locking import locked_warning
from shoutu.county.warnings.states import TABLE

REMARK_MAX = 2000


def take(actor: Actor, warning_id: int, verb: str) -> Warning:
    """The warning, locked. Raises NotFound, NotAllowed, Conflict with the reason."""
    if not Warning.objects.visible_to(actor).filter(pk=warning_id).exists():
        raise NotFound("warning", warning_id)
    warning = locked_warning(warning_id)
    TABLE.step(warning.state, verb, actor, warning)
    return warning


def remark(note: str) -> dict[str, str] | None:
    """Words for the erasable side of an entry; None where nothing was written. Raises Invalid."""
    if len(note) > REMARK_MAX:
        raise Invalid("note", _("不超过 %(limit)s 个字") % {"limit": REMARK_MAX})
    return {"note": note} if note.strip() else None
