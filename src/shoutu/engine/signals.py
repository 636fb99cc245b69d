"""Signals: what the engine says. Columns in ``SIGNAL_DTYPE``, one JSON object each on the way up."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .layout import CATEGORY_NAMES, COMPOSITE, FLAG_NAMES, KIND_NAMES, NEVER, SIGNAL_DTYPE, TYPE_NAMES

if TYPE_CHECKING:
    from .ruleset import RuleSet

__all__ = ["SIGNAL_DTYPE", "Evidence", "Member", "Signals", "empty_signals", "signal_id", "signal_to_dict"]

Signals = NDArray[np.void]


class Member(NamedTuple):
    """A member of a composite at the level it counts with: a point, or an item as a whole (``point`` None)."""

    point: int | None
    item: str
    level: int


def signal_id(shard: int, seq: int, rule: int, ordinal: int) -> str:
    """32 hex digits naming one signal for ever: SHA-256 of its place in the journal.

    ``seq`` is the number of the reading or tick that caused it, ``rule`` minus the site for what no rule of the
    catalog raises (source and site silence, clocks), ``ordinal`` its place among the signals of one (seq, rule).
    """
    return hashlib.sha256(struct.pack(">qqqq", shard, seq, rule, ordinal)).hexdigest()[:32]


def empty_signals() -> Signals:
    """No signals."""
    return np.empty(0, SIGNAL_DTYPE)


Evidence = Mapping[tuple[int, int, int], Sequence[Member]]
"""Of signals of composites, by (seq, rule, ordinal): who of the members is at the level counted or above."""


def signal_to_dict(
    signal: Any, ruleset: RuleSet, shard: int, evidence: Evidence = MappingProxyType({})
) -> dict[str, Any]:
    """One record of a signal array as the JSON object of docs/architecture.md, section Up."""
    point, rule = int(signal["point"]), int(signal["rule"])
    bits = int(signal["flags"])
    body = _plain(signal, shard, point, bits)
    composite = ruleset.by_composite.get(rule) if int(signal["kind"]) == COMPOSITE else None
    if composite is None:
        return {**body, "item": ruleset.item(point)}
    members = evidence.get((int(signal["seq"]), rule, int(signal["ordinal"])), ())
    return {**body, "item": composite.item, "members": [member._asdict() for member in members]}


def _plain(signal: Any, shard: int, point: int, bits: int) -> dict[str, Any]:
    return {
        "id": signal_id(shard, int(signal["seq"]), int(signal["rule"]) or -int(signal["site"]), int(signal["ordinal"])),
        "shard": shard,
        "seq": int(signal["seq"]),
        "ordinal": int(signal["ordinal"]),
        "rule": int(signal["rule"]) or None,
        "rule_version": int(signal["rule_version"]) or None,
        "point": point or None,
        "source": int(signal["source"]) or None,
        "site": int(signal["site"]) or None,
        "kind": KIND_NAMES[int(signal["kind"])],
        "category": CATEGORY_NAMES[int(signal["category"])],
        "type": TYPE_NAMES[int(signal["type"])],
        "from": int(signal["level_from"]),
        "to": int(signal["level_to"]),
        "event_ts": int(signal["event_ts"]),
        "received_ts": int(signal["received_ts"]),
        "value": _number(signal["value"]),
        "threshold": _number(signal["threshold"]),
        "low": _number(signal["low"]),
        "high": _number(signal["high"]),
        "window_start": None if signal["window_start"] == NEVER else int(signal["window_start"]),
        "aux": _number(signal["aux"]),
        "flags": [name for bit, name in FLAG_NAMES.items() if bits & bit],
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
