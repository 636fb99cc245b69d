"""docs/security.md: every test it names exists, and every line says what proves it or that it is open."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)
    assert len(named) > 40
    missing = []
    for file, test in named:
        path = ROOT / "tests" / file
        tree = ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])
        functions = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        if test not in functions:
            missing.append(f"{file}::{test}")
    assert not missing, missing


def test_every_requirement_is_proved_or_open() -> None:
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$", TABLE, re.MULTILINE)
    assert len(rows) > 30
    unproved = [number for number, _what, proof in rows if "::" not in proof and "**open**" not in proof]
    assert not unproved, unproved
