"""The scope lint: rows are fetched in models, services and selectors, nowhere else.

`python -m shoutu.county.kit.lint` names each `.objects` elsewhere and fails. A read that starts in an API module or
a page would sooner or later forget `visible_to`.

It also names each lock that is not `no_key=True`: such a lock waits for every row that merely points at the locked one
(docs/decisions/0047-order-of-locks.md). The ledger has its own tables, to which nothing points.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

COUNTY = Path(__file__).resolve().parents[1]
# Where rows may be touched: these modules, or packages of these names. `kit` holds no county's data.
# `register` hands the room's selectors to kit; `health` counts what waits, for who keeps the system running.
ALLOWED = {"models", "services", "selectors", "migrations", "testing", "register", "health"}
# Modules that are selectors or services by another name, split off by meaning. Each says which.
SELECTORS = {
    "warnings/models_groups": "models of events of one cause",
    "falsified/search": "selectors of what a day's search asks",
    "falsified/unsearched": "selectors of what was not searched",
    "falsified/kept": "selectors of readings under suspicion",
    "warnings/selectors_groups": "selectors of events of one cause",
    "warnings/selectors_silences": "selectors of silences",
    "papers/lacking": "selectors of sites without a licence they must have",
    "places/importing": "service: what a table changes",
    "people/importing": "service: what a table changes",
    "papers/expired": "selector",
    "papers/importing": "service: what a table changes",
    "sites/importing": "service: what a table changes",
    "places/boundaries": "service and selectors of outlines",
    "people/identity": "service: who a request is, asked before there is an actor",
    "people/backends": "service: signing in",
    "people/first": "service: the first administrator, before there is anybody",
    "people/roster": "selector",
    "people/proposals": "service and selector: two persons, for every room to the right",
    "people/matrix": "selector",
    "people/findings": "selector",
    "sites/ruling": "selector",
    "sites/trying": "selector",
    "sites/planning": "selector",
    "people/calendar": "selector",
    "duties/auditor": "sees every duty by design, apart from the code it watches",
    "duties/chain": "selector",
    "duties/holes": "selector",
    "duties/heartbeat": "selector over everything",
    "sites/deaf": "selector",
    "sites/gaps": "selector",
    "sites/hearing": "selector",
    "sites/needs": "selector",
    "sites/marks": "selector",
    "sites/operation": "selector",
    "sites/models_days": "models: how far a day's walk has come",
    "sites/models_quality": "models: an enterprise's rate is seen by who sees the enterprise",
    "sites/quality": "selectors of data quality, and what a day's reckoning asks",
    "sites/standing": "selector",
    "sites/still": "selector",
    "sites/watching": "selector",
    "warnings/evacuations": "selector",
    "warnings/facts": "selector",
    "warnings/models_reports": "models: who sees an order goes by its duties",
    "warnings/noise": "selector",
    "warnings/states": "guards of the state table",
}


def findings(root: Path = COUNTY) -> Iterator[str]:
    """`file:line: message` of every forbidden use of a manager and every lock that is too strong."""
    for file in sorted(root.rglob("*.py")):
        relative = file.relative_to(root)
        parts = relative.with_suffix("").parts
        if parts[0] != "ledger":
            yield from _locks(file)
        if len(parts) < 2 or parts[0] == "kit" or set(parts[1:]) & ALLOWED:
            continue
        # One that grew into a package keeps its name.
        if {relative.with_suffix("").as_posix(), relative.parent.as_posix()} & SELECTORS.keys():
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}:
                yield f"{file}:{node.lineno}: `.{node.attr}` outside models, services, selectors; add a selector"


def _locks(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "select_for_update" and "no_key" not in {word.arg for word in node.keywords}:
            yield f"{file}:{node.lineno}: `select_for_update` without `no_key=True`: it waits for whatever points here"


def main() -> int:
    found = list(findings())
    print("\n".join(found) if found else "scope lint: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
