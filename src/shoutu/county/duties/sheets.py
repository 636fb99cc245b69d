"""Duties and findings as tables that go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shoutu.county.duties import selectors
from shoutu.county.duties.api import DutyQuery
from shoutu.county.duties.api_findings import FindingQuery, filtered_findings
from shoutu.county.duties.models import State
from shoutu.county.duties.selectors.lists import whole as with_calls
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.tables import Table, register
from shoutu.county.people.masking import masked_name

LEVELS = {1: _("蓝"), 2: _("黄"), 3: _("橙"), 4: _("红")}
STATES = named(State.choices)


def _duties(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    rows = selectors.duties_for(actor, query.view, query.state)
    if query.q:
        rows = rows.filter(title__icontains=query.q)
    for row in with_calls(rows).select_related("site").order_by("-level", F("due"), "id").iterator(chunk_size=500):
        yield {
            "level": row.level or "", "title": row.title, "why": row.why, "state": row.state,
            "site": row.site.name if row.site else "", "post": str(row.post) if row.post else "",
            "person": masked_name(row.person, actor) or "", "opened_at": row.opened_at, "answered_at": row.answered_at,
            "done_at": row.done_at, "ended_at": row.ended_at, "note": row.note,
        }  # fmt: skip


def _findings(actor: Actor, query: Any, whole: bool) -> Iterator[Mapping[str, Any]]:
    for row in filtered_findings(actor, query).order_by("about_label", "optional", "id").iterator(chunk_size=500):
        told = selectors.finding_row(row, actor)
        yield {
            "kind": told["kind_title"], "about": row.about_label, "message": row.message, "optional": row.optional,
            "since": row.found_at, "cleared_at": row.cleared_at, "post": told["duty"]["post"] if told["duty"] else "",
        }  # fmt: skip


DUTIES = register(
    Table(
        "duties",
        _("待办"),
        (
            out("level", _("级别"), 8, LEVELS),
            out("title", _("要办的事"), 40),
            out("why", _("原因"), 40),
            out("state", _("状态"), 12, STATES),
            out("site", _("场所"), 24),
            out("post", _("岗位"), 28),
            out("person", _("在岗人"), 14),
            out("opened_at", _("开始"), 18),
            out("answered_at", _("应答"), 18),
            out("done_at", _("办结"), 18),
            out("ended_at", _("了结"), 18),
            out("note", _("说明"), 30),
        ),
        read="duty.read",
        query=DutyQuery,
        personal=("name",),
        rows=_duties,
    )
)

FINDINGS = register(
    Table(
        "findings",
        _("缺项"),
        (
            out("kind", _("类别"), 16),
            out("about", _("关于"), 26),
            out("message", _("缺什么"), 60),
            out("optional", _("可缺"), 8),
            out("since", _("起始"), 18),
            out("cleared_at", _("了结"), 18),
            out("post", _("谁补"), 26),
        ),
        read="duty.read",
        query=FindingQuery,
        rows=_findings,
    )
)
