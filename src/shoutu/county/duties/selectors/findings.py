"""Findings as lists show them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shoutu.county.duties.models import Finding
from shoutu.county.kit import findings
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.selectors import get_visible
from shoutu.county.kit.subjects import SubjectRef

STATES = ("open", "cleared")


def findings_for(
    actor: Actor, *, kind: str = "", state: str = "open", site: int | None = None, about: SubjectRef | None = None
) -> QuerySet[Finding]:
    """Findings the actor sees. Raises Invalid for a kind nobody registered or an unknown state."""
    rows = Finding.objects.visible_to(actor).select_related("site", "duty__post__organisation", "duty__person")
    if kind and kind not in findings.kinds():
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(sorted(findings.kinds()))})
    if state not in STATES:
        raise Invalid("state", _("其中之一：%(names)s") % {"names": "、".join(STATES)})
    rows = rows.filter(cleared_at__isnull=state == "open")
    if kind:
        rows = rows.filter(kind=kind)
    if site is not None:
        rows = rows.filter(site_id=site)
    if about is not None:
        rows = rows.filter(about_type=about.type, about_id=about.id)
    return rows  # type: ignore[no-any-return]


def get_finding(actor: Actor, id: int) -> Finding:
    """Raises NotFound("finding", id)."""
    found: Finding = get_visible(
        Finding.objects.select_related("site", "duty__post__organisation", "duty__person"), actor, id, "finding"
    )
    return found


def lacking(finding_id: int) -> bool:
    """Whether anything the duty about this finding asks for is still lacking."""
    about = {"duty__about_type": "finding", "duty__about_id": finding_id}
    return Finding.objects.filter(**about, cleared_at__isnull=True, optional=False).exists()


def finding_row(row: Finding, actor: Actor) -> dict[str, Any]:
    """One finding as the API shows it, with who is asked for it."""
    kind = findings.get(row.kind)
    duty = row.duty
    return {
        "id": row.pk,
        "kind": row.kind,
        "kind_title": str(kind.title if kind else row.kind),
        "about": {"type": row.about_type, "id": row.about_id, "label": row.about_label},
        "site": {"id": row.site.pk, "name": row.site.name} if row.site else None,
        "message": row.message,
        "optional": row.optional,
        "detail": row.detail,
        "since": row.found_at,
        "cleared_at": row.cleared_at,
        "duty": {"id": duty.pk, "state": duty.state, "post": duty.post.title if duty.post else ""} if duty else None,
    }


__all__ = ["STATES", "finding_row", "findings_for", "get_finding", "lacking"]
