"""Whether a person can be called at all. Channels beside the application belong to rooms to the right: they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shoutu.county.people.selectors import with_account

Channel = Callable[[set[int]], Iterable[int]]
_channels: list[Channel] = []


def channel(function: Channel) -> Channel:
    """Register a way to reach people: of the given persons (ids) it names those it can reach."""
    if function not in _channels:
        _channels.append(function)
    return function


def reachable(persons: set[int]) -> set[int]:
    """Those of `persons` that some working channel reaches."""
    found: set[int] = set()
    for one in (with_account, *_channels):
        found |= set(one(persons)) & persons
    return found
