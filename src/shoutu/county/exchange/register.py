"""Subject and words of imports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from shoutu.county.exchange import sheets  # noqa: F401  (registers its table)
from shoutu.county.exchange.models import Import
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.sheets import tables
from shoutu.county.kit.subjects import names_in, register
from shoutu.county.ledger import verbs


def _label(ids: set[int]) -> dict[int, str]:
    # A file's name may name a person: the record calls it by its table and number.
    named = names_in(Import, "table")(ids)
    return {id: f"{_title(table)} #{id}" for id, table in named.items()}


def _title(table: str) -> str:
    try:
        return str(tables.get(table).title)
    except NotFound:
        return table


register(
    "import",
    label=lambda id: _label({id}).get(id, str(id)),
    labels=_label,
    url=lambda _id: "",
    visible=lambda actor: Import.objects.all() if actor.scope.all else Import.objects.visible_to(actor),
)


def _done(payload: dict[str, Any]) -> str:
    return gettext("导入：新增 %(new)s，更改 %(changed)s，不变 %(unchanged)s；文件 %(sha)s") % {
        "new": payload.get("new"),
        "changed": payload.get("changed"),
        "unchanged": payload.get("unchanged"),
        "sha": str(payload.get("sha256", ""))[:12],
    }


verbs.register({"import.done": _done})
