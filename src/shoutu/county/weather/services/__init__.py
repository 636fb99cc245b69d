"""What may be done with weather warnings. Each change is one transaction with its ledger entries and events."""

from shoutu.county.weather.services.calling import answer_together, call_due, recall
from shoutu.county.weather.services.receiving import Draft, expire_due, lift, note_refused, place, take

__all__ = [
    "Draft",
    "answer_together",
    "call_due",
    "expire_due",
    "lift",
    "note_refused",
    "place",
    "recall",
    "take",
]
