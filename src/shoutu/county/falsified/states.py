"""The life of a finding."""

from __future__ import annotations

from shoutu.county.falsified.models import UNDECIDED, State
from shoutu.county.kit.states import StateTable, Transition

TABLE = StateTable(
    [
        Transition(State.LEAD, "check", State.CHECKING, "falsified.check"),
        Transition(UNDECIDED, "real", State.REAL, "falsified.check"),
        Transition(UNDECIDED, "fault", State.FAULT, "falsified.check"),
        Transition(UNDECIDED, "normal", State.NORMAL, "falsified.check"),
    ],
    states={one.value: one.label for one in State},
)
