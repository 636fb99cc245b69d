"""With how many decimals a figure is written: the indicator's, never fewer than the limit beside it has. Pure."""

from __future__ import annotations

import math

MOST = 6


def alike(value: float, limit: float) -> bool:
    """Whether two figures differ by no more than adding up many of them leaves behind (80.00000000000001)."""
    return math.isclose(value, limit, rel_tol=1e-13, abs_tol=1e-12)


def places(value: float) -> int:
    """How many decimals write `value` exactly; a computed one that never ends (100/3) is written with three figures."""
    if not math.isfinite(value):
        return 0
    for decimals in range(MOST + 1):
        if math.isclose(round(value, decimals), value, rel_tol=1e-9, abs_tol=1e-12):
            return decimals
    return min(MOST, max(0, 2 - math.floor(math.log10(abs(value)))))


def decimals_for(value: float, least: int, limit: float | None = None) -> int:
    """How many decimals `value` is written with beside `limit`: at least `least` and as many as the limit has.

    More where fewer would make a value equal to a limit it is beyond, or nothing of what is not nothing.
    """
    decimals = max(least, places(limit) if limit is not None else 0)
    while decimals < MOST and (
        (value != 0 and float(f"{value:.{decimals}f}") == 0)
        or (limit is not None and not alike(value, limit) and f"{value:.{decimals}f}" == f"{limit:.{decimals}f}")
    ):
        decimals += 1
    return decimals


def figure(value: float, least: int, limit: float | None = None) -> str:
    """The figure as text, without exponent below a thousand million; the minus is ASCII."""
    if not math.isfinite(value) or abs(value) >= 1e9:
        return f"{value:.3g}"
    return f"{value:.{decimals_for(value, least, limit)}f}"
