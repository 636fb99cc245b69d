"""Tables: each kind of thing that goes in and out as a list says once how. Rooms register theirs in `register`.

An import is judged as a whole before anything is written: `plan` sees all lines, set-wise, and says of each whether
it is new, changed, unchanged or wrong. `apply` then writes all of them in one transaction or none.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from ninja import Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.sheets.columns import Bad, Column, clean, spoken, words

NEW, CHANGED, UNCHANGED, WRONG = "new", "changed", "unchanged", "wrong"


class Stale(Exception):
    """Something has changed since the file was looked at; it must be looked at anew."""


@dataclass
class Line:
    """One row of a file. `number` is its row in the spreadsheet; `values` are set for cells that were right.

    `plan` sets `target` (the id of what is there already), `changes` and `state`; `extra` is its own to use.
    """

    number: int
    cells: list[Any] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    errors: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    state: str = UNCHANGED
    target: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict, repr=False)

    def get(self, name: str, default: Any = "") -> Any:
        """The value of a column; `default` where it is missing, wrong or empty."""
        found = self.values.get(name)
        return default if found is None or found == "" else found

    def bad(self, column: str, message: str) -> None:
        """This row can't be taken because of `column`."""
        self.errors.append({"column": column, "title": self._title(column), "text": message})

    def need(self, column: str) -> None:
        """This row can't be taken without a value in `column`."""
        if self.get(column, None) is None and not any(one["column"] == column for one in self.errors):
            self.bad(column, _("新增的必填"))

    def note(self, column: str, message: str) -> None:
        """Worth knowing, no reason to refuse."""
        self.notes.append({"column": column, "title": self._title(column), "text": message})

    def compare(self, column: str, before: Any, after: Any) -> bool:
        """Notes a difference to what is there already; True when there is one. Columns not in the file differ never."""
        if column not in self.given or before == after:
            return False
        options = self.columns[column].choices if column in self.columns else None
        change = {"before": spoken(before, options), "after": spoken(after, options)}
        self.changes.append({"column": column, "title": self._title(column), **change})
        return True

    def settle(self) -> None:
        """State from what has been found."""
        if self.errors:
            self.state = WRONG
        elif self.target is None:
            self.state = NEW
        else:
            self.state = CHANGED if self.changes else UNCHANGED

    def _title(self, column: str) -> str:
        return str(self.columns[column].title) if column in self.columns else column


@dataclass(frozen=True)
class Applied:
    """What was written. `ids`: kind of thing → ids made or changed. `follow`: (kind, id) for `Table.follow`."""

    ids: Mapping[str, Sequence[int]]
    follow: Sequence[tuple[str, int]] = ()


Rows = Callable[[Actor, Any, bool], Iterable[Mapping[str, Any]]]
Plan = Callable[[Actor, list[Line]], None]
Apply = Callable[[Actor, list[Line], str], Applied]
Follow = Callable[[str, Sequence[int]], None]


@dataclass(frozen=True)
class Table:
    """A list as a table.

    `rows(actor, query, whole)` gives what the actor sees, by column name; `whole`: personal values unmasked, which
    `whole_permission` allows and which is kept on record by `looked`. `edit`: the permissions an import needs (all of
    them); empty: it only goes out. `follow(kind, ids)` is called after the commit, again and again until done, each
    time in a transaction of its own: it must bear being repeated. `follow_size`: how many ids it is given at once.
    """

    name: str
    title: Any
    columns: tuple[Column, ...]
    read: str
    query: type[Schema]
    rows: Rows
    edit: tuple[str, ...] = ()
    plan: Plan | None = None
    apply: Apply | None = None
    follow: Follow | None = None
    follow_size: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Any, ...] = ()
    # What of persons stands in it: a list that goes out is kept on record as a whole.
    personal: tuple[str, ...] = ()
    whole_permission: str = ""
    looked: Callable[[Actor, Sequence[Mapping[str, Any]]], None] | None = None
    # Its rows come through the list's own route (`kit.sheets.listed`).
    walked: bool = False

    @property
    def taken(self) -> tuple[Column, ...]:
        """The columns an import reads."""
        return tuple(column for column in self.columns if not column.exported)

    def may_import(self, actor: Actor) -> bool:
        return bool(self.edit) and all(actor.may(permission) for permission in self.edit)

    def require_import(self, actor: Actor) -> None:
        """Raises NotAllowed; NotFound for a table that only goes out."""
        if not self.edit:
            raise NotFound("table", self.name)
        for permission in self.edit:
            actor.require(permission)


_tables: dict[str, Table] = {}


def register(table: Table) -> Table:
    """Make a table known. Called once, from a room's ``register`` module."""
    _tables[table.name] = table
    return table


def tables() -> list[Table]:
    return list(_tables.values())


def get(name: str) -> Table:
    """Raises NotFound("table", name)."""
    if name not in _tables:
        raise NotFound("table", name)
    return _tables[name]


def parse(table: Table, order: Sequence[str | None], raw: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Lines with values, each cell judged by itself. `order`: for each column of the file its name here, or None."""
    columns = {column.name: column for column in table.taken}
    lines = []
    for row in raw:
        line = Line(row["r"], list(row["v"]), columns=columns)
        formulas = set(row.get("f", ()))
        line.given = {name for name in order if name}
        for place, (name, cell) in enumerate(zip(order, _padded(row["v"], len(order)), strict=False), 1):
            if name is not None:
                _cell(line, columns[name], cell, place in formulas)
        lines.append(line)
    return lines


def _padded(cells: Sequence[Any], width: int) -> list[Any]:
    return [*cells, *[None] * (width - len(cells))]


def _cell(line: Line, column: Column, cell: Any, formula: bool) -> None:
    try:
        clean(cell)
        value = column.parse(cell)
    except Bad as bad:
        line.bad(column.name, str(bad))
        return
    if column.required and (value is None or value == "" or value == []):
        line.bad(column.name, _("必填"))
        return
    if formula:
        line.note(column.name, _("是公式，按它算出的值“%(value)s”导入") % {"value": words(cell)})
    line.values[column.name] = value


def once(lines: Iterable[Line], column: str, key: Callable[[Line], Hashable | None], what: str) -> None:
    """The key of each line (None: not told) stands in the file once; `what` is said of a repeated one."""
    seen: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        found = key(line)
        if found is not None:
            seen[found].append(line)
    for group in seen.values():
        for line in group[1:]:
            line.bad(column, _("%(what)s在第 %(row)s 行已经有了，只留一行") % {"what": what, "row": group[0].number})


def settle(lines: Iterable[Line]) -> None:
    """The state of every line from what has been found."""
    for line in lines:
        line.settle()


def digest(lines: Iterable[Line]) -> str:
    """SHA-256 over what would be done, so that a second look can tell whether it is still the same."""
    told = [[one.number, one.state, one.target, one.changes] for one in lines]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, default=str).encode()).hexdigest()
