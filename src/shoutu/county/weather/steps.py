"""What the worker does for weather, in a lane of its own: a county in a storm holds up no sensor's warning."""

from __future__ import annotations

from shoutu.county.kit.steps import step
from shoutu.county.weather import services


@step("weather.call", every=0.5, lane="weather")
def call() -> None:
    services.call_due()


@step("weather.expire", every=5, lane="weather")
def expire() -> None:
    services.expire_due()
