"""What the worker does for papers: calls whoever holds what is about to lapse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.papers import services


@step("papers.lapsing", every=60.0, lane="people", title=_("派出到期证照"))
def lapsing() -> bool:
    return services.call_lapsing()
