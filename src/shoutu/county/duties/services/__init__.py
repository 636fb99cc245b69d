"""What may be done with duties. Each change is one transaction with its ledger entries and events."""

from shoutu.county.duties.services.acting import (
    Seen,
    answer,
    cancel,
    complete,
    decline,
    done,
    pass_stage,
    recall,
    return_,
    settle,
    take_up_stage,
    verify,
)
from shoutu.county.duties.services.alarms import alarms_are, clear_alarm, raise_alarm
from shoutu.county.duties.services.answering import answer_by, finish_answers, opened, take
from shoutu.county.duties.services.bundling import astray, bundle, bundle_again
from shoutu.county.duties.services.channel_changes import change_channel
from shoutu.county.duties.services.climbing import climb_due, overdue_due
from shoutu.county.duties.services.contacts import (
    add_channel,
    allow_endpoint,
    new_callback_token,
    set_contact,
)
from shoutu.county.duties.services.delivering import deliver
from shoutu.county.duties.services.farewells import tell_old_addresses
from shoutu.county.duties.services.findings import check_findings
from shoutu.county.duties.services.holding import end_informed, hold, inform, let_go
from shoutu.county.duties.services.opening import open_duty, raise_duty
from shoutu.county.duties.services.setback import mind_clock
from shoutu.county.duties.services.trials import start_trials, test_contact, try_numbers

__all__ = [
    "Seen",
    "add_channel",
    "alarms_are",
    "allow_endpoint",
    "answer",
    "answer_by",
    "astray",
    "bundle",
    "bundle_again",
    "cancel",
    "change_channel",
    "check_findings",
    "clear_alarm",
    "climb_due",
    "complete",
    "decline",
    "deliver",
    "done",
    "end_informed",
    "finish_answers",
    "hold",
    "inform",
    "let_go",
    "mind_clock",
    "new_callback_token",
    "open_duty",
    "opened",
    "overdue_due",
    "pass_stage",
    "raise_alarm",
    "raise_duty",
    "recall",
    "return_",
    "set_contact",
    "settle",
    "start_trials",
    "take",
    "take_up_stage",
    "tell_old_addresses",
    "test_contact",
    "try_numbers",
    "verify",
]
