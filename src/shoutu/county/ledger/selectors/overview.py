"""What an auditor asks first: is the record whole, up to where, since when, and who else holds its head."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit.models import Beat
from shoutu.county.ledger.models import Entry, Epoch, Witness
from shoutu.county.ledger.said import unpacked
from shoutu.county.ledger.selectors import tree, unsealed_count
from shoutu.county.ledger.selectors.backups import last_backup
from shoutu.county.ledger.selectors.report import line_of

CHECK, ASKED = "ledger.check", "ledger.check.asked"
OPEN = "asked"


def last_check() -> dict[str, Any] | None:
    """When the worker last checked the whole record, how far, and how many findings; None before the first time."""
    beat = Beat.objects.filter(name=CHECK).first()
    return None if beat is None else {"at": beat.at, "size": beat.detail["size"], "findings": beat.detail["count"]}


def asked_check() -> dict[str, Any] | None:
    """The check a person last asked for: `state` asked or done, by whom, against which head, what was found."""
    row = Beat.objects.filter(name=ASKED).first()
    return dict(row.detail) if row is not None and row.detail else None


def check_in_words() -> dict[str, Any] | None:
    """The same with what was found in the reader's language."""
    job = asked_check()
    if job is None or "findings" not in job:
        return job
    verdict = job.get("verdict", "")
    words = verdict if isinstance(verdict, str) else "；".join(unpacked(one) for one in verdict)
    return {**job, "verdict": words, "findings": [line_of(one) for one in job["findings"]]}


def overview() -> dict[str, Any]:
    """The newest head and what stands round it; nulls while the ledger is empty."""
    head = tree.head()
    first = Entry.objects.order_by("id").values_list("at", flat=True).first()
    signature = "sm2" if head is not None and "\nsignature sm2\n" in head.note else "ed25519"
    return {
        "size": head.size if head else 0,
        "epoch": head.epoch_id if head else None,
        "at": head.at if head else None,
        "root": bytes(head.root).hex() if head else None,
        "note": head.note if head else None,
        "hash": head.epoch.hash if head else None,
        "signature": signature if head else None,
        "since": first,
        "unsealed": unsealed_count(),
        "check": last_check(),
        "backup": last_backup(),
        "witnesses": [
            {"name": w.name, "size": w.last_size, "at": w.last_at, "failing": bool(w.last_error)}
            for w in Witness.objects.filter(enabled=True).order_by("name")
        ],
        "restores": [
            {"epoch": epoch.number, "at": epoch.opened_at, "size": epoch.size, "reason": epoch.reason}
            for epoch in Epoch.objects.filter(number__gt=1).order_by("number")
        ],
    }


def damage_alarms() -> list[dict[str, Any]]:
    """One alarm while the last whole check had findings, or the last one a person asked for: it may have known a head
    of which the regular one knows nothing. While another is under way, what the one before it found stands."""
    for name in (CHECK, ASKED):
        beat = Beat.objects.filter(name=name).first()
        found = {} if beat is None else beat.detail if "count" in beat.detail else beat.detail.get("before", {})
        if beat is None or not found.get("count"):
            continue
        message = _("账本有 %(count)s 处不一致：%(first)s。在服务器上运行 shoutu ledger verify") % {
            "count": found["count"],
            "first": line_of(found["findings"][0]),
        }
        return [{"id": 0, "at": beat.at or timezone.now(), "kind": CHECK, "message": message}]
    return []
