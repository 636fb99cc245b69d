"""Rule packs: policy as data. Text in, pack out; no file is read here and nothing is run.

pack, problems = load(text, "tailings-pond.yaml")
binding = bind(pack, "phreatic_depth", {"grade": 4, "phreatic_control_depth": 6.0})
"""

from .bind import bind
from .check import load
from .explain import explain
from .expressions import ExpressionError
from .model import Binding, BoundRule, Indicator, Missing, Pack, Parameter, Rule, Table, Text, Wrong
from .source import Problem

__all__ = [
    "Binding", "BoundRule", "ExpressionError", "Indicator", "Missing", "Pack", "Parameter", "Problem", "Rule", "Table",
    "Text", "Wrong", "bind", "explain", "load",
]  # fmt: skip
