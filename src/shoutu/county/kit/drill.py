"""Whether this is a drill copy of a county (演练副本): everything works but that nothing leaves the house.

Said by the installation alone (`shoutu restore --drill`, `SHOUTU_DRILL`), never by the interface. Whatever reaches out
asks here first: messages, reports upward, heads for witnesses, the sign of life, what modems hold.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _


def drilling() -> bool:
    """Whether this copy must reach nobody outside."""
    return bool(settings.CONFIG.drill)


def words() -> str:
    """Why something was not sent."""
    return _("演练副本，不外呼")
