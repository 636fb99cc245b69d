"""Which text of a response pack two persons agreed to last."""

from __future__ import annotations

import time

from shoutu.county.duties.models import PolicyText

SEEN_FOR_S = 5.0
"""Each process asks the database this often at most: who is called how fast is asked for every warning of a list."""
_seen: dict[str, tuple[float, tuple[str, str] | None]] = {}


def agreed(kind: str) -> tuple[str, str] | None:
    """The county's own text and the default one as agreed to; None while nothing was."""
    now = time.monotonic()
    seen = _seen.get(kind)
    if seen is not None and now - seen[0] < SEEN_FOR_S:
        return seen[1]
    found = standing(kind)
    told = None if found is None else (found.own, found.default)
    _seen[kind] = (now, told)
    return told


def forget() -> None:
    """Ask the database again: another text was agreed to."""
    _seen.clear()


def standing(kind: str) -> PolicyText | None:
    """The text agreed to last."""
    return PolicyText.objects.filter(kind=kind, number__isnull=False).order_by("-number").first()


def refused(kind: str, digest: str, was: str) -> bool:
    """Whether somebody refused to put this text in the place of that one."""
    asked = PolicyText.objects.filter(kind=kind, digest=digest, was=was)
    return asked.filter(refused_at__isnull=False).exists()
