"""What may be done with licences: entered, corrected, renewed, withdrawn; and who is called before one lapses."""

from shoutu.county.papers.services.lapsing import call_lapsing, settle_lapse
from shoutu.county.papers.services.licences import (
    Content,
    check_content,
    correct_licence,
    enter_licence,
    renew_licence,
    withdraw_licence,
)

__all__ = [
    "Content",
    "call_lapsing",
    "check_content",
    "correct_licence",
    "enter_licence",
    "renew_licence",
    "settle_lapse",
    "withdraw_licence",
]
