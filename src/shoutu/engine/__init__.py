"""The engine wing: rules over readings become level transitions. No I/O, no clock of its own, no Django."""

from .core import POINT_STATE_DTYPE, Engine, SnapshotError, warm_up
from .params import ParamError
from .ruleset import Options, PointSpec, Problem, RuleSet, RuleSpec
from .signals import SIGNAL_DTYPE, Signals, empty_signals, signal_id, signal_to_dict

__all__ = [
    "POINT_STATE_DTYPE", "SIGNAL_DTYPE", "Engine", "Options", "ParamError", "PointSpec", "Problem", "RuleSet",
    "RuleSpec", "Signals", "SnapshotError", "empty_signals", "signal_id", "signal_to_dict", "warm_up",
]  # fmt: skip
