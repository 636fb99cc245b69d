"""The ledger's side tables against its entries: personal values, and the log of looks."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shoutu.county.ledger.canonical import personal_digest
from shoutu.county.ledger.models import Access, Entry, Personal
from shoutu.county.ledger.services.access import access_root

Found = tuple[str, str, str]


def personal_findings() -> Iterator[Found]:
    """Values that no longer fit the digest in their entry. Erased ones are as they should be."""
    rows = Personal.objects.filter(erased_at__isnull=True).select_related("entry")
    for row in rows.iterator(chunk_size=2000):
        said = row.entry.body.get("personal", {}).get(row.field)
        if row.value is None or said != personal_digest(row.salt, row.value):
            where = _("记录 %(id)s 的“%(field)s”") % {"id": row.entry_id, "field": row.field}
            yield "personal", where, _("个人信息与记录中的摘要不符")


def access_findings() -> Iterator[Found]:
    """Hours of the access log that no longer fit the root recorded for them."""
    for entry in Entry.objects.filter(verb="access.sealed").order_by("id").iterator(chunk_size=500):
        payload = entry.payload
        rows = list(Access.objects.filter(entry=entry))
        if len(rows) != payload["count"] or access_root(rows) != payload["root"]:
            yield "access", str(payload["from"]), _("这一小时的查阅日志被改动")
