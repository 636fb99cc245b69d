"""Lists by cursor: `{"items", "next", "count"}`, stable while rows come in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, QuerySet, Window
from django.utils.translation import gettext as _
from ninja import Field, Schema

from shoutu.county.kit.errors import Invalid

T = TypeVar("T")
MAX_LIMIT = 500


class Page(Schema, Generic[T]):
    """One page. `next` is the cursor of the following one, null at the end; `count` counts all pages."""

    items: list[T]
    next: str | None = None
    count: int


class ListQuery(Schema):
    """What every list takes."""

    cursor: str | None = None
    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    q: str = Field("", max_length=200)
    sort: str = Field("", max_length=60)


def paginate(
    queryset: QuerySet[Any],
    query: ListQuery,
    make: Callable[[Any], Any] | None = None,
    *,
    sorts: Mapping[str, Sequence[str]],
    default: str,
    rows: QuerySet[Any] | None = None,
    ids: QuerySet[Any] | None = None,
) -> dict[str, Any]:
    """One page of `queryset`: two queries.

    `sorts` maps a name the asker may use (prefix "-" reverses) to the fields it means; the id is added last. Fields
    must not be null (annotate with Coalesce). Raises Invalid for an unknown sort or a cursor of another list.

    `rows`: where finding which rows there are costs more than reading them, what reads them by id: then the first page
    and the count come of one search. `ids`: the same rows as ids alone, put together by `union`; looked through
    by themselves where the order is that of the ids.
    """
    name = query.sort or default
    fields = _order(name, sorts)
    if rows is not None and ids is not None and fields in (["id"], ["-id"]):
        past = decode(query.cursor, name, 1) if query.cursor else []
        keys = _united(ids, fields[0], query.limit + 1, past)
        found = list(rows.filter(pk__in=[key for key, _all in keys]).order_by(*fields))
        return _page(found, query.limit, make, name, fields, keys[0][1] if keys else queryset.order_by().count())
    if rows is not None and not query.cursor:
        keys = _counted(queryset.order_by(*fields), query.limit + 1)
        found = list(rows.filter(pk__in=[key for key, _all in keys]).order_by(*fields))
        return _page(found, query.limit, make, name, fields, keys[0][1] if keys else 0)
    ordered = queryset.order_by(*fields)
    if query.cursor:
        ordered = ordered.filter(after(fields, decode(query.cursor, name, len(fields))))
    found = list(ordered[: query.limit + 1])
    return _page(found, query.limit, make, name, fields, queryset.order_by().count())


def _counted(ordered: QuerySet[Any], limit: int) -> list[tuple[int, int]]:
    """The first ids, each with the number of all rows."""
    return list(ordered.annotate(_all=Window(Count("pk"))).values_list("pk", "_all")[:limit])


def _united(ids: QuerySet[Any], order: str, limit: int, past: list[Any]) -> list[tuple[int, int]]:
    """As `_counted`, of a union, behind the id in `past` where there is one.

    Asked for as `id IN (union)`, both databases would go through the whole table for it.
    """
    if not all(type(one) is int and 0 <= one < 2**63 for one in past):
        raise invalid_cursor()
    down, behind = ("DESC", "<") if order.startswith("-") else ("ASC", ">")
    with suppress(EmptyResultSet):
        united, values = ids.query.sql_with_params()
        numbered = f"SELECT pk, COUNT(*) OVER () AS n FROM (SELECT DISTINCT pk FROM ({united}) AS united) AS each_once"
        if past:
            numbered, values = f"SELECT * FROM ({numbered}) AS numbered WHERE pk {behind} %s", (*values, *past)
        with connection.cursor() as cursor:
            cursor.execute(f"{numbered} ORDER BY pk {down} LIMIT {limit:d}", values)
            return cursor.fetchall()  # type: ignore[no-any-return]
    return []


def _page(
    found: list[Any], limit: int, make: Callable[[Any], Any] | None, name: str, fields: Sequence[str], count: int
) -> dict[str, Any]:
    more = len(found) > limit
    found = found[:limit]
    return {
        "items": [make(row) for row in found] if make else found,
        "next": encode(name, [value_of(found[-1], f) for f in fields]) if more else None,
        "count": count,
    }


def _order(name: str, sorts: Mapping[str, Sequence[str]]) -> list[str]:
    reverse = name.startswith("-")
    if name.lstrip("-") not in sorts:
        raise Invalid("sort", _("其中之一：%(names)s") % {"names": "、".join(sorts)})
    fields = list(sorts[name.lstrip("-")])
    if not {"id", "-id", "pk", "-pk"} & set(fields):
        fields.append("id")
    if reverse:
        fields = [f[1:] if f.startswith("-") else f"-{f}" for f in fields]
    return fields


def after(fields: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows behind the one with these values, in the order of `fields`."""
    condition, equal = Q(), Q()
    for item, value in zip(fields, values, strict=True):
        name = item.lstrip("-")
        step = "lt" if item.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{step}": value})
        equal &= Q(**{name: value})
    return condition


def value_of(row: Any, item: str) -> Any:
    """What a row has in a field of the order, such as "-site__name"."""
    for part in item.lstrip("-").split("__"):
        row = getattr(row, part)
    return row


def encode(name: str, values: list[Any]) -> str:
    """The cursor of a list in the order `name`, behind the row with these values."""
    plain = [_plain(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([name, *plain]).encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return {"d": value.isoformat()} if isinstance(value, date) else value


def _back(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["t"]) if "t" in value else date.fromisoformat(value["d"])


def invalid_cursor() -> Invalid:
    return Invalid("cursor", _("上一页给出的 next 值（排序不变）"))


def decode(cursor: str, name: str, length: int | None = None) -> list[Any]:
    """What `encode` took. Raises Invalid for anything else, another order's cursor included."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if values[0] != name or length not in (None, len(values) - 1):
            raise invalid_cursor()
        return [_back(value) for value in values[1:]]
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error) as error:
        raise invalid_cursor() from error
