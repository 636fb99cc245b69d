"""What the worker does for sites."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.sites import services


@step("sites.resume", every=5.0, lane="sites", title=_("复工到时生效"))
def resume() -> None:
    services.resume_due()


@step("sites.packs", every=30.0, lane="packs", title=_("读规则包和法定限值"))
def readable_packs() -> None:
    """Here and not in the web process: reading a pack brings the engine along."""
    services.note_unreadable()
