"""What may be asked about imports: one's own and nobody else's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shoutu.county.exchange.models import Import, ImportRow, State
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.selectors import get_visible


def imports(actor: Actor, table: str = "", *, open: bool = False) -> QuerySet[Import]:
    """My imports; `open`: those not yet done or given up, and refused ones not yet seen."""
    found = Import.objects.visible_to(actor)
    if table:
        found = found.filter(table=table)
    if open:
        found = found.exclude(state__in=(State.DONE, State.DISCARDED))
        found = found.exclude(state=State.REFUSED, seen_at__isnull=False)
    return found  # type: ignore[no-any-return]


def get_import(actor: Actor, id: int) -> Import:
    """Raises NotFound("import", id)."""
    return get_visible(Import.objects.all(), actor, id, "import")


def rows(job: Import, state: str = "", *, noted: bool = False) -> QuerySet[ImportRow]:
    """The rows as they were read, in the order of the file. Raises Conflict while it is being read."""
    if job.state in (State.UPLOADED, State.READING):
        raise Conflict(_("正在试读，稍后再看。"))
    found = ImportRow.objects.filter(job=job)
    if noted:
        found = found.exclude(notes=[])
    return found.filter(state=state) if state else found


def as_sent(job: Import) -> Any:
    """(cells, errors) of every row, in the order of the file, a few at a time."""
    found = rows(job).order_by("number").values_list("cells", "errors")
    return found.iterator(chunk_size=500)
