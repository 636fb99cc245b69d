"""What may be done with warnings, and how signals become them."""

from shoutu.county.warnings.services.acting import (
    close,
    dispose,
    feedback,
    note_answered,
    recall,
    rule_changed,
    send_back,
    verify,
)
from shoutu.county.warnings.services.circumstance import blasting_over
from shoutu.county.warnings.services.cleaning import clean_out
from shoutu.county.warnings.services.dispatching import dispatch_due
from shoutu.county.warnings.services.evacuation import order_withdrawal
from shoutu.county.warnings.services.evacuation_count import (
    add_people,
    confirm_by_positioning,
    confirm_out,
    fix_head_count,
    propose_fewer,
    set_head_count,
    take_back,
)
from shoutu.county.warnings.services.evacuation_end import resume_work
from shoutu.county.warnings.services.evidence import add_evidence
from shoutu.county.warnings.services.grouping import answer_all, end_groups, merge, split
from shoutu.county.warnings.services.inbox import retry, take_in
from shoutu.county.warnings.services.marks import let_out
from shoutu.county.warnings.services.noise import ask_rule_review, review_rule, set_care
from shoutu.county.warnings.services.orders import end_order, enter_order, follow_duties, give_order
from shoutu.county.warnings.services.orders_webhook import take_order
from shoutu.county.warnings.services.reports import ask_missed, ask_report, leave_off
from shoutu.county.warnings.services.reports_offices import set_superior
from shoutu.county.warnings.services.reports_receipts import note_receipt, send_again, tell_by_hand
from shoutu.county.warnings.services.reports_sending import send_report
from shoutu.county.warnings.services.setback import clock_set_back
from shoutu.county.warnings.services.silencing import ask_silence, keep_silences, revoke_silence

__all__ = [
    "add_evidence",
    "add_people",
    "answer_all",
    "ask_missed",
    "ask_report",
    "ask_rule_review",
    "ask_silence",
    "blasting_over",
    "clean_out",
    "clock_set_back",
    "close",
    "confirm_by_positioning",
    "confirm_out",
    "dispatch_due",
    "dispose",
    "end_groups",
    "end_order",
    "enter_order",
    "feedback",
    "fix_head_count",
    "follow_duties",
    "give_order",
    "keep_silences",
    "leave_off",
    "let_out",
    "merge",
    "note_answered",
    "note_receipt",
    "order_withdrawal",
    "propose_fewer",
    "recall",
    "resume_work",
    "retry",
    "review_rule",
    "revoke_silence",
    "rule_changed",
    "send_again",
    "send_back",
    "send_report",
    "set_care",
    "set_head_count",
    "set_superior",
    "split",
    "take_back",
    "take_in",
    "take_order",
    "tell_by_hand",
    "verify",
]
