"""What a device's number means. Pure."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite, nan

import numpy as np


def scaled(raw: float, scale: float, offset: float, fault: float | None) -> float:
    """The reading; not a number where the device says that it has none. Reckoned in decimals: 63 × 0.1 is 6.3."""
    if fault is not None and raw == fault:
        return nan
    if not isfinite(raw) or (scale == 1 and offset == 0):
        return raw
    return float(Decimal(repr(raw)) * Decimal(repr(scale)) + Decimal(repr(offset)))


def shortest(number: float) -> float:
    """What stands in 32 bits, as the shortest number that means it: else 0.7 would not reach a limit of 0.7."""
    return float(str(np.float32(number))) if isfinite(number) else number
