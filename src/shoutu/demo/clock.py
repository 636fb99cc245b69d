"""The demo's past is played, not drawn: the county's own services run, with the county's clock set back.

Only the loader's process does so; it ends before anything else of Shoutu starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone

_real = timezone.now
_moments: list[datetime] = []


def _now() -> datetime:
    return _moments[-1] if _moments else _real()


def install() -> None:
    """Before the models are loaded, whose defaults hold on to the function they find."""
    timezone.now = _now


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let the county's clock say `moment` within. `install` comes first."""
    _moments.append(moment)
    try:
        yield
    finally:
        _moments.pop()
