"""The ledger as a table that goes out, to read; `shoutu ledger export` is what proves it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import out
from shoutu.county.kit.sheets.listed import listed
from shoutu.county.ledger.api import DaysQuery, EntryOut, EntryQuery, list_entries
from shoutu.county.ledger.api_looks import LookOut, list_looks

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

LOOKS = listed(
    "looks",
    _("查阅日志"),
    (
        out("at", _("时间"), 18),
        out("actor", _("谁"), 24),
        out("fields", _("看了什么"), 24),
        out("subject.label", _("关于"), 30),
        out("purpose", _("为什么"), 60),
        out("entry", _("封存条目"), 12),
    ),
    view=list_looks,
    page=Page[LookOut],
    query=DaysQuery,
    read="access_log.read",
    personal=("name",),
)
