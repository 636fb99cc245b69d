"""Which warnings sound on the command screen."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from shoutu.county.kit.actors import Actor
from shoutu.county.screen.models import SoundAck
from shoutu.county.warnings.models import Warning

SOUNDS_FROM = 3
"""Orange and red sound; blue and yellow are seen."""


def sounding(actor: Actor) -> list[Warning]:
    """Open orange and red risks whose alarm nobody has switched off at this level of this calling, worst first."""
    heard = SoundAck.objects.filter(warning=OuterRef("pk"), episode=OuterRef("episode"), level__gte=OuterRef("level"))
    rows = Warning.objects.visible_to(actor).filter(
        ~Exists(heard), category="risk", closed_at__isnull=True, level__gte=SOUNDS_FROM
    )
    return list(rows.select_related("site").order_by("-level", "opened_at", "pk"))
