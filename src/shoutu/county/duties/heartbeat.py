"""A sign of life to a watcher outside: sent only while everything that must watch is watching."""

from __future__ import annotations

from datetime import timedelta

import httpx
from django.conf import settings
from django.utils import timezone

from shoutu.county.kit.drill import drilling
from shoutu.county.kit.models import Beat
from shoutu.county.kit.watch import watching

CLIMB_FRESH = timedelta(seconds=30)
"""The worker may beat while its climbing step fails: that step's own beat must be this young."""


def all_watching() -> bool:
    """Whether pipeline, worker, auditor and the climbing of calls all gave a fresh sign of life."""
    now = timezone.now()
    climbing = Beat.objects.filter(name="climb", at__gte=now - CLIMB_FRESH).exists()
    return climbing and watching(now).ok


def beat_outside() -> bool:
    """Call the outside watcher if everything is fresh. Returns whether it was called.

    Raises httpx.HTTPError when the watcher cannot be reached or refuses, so that the step counts as failed.
    """
    url = settings.CONFIG.heartbeat_url
    # A copy that tells the watcher it is well would hide that the real one has fallen silent.
    if not url or drilling() or not all_watching():
        return False
    httpx.get(url, timeout=10.0).raise_for_status()
    return True
