"""What may be done on the command screen: switch off the alarm sound, which stands in the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.screen.models import SoundAck
from shoutu.county.screen.selectors.alarms import sounding
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services.locking import lock_warnings


@service
def acknowledge(actor: Actor, ids: Iterable[int]) -> list[int]:
    """Switch off the alarms of these warnings; those that do not sound (any more) are passed over.

    It answers no call and stops no clock: only the sound. Returns the ids acknowledged now. Raises Invalid.
    """
    actor.require("screen.acknowledge")
    wanted = set(ids)
    if not wanted:
        raise Invalid("warnings", _("至少一条预警"))
    # Their sites first, then they in the order of their ids: two desks pressing at once write one line each warning.
    lock_warnings(sorted(wanted))
    list(
        Warning.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk")
    )
    heard = [warning for warning in sounding(actor) if warning.pk in wanted]
    now = timezone.now()
    for warning in heard:
        SoundAck.objects.create(
            warning=warning, episode=warning.episode, level=warning.level, at=now, by_id=actor.user_id
        )
        record(actor, "screen.sound_acknowledged", ref(warning), {"episode": warning.episode, "level": warning.level})
        emit("screen.sound_acknowledged", ref(warning))
    if not heard:
        unchanged()
    return [warning.pk for warning in heard]
