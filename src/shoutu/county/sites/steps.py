"""What the worker does for sites."""

from __future__ import annotations

from shoutu.county.kit.steps import step
from shoutu.county.sites import services


@step("sites.resume", every=5.0, lane="sites")
def resume() -> None:
    services.resume_due()
