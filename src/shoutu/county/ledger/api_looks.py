"""Who looked at personal data, when and what for: for whoever checks that nobody looks without need."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Schema

from shoutu.county.kit import subjects
from shoutu.county.kit.api import Page, Router, asker, paginate
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.api import DaysQuery, SubjectOut, during
from shoutu.county.ledger.models import Access
from shoutu.county.ledger.selectors import looks

router = Router()
FIELDS = {
    "phone": _("电话"),
    "name": _("姓名"),
    "email": _("邮箱"),
    "address": _("号码"),
    "number": _("证号"),
    "bearer": _("持证人"),
    "reason": _("原因"),
    "file": _("资料原件"),
}
"""What may be looked at, in words."""


class LookOut(Schema):
    """One look. `entry`: the entry of the ledger that carries the root over its hour; null until the hour is over."""

    id: int
    at: datetime
    actor: str
    subject: SubjectOut
    fields: str
    purpose: str
    entry: int | None


def _out(look: Access, subject: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": look.pk,
        "at": look.at,
        "actor": look.actor,
        "subject": subject,
        "fields": _("、").join(str(FIELDS.get(name, name)) for name in look.fields.split(",")),
        "purpose": look.purpose,
        "entry": look.entry_id,
    }


@router.get("/ledger/looks", response=Page[LookOut])
def list_looks(request: HttpRequest, query: Query[DaysQuery]) -> Any:
    """Looks at personal data, newest first. `q` searches who looked and what for; `since` and `until` are days."""
    found = during(looks(asker(request)), query)
    if query.q:
        found = found.filter(Q(actor__icontains=query.q) | Q(purpose__icontains=query.q))
    page = paginate(found, query, sorts={"id": ["id"], "at": ["at"]}, default="-id")
    rows: list[Access] = page["items"]
    about = {row.pk: SubjectRef(row.subject_type, row.subject_id) for row in rows}
    named = subjects.describe_many(about.values())
    page["items"] = [_out(row, named[about[row.pk]]) for row in rows]
    return page
