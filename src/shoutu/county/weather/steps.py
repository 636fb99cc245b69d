"""What the worker does for weather, in a lane of its own: a county in a storm holds up no sensor's warning."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.weather import services


@step("weather.call", every=0.5, lane="weather", title=_("气象预警叫应"))
def call() -> None:
    services.call_due()


@step("weather.expire", every=5, lane="weather", title=_("气象预警到期"))
def expire() -> None:
    services.expire_due()
