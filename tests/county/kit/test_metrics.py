"""What /metrics says of the parts that beat."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.kit.models import Beat

pytestmark = pytest.mark.django_db


def test_only_parts_that_beat_are_said_to_be_silent(client) -> None:
    names = ["pipeline", "worker", "auditor", "climb", "inbox"]
    kept = ["backup.taken", "backup.job", "ledger.check", "signals_cleaned", "clock"]
    at = timezone.now() - timedelta(days=1)
    told = {"taken_at": at.isoformat(), "file": "shoutu-1.tar", "bytes": 1}
    Beat.objects.bulk_create([Beat(name=name, at=at, detail=told) for name in names + kept])
    figures = client.get("/metrics").content.decode()
    said = dict(re.findall(r'^shoutu_beat_age_seconds{part="([^"]+)"} (\S+)$', figures, re.MULTILINE))
    assert set(said) == set(names)
    assert all(86_400 <= float(age) < 86_500 for age in said.values())
