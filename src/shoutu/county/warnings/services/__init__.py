"""What may be done with warnings, and how signals become them."""

from shoutu.county.warnings.services.acting import (
    close,
    dispose,
    feedback,
    note_answered,
    recall,
    rule_changed,
    verify,
)
from shoutu.county.warnings.services.cleaning import clean_out
from shoutu.county.warnings.services.inbox import retry, take_in

__all__ = [
    "clean_out",
    "close",
    "dispose",
    "feedback",
    "note_answered",
    "recall",
    "retry",
    "rule_changed",
    "take_in",
    "verify",
]
