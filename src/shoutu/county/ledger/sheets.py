"""The ledger as a table that goes out, to read; `shoutu ledger export` is what proves it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import out
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.ledger.api import EntryOut, EntryQuery, list_entries

LEDGER = listed(
    "ledger",
    _("账本"),
    (
        out("index", _("序号"), 10),
        out("at", _("时间"), 18),
        out("actor", _("谁"), 24),
        out("text", _("做了什么"), 60),
        out("subject.label", _("关于"), 30),
        out("leaf_hash", _("摘要"), 68),
    ),
    view=list_entries,
    page=Page[EntryOut],
    query=EntryQuery,
    read="ledger.read",
    personal=("name",),
)
