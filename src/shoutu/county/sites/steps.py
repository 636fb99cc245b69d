"""What the worker does for sites."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.sites import services


@step("sites.resume", every=5.0, lane="sites", title=_("复工到时生效"))
def resume() -> None:
    services.resume_due()
