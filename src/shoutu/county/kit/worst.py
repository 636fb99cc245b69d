"""Lists whose worst rows come first, though who is worst changes while somebody pages.

The pages go through two parts. The **head** holds the rows that stand out, the worst first; the **tail** holds the
rest by name. The cursor names the part, the last row's place in it, and the *mark*: how far the changes of standing
had gone when the first page was made. Whoever rises between two pages would slip in before the cursor and never be
met, so the tail leaves out only those that stand out and have not moved since the mark: whoever moved is met in the
tail again. Thus, however levels change while somebody pages, every row is met at least once, and one that keeps its
standing exactly once; a row that moved may be met twice, with the standing it had each time. A fall needs no such
care: it moves a row behind the cursor, where the pages are still to come.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from shoutu.county.kit.paging import ListQuery, after, decode, encode, invalid_cursor, paginate, value_of

WORST = "worst"
NOBODY = Q(pk__in=[])


@dataclass(frozen=True)
class Worst:
    """Which rows stand out.

    `places`: rank → the rows that stand there, above 0; a row that fits several stands at the highest. `mark()`: how
    far changes of standing have gone, as numbers; `moved(mark)`: the rows that may have risen since, asked within the
    query it is used in, so that nobody rises between the two. Marks that are too short raise IndexError.
    """

    places: Mapping[int, Q]
    mark: Callable[[], list[int]]
    moved: Callable[[list[int]], Q]

    def standing(self) -> Case:
        """The rank of a row, 0 where it does not stand out."""
        steps = [When(rows, then=Value(rank)) for rank, rows in sorted(self.places.items(), reverse=True)]
        return Case(*steps, default=Value(0), output_field=IntegerField())

    def any(self) -> Q:
        """Whatever stands out."""
        return functools.reduce(operator.or_, self.places.values(), NOBODY)


def paginate_worst_first(
    queryset: QuerySet[Any],
    query: ListQuery,
    make: Callable[[Any], Any] | None = None,
    *,
    worst: Worst,
    then: Sequence[str],
    sorts: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """One page, by default the worst first and `then` by these fields (ascending, not null); rows carry `standing`.

    Other `sorts` are those of `paginate`. Raises Invalid for an unknown sort or a cursor of another list.
    """
    rows = queryset.annotate(standing=worst.standing())
    if (query.sort or WORST) != WORST:
        return paginate(rows, query, make, sorts={WORST: ["-standing", *then], **sorts}, default=WORST)
    head, tail = ["-standing", *then, "id"], [*then, "id"]
    in_head, mark, values = _where(query.cursor, head, tail) if query.cursor else (True, worst.mark(), [])
    try:
        moved = worst.moved(mark)
    except IndexError as error:
        raise invalid_cursor() from error
    found: list[Any] = []
    if in_head:
        standing_out = rows.filter(worst.any()).order_by(*head)
        found = list((standing_out.filter(after(head, values)) if values else standing_out)[: query.limit + 1])
        values = []
    ahead = len(found)
    if ahead <= query.limit:
        rest = rows.exclude(worst.any() & ~moved).exclude(pk__in=[row.pk for row in found]).order_by(*tail)
        found += (rest.filter(after(tail, values)) if values else rest)[: query.limit + 1 - ahead]
    more = len(found) > query.limit
    found = found[: query.limit]
    fields = head if len(found) <= ahead else tail
    return {
        "items": [make(row) for row in found] if make else found,
        "next": encode(WORST, [fields is head, mark, *(value_of(found[-1], f) for f in fields)]) if more else None,
        # A first page that holds everything needs no counting: a search in a large county is half as long.
        "count": len(found) if not query.cursor and not more else queryset.order_by().count(),
    }


def _where(cursor: str, head: Sequence[str], tail: Sequence[str]) -> tuple[bool, list[int], list[Any]]:
    """Whether the cursor is in the head, the mark, and the values of the last row. Raises Invalid."""
    told = decode(cursor, WORST)
    if len(told) < 2 or not isinstance(told[0], bool) or not isinstance(told[1], list):
        raise invalid_cursor()
    in_head, mark, *values = told
    if len(values) != len(head if in_head else tail) or not all(
        isinstance(one, int) and 0 <= one < 2**63 for one in mark
    ):
        raise invalid_cursor()
    return in_head, mark, values
