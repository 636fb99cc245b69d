"""Raw readings that must not go by age: what each room names as evidence, or still has to look at.

Asked by the pipeline each time before it forgets readings (docs/store.md, *Retention*); rooms register with `keeps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Readings of a `point`, or of all points (None), with start ≤ ts < end, UTC ms."""

    point: int | None
    start: int
    end: int


Provider = Callable[[int, int], Iterable[Span]]
_providers: list[Provider] = []


def keeps(provider: Provider) -> Provider:
    """Register what, asked for a stretch (start, end), names the spans within it that must stay."""
    _providers.append(provider)
    return provider


def kept(start: int, end: int) -> dict[str, Any]:
    """What of a stretch must stay: `points` as (point, start, end), `everything` as (start, end)."""
    points: set[tuple[int, int, int]] = set()
    everything: set[tuple[int, int]] = set()
    for provider in _providers:
        for one in provider(start, end):
            low, high = max(one.start, start), min(one.end, end)
            if low < high and one.point is None:
                everything.add((low, high))
            elif low < high and one.point is not None:
                points.add((one.point, low, high))
    return {"points": sorted(points), "everything": sorted(everything)}
