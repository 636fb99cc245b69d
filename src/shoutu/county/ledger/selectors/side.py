"""The ledger's side tables against its entries: personal values, and the log of looks."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shoutu.county.ledger.canonical import personal_digest
from shoutu.county.ledger.models import Access, Entry, Personal
from shoutu.county.ledger.selectors.rows import body_of
from shoutu.county.ledger.services.access import access_root

Found = tuple[str, str, str]


def personal_findings() -> Iterator[Found]:
    """Values that no longer fit the digest in their entry. Erased ones are as they should be."""
    rows = Personal.objects.filter(erased_at__isnull=True)
    columns = ("entry_id", "field", "salt", "value", "entry__canonical")
    for entry, field, salt, value, canonical in rows.values_list(*columns).iterator(chunk_size=2000):
        personal = body_of(bytes(canonical)).get("personal")
        said = personal.get(field) if isinstance(personal, dict) else None
        # Damaged text has no digest at all.
        if value is None or said != personal_digest(salt, value.encode("utf-8", "replace").decode()):
            where = _("记录 %(id)s 的“%(field)s”") % {"id": entry, "field": field}
            yield "personal", where, _("个人信息与记录中的摘要不符")


def access_findings() -> Iterator[Found]:
    """Hours of the access log that no longer fit the root recorded for them."""
    sealed = Entry.objects.filter(verb="access.sealed").order_by("id").values_list("pk", "canonical")
    for pk, canonical in sealed.iterator(chunk_size=500):
        payload = body_of(bytes(canonical)).get("payload")
        if not isinstance(payload, dict) or not {"from", "count", "root"} <= payload.keys():
            continue  # The entry itself is the finding.
        try:
            rows = list(Access.objects.filter(entry=pk))
            fits = len(rows) == payload["count"] and access_root(rows) == payload["root"]
        except (ValueError, TypeError, AttributeError):
            fits = False  # A time or a text that cannot be read any more.
        if not fits:
            yield "access", str(payload["from"]), _("这一小时的查阅日志被改动")
