"""What wings send up: signals kept as they came, unknown addresses added up. Dumb and fast; nothing is judged here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from shoutu.county.kit import events
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.sites.models import Signal, Source, Unclaimed


def receive(signals: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Keep signals in the order given; those known by id are skipped. Returns (received, already known).

    Durable when it returns. The warnings made of them write the ledger; the inbox itself is only a queue.
    """
    now = timezone.now()
    unique = {_uid(signal): dict(signal) for signal in signals}
    with transaction.atomic():
        before = set(Signal.objects.filter(uid__in=list(unique)).values_list("uid", flat=True))
        fresh = [Signal(uid=uid, body=body, received_at=now) for uid, body in unique.items() if uid not in before]
        Signal.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    return len(fresh), len(signals) - len(fresh)


def _uid(signal: Mapping[str, Any]) -> str:
    """The signal's id; for one without, the hash of what it says, so that it too is kept once and looked at."""
    told = signal.get("id")
    if isinstance(told, str) and 0 < len(told) <= 64:
        return told
    text = json.dumps(signal, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


LAST_MS = 253402300799000  # the end of year 9999


def receive_unclaimed(items: Sequence[Mapping[str, Any]]) -> int:
    """Add up what came for addresses without a point. Returns how many were of known sources."""
    sources = set(Source.objects.filter(pk__in={item["source"] for item in items}).values_list("pk", flat=True))
    taken = 0
    with transaction.atomic():
        for item in items:
            if item["source"] not in sources:
                continue
            taken += 1
            first, last = (
                datetime.fromtimestamp(min(max(item[name], 0), LAST_MS) / 1000, UTC) for name in ("first_ts", "last_ts")
            )
            row, created = Unclaimed.objects.get_or_create(
                source_id=item["source"],
                address=str(item["address"])[:200],
                defaults={
                    "count": item["count"],
                    "first_at": first,
                    "last_at": last,
                    "last_value": item["last_value"],
                    "reason": item["reason"][:10],
                },
            )
            if not created:
                Unclaimed.objects.filter(pk=row.pk).update(
                    count=F("count") + item["count"],
                    first_at=min(row.first_at, first),
                    last_at=max(row.last_at, last),
                    last_value=item["last_value"] if last >= row.last_at else row.last_value,
                    reason=item["reason"][:10],
                )
        if taken:
            events.emit("point.unclaimed", COUNTY, {"count": taken})
    return taken
