"""What the worker does for duties. Sending has a lane of its own: a slow gateway must not delay a climb."""

from __future__ import annotations

from shoutu.county.duties import services
from shoutu.county.duties.heartbeat import beat_outside
from shoutu.county.duties.services import collecting, findings
from shoutu.county.duties.services.trials import keep_testing
from shoutu.county.kit.steps import step


# Before climbing in its lane: what falls due is judged by a clock that has been looked at.
@step("duties.clock", every=1.0, lane="duties")
def clock() -> None:
    services.mind_clock()


@step("duties.climb", every=0.5, lane="duties", beat="climb")
def climb() -> bool:
    return services.climb_due()


@step("duties.overdue", every=1.0, lane="duties")
def overdue() -> bool:
    return services.overdue_due()


@step("duties.deliver", every=0.5, lane="deliver")
def deliver() -> bool:
    return services.deliver()


@step("duties.end_informed", every=60.0, lane="duties")
def end_informed() -> None:
    services.end_informed()


@step("duties.heartbeat", every=60.0, lane="heartbeat")
def heartbeat() -> None:
    beat_outside()


@step("findings.look", every=2.0, lane="findings")
def look() -> bool:
    return findings.look()


@step("findings.sweep", every=3600.0, lane="findings")
def sweep() -> None:
    findings.sweep()


@step("duties.collect", every=2.0, lane="modems")
def collect() -> None:
    collecting.collect()


@step("duties.trials", every=60.0, lane="deliver")
def trials() -> None:
    keep_testing()
