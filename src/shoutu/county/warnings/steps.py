"""What the worker does for warnings."""

from __future__ import annotations

import time

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Unavailable
from shoutu.county.kit.steps import each, step
from shoutu.county.warnings import evacuations, noise, pieces, services
from shoutu.county.warnings.models import Evacuation, RuleCare
from shoutu.county.warnings.selectors import reporting


@step("warnings.inbox", every=0.05, lane="warnings", beat="inbox", title=_("由信号立警"))
def inbox() -> bool:
    return services.take_in()


@step("warnings.head_count", every=2, lane="head_count", title=_("停产撤人清点"))
def head_count() -> None:
    """Fix how many were in from the persons-underground points. The pipeline is asked outside any transaction."""

    def fix(evacuation: Evacuation) -> None:
        services.fix_head_count(SYSTEM, evacuation.pk, evacuations.told_at_order(evacuation))

    each(evacuations.uncounted(), fix, stops=(Unavailable,))


@step("warnings.groups", every=10.0, lane="duties", title=_("归并同一事件"))
def groups() -> None:
    services.end_groups()


@step("warnings.silences", every=2.0, lane="duties", title=_("静默起止"))
def silences() -> None:
    services.keep_silences()


@step("warnings.blasting", every=5, lane="warnings", title=_("放炮时段"))
def blasting() -> None:
    services.blasting_over()


@step("warnings.rule_review", every=600, lane="rule_review", title=_("催规则复查"))
def rule_review() -> None:
    """Ask for the reviews that are due, by date or because a rule is false too often."""

    def ask(care: RuleCare) -> None:
        if why := noise.why_due(care):
            services.ask_rule_review(care.pk, why)

    each(noise.cares(), ask)


@step("warnings.ask_reports", every=5, lane="ask_reports", title=_("催信息上报"))
def ask_reports() -> None:
    """Ask for the reports whose time has come. In a lane of its own: a slow platform must not delay it.

    What waits for a rank that has no office any more goes on first; what one missed meanwhile is asked for once it has.
    """
    each(reporting.plans_missed(), services.ask_missed)
    each(reporting.plans_left_off(), services.leave_off)
    each(reporting.plans_to_ask(), services.ask_report)


@step("warnings.send_reports", every=1, lane="reports", title=_("发出上报"))
def send_reports() -> bool:
    return services.dispatch_due()


@step("warnings.clean_out", every=3600, lane="clean", title=_("清理旧信号"))
def clean_out() -> bool:
    """A chunk, then a pause as long as it took, so that others get their turn at the database."""
    started = time.monotonic()
    gone = services.clean_out()
    if gone:
        time.sleep(time.monotonic() - started)
    return gone > 0


@step("warnings.pieces", every=3600, lane="rule_review", title=_("清理没传完的照片"))
def old_pieces() -> None:
    """Of photographs nobody went on sending for a week; they were never taken, and their senders were told so."""
    pieces.sweep()
