"""What a standard wants monitored at a site, compared with what is there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .bind import value_of
from .model import Pack, Requirement, Unmet


def unmet(pack: Pack, site_params: dict[str, Any], counts: dict[str, int]) -> Unmet:
    """What is wanted here and is not, with ``counts`` points of each indicator.

    A requirement that hangs on a value nobody entered is undecided, never waved through.
    """
    lacking: list[tuple[Requirement, int]] = []
    undecided: dict[str, list[str]] = defaultdict(list)
    for want in pack.required:
        applies, unknown = _applies(pack, want, site_params)
        if unknown:
            for name in unknown:
                undecided[name].append(want.title.zh)
        elif applies:
            there = sum(counts.get(item, 0) for item in want.indicators)
            if want.declared is not None:
                there += int(value_of(pack, want.declared, site_params) or 0)
            if there < want.count:
                lacking.append((want, there))
    return Unmet(lacking=tuple(lacking), undecided={name: tuple(titles) for name, titles in undecided.items()})


def _applies(pack: Pack, want: Requirement, site_params: dict[str, Any]) -> tuple[bool, list[str]]:
    """Whether it is required here; else the parameters it hangs on. One condition that fails settles it."""
    unknown = []
    for condition in want.when:
        value = value_of(pack, condition.parameter, site_params)
        if value is None:
            unknown.append(condition.parameter)
        elif (condition.at_least is not None and value < condition.at_least) or (
            condition.at_most is not None and value > condition.at_most
        ):
            return False, []
    return True, unknown
