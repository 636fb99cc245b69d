"""A stretch that lies at the end of the range: cut off there, noise grows less and digits change, honestly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOISE, DIGITS = 0.05, 0.01
"""Share of readings on the least or greatest value a point ever told, from which its noise and its digits are cut."""
FEWEST = 3


def lies(value: NDArray[np.int64], known: NDArray[np.int64], share: float = NOISE) -> bool:
    """Whether so many of these readings stand on the end of what is known of the point."""
    on = max(int((value == known.min()).sum()), int((value == known.max()).sum()))
    return on >= max(FEWEST, share * len(value))
