"""What the command screen tells the rest: its entry in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.ledger import verbs

verbs.register({"screen.sound_acknowledged": _("听到警报，消音")})
