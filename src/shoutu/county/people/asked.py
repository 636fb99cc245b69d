"""Which places of the ladder the response packs in force call. The packs belong to rooms to the right: they tell."""

from __future__ import annotations

from collections.abc import Callable, Collection

Asker = Callable[[], Collection[str]]
_askers: list[Asker] = []


def by(function: Asker) -> Asker:
    """Register whose packs call people: it names the places (`Rung`, in lower case) their chains have."""
    if function not in _askers:
        _askers.append(function)
    return function


def asked() -> set[str]:
    """Every place some pack in force calls."""
    return {place for one in _askers for place in one()}
