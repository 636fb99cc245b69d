"""What the worker does for the ledger: seal, hand heads to witnesses, close the hour of the access log."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.steps import step
from shoutu.county.ledger.selectors.overview import last_check
from shoutu.county.ledger.selectors.tree import head
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.services import checking, taking
from shoutu.county.ledger.services.access import close_hours
from shoutu.county.ledger.services.seal import BATCH, seal
from shoutu.county.ledger.services.witness import hand_out_due

CHECK_AGAIN = timedelta(hours=6)


@step("ledger.seal", every=0.3, lane="ledger", title=_("封账"))
def seal_waiting() -> bool:
    return seal() == BATCH


@step("ledger.witness", every=20, lane="witness", title=_("送树头给见证方"))
def witnesses() -> bool:
    hand_out_due()
    return False


@step("backup.work", every=1.0, lane="backup", title=_("备份"))
def back_up() -> bool:
    taking.work()
    return False


@step("ledger.access", every=60, lane="ledger", title=_("封存查阅日志"))
def access() -> bool:
    close_hours()
    return False


@step("ledger.check", every=60, lane="ledger-check", title=_("核对账本"))
def check() -> bool:
    """The whole record against its signed heads, a few times a day: damage is noticed while other copies are fresh.

    Also whenever the record has doubled since, so that a new one is checked soon, at a cost that stays in proportion.
    """
    newest, last = head(), last_check()
    if newest is None:
        return False
    if last and last["at"] > timezone.now() - CHECK_AGAIN and newest.size < 2 * last["size"]:
        return False
    checking.keep(verify())
    return False


@step("ledger.check_asked", every=1.0, lane="ledger-check", title=_("核对账本（有人要求）"))
def check_asked() -> bool:
    checking.work()
    return False
