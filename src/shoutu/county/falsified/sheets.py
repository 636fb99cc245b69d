"""Falsified readings as a table that goes out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.falsified.api import FalsifiedQuery, list_falsified
from shoutu.county.falsified.models import Kind, State
from shoutu.county.falsified.schemas import FalsifiedFinding
from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.listed import listed

listed(
    "falsified",
    _("存疑读数"),
    (
        out("day", _("日期"), 12),
        out("organisation.name", _("企业"), 28),
        out("site.name", _("场所"), 26),
        out("point.name", _("测点"), 24),
        out("kind", _("情形"), 18, named(Kind.choices)),
        out("state", _("状态"), 14, named(State.choices)),
        out("sentence", _("依据"), 60),
        out("beside.name", _("对照测点"), 24),
        out("times", _("查到次数"), 10),
        out("last_day", _("最近一次"), 12),
        out("decided_by", _("定论人"), 20),
        out("note", _("结论依据"), 40),
    ),
    view=list_falsified,
    page=Page[FalsifiedFinding],
    query=FalsifiedQuery,
    read="falsified.read",
)
