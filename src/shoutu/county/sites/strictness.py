"""Whether a new version of a rule could lower or delay a warning: then one person alone may not put it in force.

Pure. Only what is certainly at least as strict passes; anything unclear counts as weaker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Params = Mapping[str, Any]

# Per kind: fields where a smaller number warns sooner or more, and where a greater number does.
_SMALLER = {
    "threshold": ("raise_for_s",),
    "accumulation": ("raise_for_s",),
    "quota": ("raise_for_s",),
    "forecast": ("raise_for_s", "confidence"),
    "anomaly": ("raise_for_s", "learn_s", "min_samples"),
    "no_data": ("after_s", "intervals"),
    "stuck": ("window_s", "min_samples"),
    "implausible": ("count", "high"),
    "composite": ("wait_s",),
}
_GREATER = {
    "threshold": ("hysteresis", "clear_for_s"),
    "accumulation": ("hysteresis", "clear_for_s", "window_s"),
    "quota": ("hysteresis", "clear_for_s"),
    "forecast": ("hysteresis", "clear_for_s"),
    "anomaly": ("hysteresis", "clear_for_s"),
    "rate": ("hysteresis",),
    "no_data": ("level",),
    "stuck": ("tolerance", "level"),
    "implausible": ("low", "clear_count", "level"),
}


def at_least_as_strict(kind: str, old: Params, new: Params) -> bool:
    """Whether every reading that warned by `old` warns by `new` as high and as soon. Both complete (with defaults)."""
    smaller, greater = _SMALLER.get(kind, ()), _GREATER.get(kind, ())
    for field in sorted(set(old) | set(new)):
        before, after = old.get(field), new.get(field)
        if before == after:
            continue
        if field == "levels":
            # Hours left until something happens warn sooner the more they are, whatever way the value goes.
            way = "low" if kind == "forecast" else new.get("direction", old.get("direction", "high"))
            if not _levels(way, before, after):
                return False
        elif field == "target" and before is not None and after is not None:
            if not _nearer(new, before, after):
                return False
        elif before is None or after is None or not _stricter(field, before, after, smaller, greater):
            return False
    return True


def holds_at_once(kind: str, old: tuple[Params, bool], new: tuple[Params, bool]) -> bool:
    """Whether one person alone may put the new version in force. Each (complete parameters, enabled)."""
    return new[1] and (not old[1] or at_least_as_strict(kind, old[0], new[0]))


def goes_up_to_the_law(kind: str, standing: Params, limit: Params, *, agreed: bool) -> bool:
    """Whether a rule of a pack that goes below a limit of law is taken up to that limit at once.

    Not where a second person `agreed` to what it says, nor where the limit would lower or delay anything. Both
    complete.
    """
    return not agreed and at_least_as_strict(kind, standing, limit)


def _stricter(field: str, before: Any, after: Any, smaller: tuple[str, ...], greater: tuple[str, ...]) -> bool:
    return (field in smaller and bool(after < before)) or (field in greater and bool(after > before))


def _nearer(forecast: Params, before: Any, after: Any) -> bool:
    """Whether a forecast says the new target sooner: the line meets it first; of slower movement it speaks too."""
    falling = forecast.get("direction") == "low" and forecast.get("form") != "inverse_velocity"
    return bool(after >= before if falling else after <= before)


def _levels(direction: str, old: Any, new: Any) -> bool:
    """Every level that was there is there, at a bound reached no later."""
    old, new = ({int(key): value for key, value in (levels or {}).items()} for levels in (old, new))
    return all(any(_reached(direction, old[level], new[above]) for above in new if above >= level) for level in old)


def _reached(direction: str, old: Any, new: Any) -> bool:
    if direction == "band":
        return bool(new[0] >= old[0] and new[1] <= old[1])
    return bool(new <= old if direction == "high" else new >= old)
