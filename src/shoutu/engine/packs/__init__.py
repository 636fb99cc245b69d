"""Rule packs: policy as data. Text in, pack out; no file is read here and nothing is run.

pack, problems = load(text, "tailings-pond.yaml")
binding = bind(pack, "phreatic_depth", {"grade": 4, "phreatic_control_depth": 6.0})
unmet(pack, {"grade": 4}, {"phreatic_depth": 3})      # what the standard wants monitored here and is not
weakened(pack, "co", binding.rules, limits, {})       # limits of law that these rules reach later than the law says
"""

from .bind import bind, bind_site, value_of
from .check import load
from .explain import explain
from .expressions import ExpressionError
from .limits import Limit, Limits, Weak, load_limits, tightened, weakened
from .model import (
    Binding,
    BoundRule,
    Condition,
    Indicator,
    Missing,
    Pack,
    Parameter,
    Requirement,
    Rule,
    Table,
    Text,
    Unmet,
    Wrong,
)  # fmt: skip
from .required import unmet
from .source import Problem

__all__ = [
    "Binding", "BoundRule", "Condition", "ExpressionError", "Indicator", "Limit", "Limits", "Missing", "Pack",
    "Parameter", "Problem", "Requirement", "Rule", "Table", "Text", "Unmet", "Weak", "Wrong", "bind", "bind_site",
    "explain", "load",
    "load_limits", "tightened", "unmet", "value_of", "weakened",
]  # fmt: skip
