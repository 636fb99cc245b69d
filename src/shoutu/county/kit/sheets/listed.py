"""A list of the API as a table that goes out: walked page by page through the list's own route.

What the route asks of the actor, whom it shows what, and what it masks therefore hold for the file too: it can never
give more than the list does, nor other rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.paging import MAX_LIMIT, ListQuery
from shoutu.county.kit.sheets.columns import Column
from shoutu.county.kit.sheets.tables import Table, register

View = Callable[[HttpRequest, Any], Any]
MAX_ROWS = 20_000
"""A file holds that many rows at most: one request makes it, and the web process has others to answer."""


def too_long(count: int | None = None) -> Invalid:
    """The list is too long for one file: nothing is left out silently, the asker narrows it."""
    expected = _("不超过 %(limit)s 行") % {"limit": MAX_ROWS}
    if count is None:
        return Invalid("table", expected, _("这张表超过 %(limit)s 行：先查找或筛选，再导出。") % {"limit": MAX_ROWS})
    facts = {"limit": MAX_ROWS, "count": count}
    return Invalid(
        "table", expected, _("这张表有 %(count)s 行，一次最多导出 %(limit)s 行：先查找或筛选，再导出。") % facts
    )


def listed(
    name: str,
    title: Any,
    columns: tuple[Column, ...],
    *,
    view: View,
    page: type[Schema],
    query: type[ListQuery],
    read: str,
    personal: tuple[str, ...] = (),
    made: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Table:
    """The list of `view`, which takes `query` and answers `page`, made known as a table.

    A column's name is the way to its value in a row: ``post.name``; through a list it gives all of them. `made` has
    the columns that are put together from several values. `read`: what the list asks of the actor. The rows stand in
    the list's own order, or in the one asked for by `sort`. Raises Invalid beyond MAX_ROWS.
    """
    ways = {column.name: (made or {}).get(column.name) or _way(column.name) for column in columns}

    def rows(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
        request = HttpRequest()
        request.method = "GET"
        request.actor = actor  # type: ignore[attr-defined]
        cursor = None
        while True:
            asked = query.model_copy(update={"cursor": cursor, "limit": MAX_LIMIT})
            found: Any = page.model_validate(view(request, asked))
            if found.count > MAX_ROWS:
                raise too_long(found.count)
            yield from ({key: way(item) for key, way in ways.items()} for item in found.items)
            cursor = found.next
            if cursor is None:
                return

    return register(Table(name, title, columns, read=read, query=query, rows=rows, personal=personal, walked=True))


def _way(name: str) -> Callable[[Any], Any]:
    parts = name.split(".")
    return lambda item: _at(item, parts)


def _at(item: Any, parts: Sequence[str]) -> Any:
    """What stands there; None where something on the way is missing."""
    for part in parts:
        if isinstance(item, list):
            item = [getattr(one, part) for one in item if one is not None]
        elif item is not None:
            item = getattr(item, part)
    return item


def bounded(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows, up to MAX_ROWS. Raises Invalid beyond."""
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            raise too_long()
        yield row
