"""What the worker does for imports, in a lane of its own: a file is never in the way of a call."""

from __future__ import annotations

from shoutu.county.exchange import services
from shoutu.county.kit.steps import step


@step("exchange.work", every=0.5, lane="exchange")
def work() -> bool:
    return services.work()


@step("exchange.clean", every=3600, lane="exchange")
def clean() -> None:
    services.clean()
