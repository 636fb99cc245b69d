"""What each act of a person upon a warning begins with: may they, now, and what they write about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid, NotFound, Overtaken
from shoutu.county.ledger.services import the_one_seen
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services.locking import locked_warning
from shoutu.county.warnings.states import TABLE

REMARK_MAX = 2000


@dataclass(frozen=True)
class Seen:
    """What somebody saw of a warning when they did what may come hours later. `opened_at`: which it was."""

    level: int
    episode: int
    result: str | None
    opened_at: datetime | None = None


def take(actor: Actor, warning_id: int, verb: str, seen: Seen | None = None) -> Warning:
    """The warning, locked. Raises NotFound, NotAllowed, Conflict with the reason.

    Overtaken it is where people were called anew since it was `seen`: who knows of the yellow does not know of
    the red. And where somebody else has verified it since: the later to arrive does not speak over the other unread.
    """
    if not Warning.objects.visible_to(actor).filter(pk=warning_id).exists():
        raise NotFound("warning", warning_id)
    warning = locked_warning(warning_id)
    if seen is not None:
        the_one_seen(warning.opened_at, seen.opened_at)
    TABLE.step(warning.state, verb, actor, warning)
    if seen is not None:
        if warning.level > seen.level or warning.episode > seen.episode:
            raise Overtaken(_("情况变了，已重新呼叫：这是按以前看到的办的，看了现在的情况再办"))
        if verb == "verify" and warning.result != seen.result:
            raise Overtaken(_("情况变了，已另有核实结果：看了现在的情况再办"))
    return warning


def remark(note: str) -> dict[str, str] | None:
    """Words for the erasable side of an entry; None where nothing was written. Raises Invalid."""
    if len(note) > REMARK_MAX:
        raise Invalid("note", _("不超过 %(limit)s 个字") % {"limit": REMARK_MAX})
    return {"note": note} if note.strip() else None
