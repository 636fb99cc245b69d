"""The tiny arithmetic a pack may use: numbers, names, + − × ÷, parentheses, min and max. Never runs Python."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping

LONGEST = 200
_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


class ExpressionError(ValueError):
    """An expression cannot be read or has no finite value; the message says why."""


def names(text: str) -> list[str]:
    """The parameters an expression speaks of, in order of appearance. Raises ExpressionError if it is not one."""
    found: list[str] = []

    def note(name: str) -> float:
        found.append(name)
        return math.pi  # any number will do, but one that hardly makes a denominator zero

    try:
        _walk(_parse(text), note)
    except (ZeroDivisionError, OverflowError) as error:
        raise ExpressionError(f"{text}: {error}") from None
    return list(dict.fromkeys(found))


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """The value of an expression. Raises ExpressionError, also when the value is not finite; KeyError for a name."""
    try:
        result = _walk(_parse(text), lambda name: values[name])
    except (ZeroDivisionError, OverflowError) as error:
        raise ExpressionError(f"{text}: {error}") from None
    if not math.isfinite(result):
        raise ExpressionError(f"{text}: the value is not a finite number")
    return float(f"{result:.12g}")  # 6.0 × 1.1 is 6.6 to whoever reads it


def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"{text!r} is not arithmetic of parameters, such as control_depth * 1.1") from None


def _walk(node: ast.expr, look_up: Callable[[str], float]) -> float:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return look_up(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_walk(operand, look_up)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
            return _OPERATIONS[type(operator)](_walk(left, look_up), _walk(right, look_up))
        case ast.Call(func=ast.Name(id="min" | "max" as which), args=args, keywords=[]) if len(args) >= 2:
            values = [_walk(arg, look_up) for arg in args]
            return min(values) if which == "min" else max(values)
    raise ExpressionError("only numbers, parameters, + - * /, parentheses, min(a, b) and max(a, b) are allowed")
