"""What the worker does for duties. Sending has a lane of its own: a slow gateway must not delay a climb."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import services
from shoutu.county.duties.heartbeat import beat_outside
from shoutu.county.duties.services import collecting, findings, policies
from shoutu.county.duties.services.trials import keep_testing
from shoutu.county.kit.steps import step


# Before climbing in its lane: what falls due is judged by a clock that has been looked at.
@step("duties.clock", every=1.0, lane="duties", title=_("看时钟准不准"))
def clock() -> None:
    services.mind_clock()


# Before climbing, too, so that nobody further up is called for what somebody has answered; for a second at most.
@step("duties.answers", every=0.5, lane="duties", title=_("把应答办完"))
def answers() -> bool:
    return services.finish_answers()


@step("duties.climb", every=0.5, lane="duties", beat="climb", title=_("逐级上叫"))
def climb() -> bool:
    return services.climb_due()


@step("duties.overdue", every=1.0, lane="duties", title=_("记超时"))
def overdue() -> bool:
    return services.overdue_due()


@step("duties.deliver", every=0.5, lane="deliver", title=_("发出呼叫"))
def deliver() -> bool:
    return services.deliver()


@step("duties.farewells", every=5.0, lane="farewells", title=_("告知旧联系方式"))
def farewells() -> bool:
    return services.tell_old_addresses()


@step("duties.end_informed", every=60.0, lane="duties", title=_("了结知会"))
def end_informed() -> None:
    services.end_informed()


@step("duties.heartbeat", every=60.0, lane="heartbeat", title=_("对外报平安"))
def heartbeat() -> None:
    beat_outside()


@step("findings.look", every=2.0, lane="findings", title=_("查缺项"))
def look() -> bool:
    return findings.look()


@step("findings.sweep", every=3600.0, lane="findings", title=_("逐项重查缺项"))
def sweep() -> None:
    findings.sweep()


@step("duties.collect", every=2.0, lane="modems", title=_("从短信猫收信"))
def collect() -> None:
    collecting.collect()


@step("duties.trials", every=60.0, lane="deliver", title=_("试叫"))
def trials() -> None:
    keep_testing()


@step("duties.policies", every=5.0, lane="packs", title=_("看响应方案文件改没改"))
def look_at_policies() -> None:
    policies.look()
