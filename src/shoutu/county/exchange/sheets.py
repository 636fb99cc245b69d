"""One's own imports as a table that goes out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.exchange.api import ImportOut, ImportQuery, list_imports
from shoutu.county.exchange.models import State
from shoutu.county.kit.paging import Page
from shoutu.county.kit.sheets.columns import named, out
from shoutu.county.kit.sheets.listed import listed

IMPORTS = listed(
    "imports",
    _("导入记录"),
    (
        out("title", _("表"), 14),
        out("file", _("文件"), 36),
        out("state", _("状态"), 14, named(State.choices)),
        out("message", _("说明"), 40),
        out("total", _("行数"), 8),
        out("new", _("新增"), 8),
        out("changed", _("改动"), 8),
        out("unchanged", _("不变"), 8),
        out("wrong", _("有错"), 8),
        out("created_at", _("上传"), 18),
        out("finished_at", _("结束"), 18),
        out("sha256", _("摘要"), 68),
    ),
    view=list_imports,
    page=Page[ImportOut],
    query=ImportQuery,
    read="import.use",
)
