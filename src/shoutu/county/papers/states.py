"""The life of a licence."""

from __future__ import annotations

from shoutu.county.kit.states import StateTable, Transition
from shoutu.county.papers.models import State

TABLE = StateTable(
    [
        Transition(State.VALID, "correct", None, "licence.edit"),
        Transition(State.VALID, "renew", State.RENEWED, "licence.edit"),
        Transition(State.VALID, "withdraw", State.WITHDRAWN, "licence.edit"),
    ],
    states={one.value: one.label for one in State},
)
