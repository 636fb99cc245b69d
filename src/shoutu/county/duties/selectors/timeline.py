"""The course of things in words, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger import verbs
from shoutu.county.ledger.models import Entry, Personal

QUIET = ("duty.opened", "duty.notice_sent", "duty.delivered")
"""Entries that stand in the ledger and in the receipts but would only fill the page."""


def timeline(subjects: Iterable[SubjectRef], limit: int = 500) -> list[dict[str, Any]]:
    """What was recorded about these subjects, newest first. The caller has checked that they may be seen."""
    about = Q(pk__in=[])
    for subject in subjects:
        about |= Q(subject_type=subject.type, subject_id=subject.id)
    entries = list(Entry.objects.filter(about).exclude(verb__in=QUIET).order_by("-id")[:limit])
    notes = dict(
        Personal.objects.filter(entry__in=entries, field="note", value__isnull=False).values_list("entry_id", "value")
    )
    return [_row(entry, notes.get(entry.pk)) for entry in entries]


def _row(entry: Entry, note: str | None) -> dict[str, Any]:
    body = entry.body
    words = verbs.words(entry.verb, body["payload"])
    by_system = body["actor"]["kind"] in ("system", "wing")
    text = words if by_system else f"{entry.actor} {words}"
    if note:
        text = f"{text}：{note}"
    elif "note" in body["personal"]:
        text = f"{text}：{_('（已依法删除）')}"
    return {"at": entry.at, "text": text, "by": entry.actor, "via": _via(body["actor"]), "ledger_id": entry.pk}


def _via(actor: dict[str, Any]) -> str:
    if actor["kind"] in ("system", "wing"):
        return str(actor["label"])
    return _("接口") if actor["kind"] == "token" else _("工作台")
