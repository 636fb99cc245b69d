"""This process of the county: since when it runs."""

from __future__ import annotations

from django.utils import timezone

STARTED = timezone.now()
