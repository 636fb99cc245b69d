"""Opens a file in the reading process and says in words what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from shoutu.county.kit.sheets.columns import LANGUAGES, Column, spoken, words
from shoutu.county.kit.sheets.reading import bare
from shoutu.county.kit.sheets.tables import Table
from shoutu.county.kit.sheets.wording import ERROR_TITLE, EXPLAINED, LISTS

# All of it is one write: more would keep others, calls among them, from writing for too long.
MAX_ROWS = 5_000
TIMEOUT_S = 90


class NotTaken(Exception):
    """The file is not taken; the message says why and what to do."""


@dataclass
class Opened:
    """A file taken apart. `order`: for each of its columns the table's name or None; `rows` as `reading` tells."""

    titles: list[str]
    order: list[str | None]
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)


def in_every_language(said: Any) -> set[str]:
    """A word as a bare title, in each language."""
    found = set()
    for language in LANGUAGES:
        with translation.override(language):
            found.add(bare(said))
    return found


def open_file(file: Path, table: Table, max_rows: int = MAX_ROWS) -> Opened:
    """What the file says. Raises NotTaken."""
    known = {column.name: column.titles() for column in table.columns}
    asked = {
        "titles": sorted(set().union(*known.values())),
        "sheets": sorted(in_every_language(table.title)),
        "known": sorted(in_every_language(EXPLAINED) | in_every_language(LISTS)),
        "max_rows": max_rows,
    }
    with tempfile.TemporaryFile() as out:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "shoutu.county.kit.sheets.reading", str(file)],
                input=json.dumps(asked).encode(), stdout=out, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise NotTaken(_REFUSED["too_slow"]({})) from error
        if ended.returncode != 0:
            # Out of time (the system's signal) or of memory.
            raise NotTaken(_REFUSED["too_slow" if ended.returncode < 0 else "too_big"]({}))
        out.seek(0)
        told = [json.loads(line) for line in out if line.strip()]
    for one in told:
        if "refuse" in one:
            if one["refuse"] == "no_header":
                raise NotTaken(_no_header(table))
            raise NotTaken(_REFUSED.get(one["refuse"], _REFUSED["broken"])(one))
    return _ordered(table, known, told)


def _ordered(table: Table, known: dict[str, set[str]], told: list[dict[str, Any]]) -> Opened:
    head = next(one for one in told if "head" in one)
    notes = [_NOTES[one["note"]](one) for one in told if "note" in one][:50]
    columns = {column.name: column for column in table.columns}
    errors, order = in_every_language(ERROR_TITLE), list[str | None]()
    for title in head["head"]:
        name = next((name for name, titles in known.items() if bare(title) in titles), None)
        if name is not None and name in order:
            raise NotTaken(_("表头里“%(title)s”有两列，只留一列。") % {"title": title})
        if name is None and title and bare(title) not in errors:
            notes.append(_("列“%(title)s”不认识，没有读") % {"title": title})
        order.append(name if name is not None and not columns[name].exported else None)
    lacking = [column for column in table.taken if column.required and column.name not in order]
    if lacking:
        raise NotTaken(
            _("表头缺少：%(titles)s（表头在第 %(row)s 行）。%(expected)s")
            % {"titles": _titles(lacking), "row": head["row"], "expected": _no_header(table)}
        )
    rows = [one for one in told if "r" in one]
    for one in [row for row in rows[:1] if _is_example(row, order, columns)]:
        rows.remove(one)
        notes.append(_("第 %(row)s 行是模板里的示例，没有导入") % {"row": one["r"]})
    if not rows:
        raise NotTaken(_("表头下面一行也没有。填上内容再导入。"))
    return Opened(head["head"], order, rows, notes)


def _is_example(row: dict[str, Any], order: list[str | None], columns: dict[str, Column]) -> bool:
    """Whether somebody left the template's example row in, in whatever language."""
    for language in LANGUAGES:
        with translation.override(language):
            wanted = {name: words(spoken(columns[name].example, columns[name].choices)) for name in order if name}
            told = {name: words(cell) for name, cell in zip(order, row["v"], strict=False) if name}
        if any(wanted.values()) and {**dict.fromkeys(wanted, ""), **told} == wanted:
            return True
    return False


def _titles(columns: list[Column]) -> str:
    return "、".join(str(column.title) for column in columns)


def _no_header(table: Table) -> str:
    return _("前 20 行里要有一行表头，列名为：%(titles)s。先下载模板，照模板填。") % {
        "titles": _titles(list(table.taken))
    }


def _merged(one: dict[str, Any]) -> str:
    return _(
        "有 %(count)s 处合并单元格（%(ranges)s）：合并后只有第一格有内容，其余行会缺。取消合并，每行都填上，再导入。"
    ) % {
        "count": one["count"],
        "ranges": "、".join(one["ranges"]),
    }


Say = Callable[[dict[str, Any]], str]
_REFUSED: dict[str, Say] = {
    "empty": lambda one: _("文件是空的。"),
    "ole": lambda one: _("是老格式 .xls，或者加了密码：在 Excel 或 WPS 里去掉密码，另存为 .xlsx 再导入。"),
    "macros": lambda one: _("文件带宏（.xlsm）：另存为不带宏的 .xlsx 再导入。"),
    "xlsb": lambda one: _("是二进制格式 .xlsb：另存为 .xlsx 再导入。"),
    "ods": lambda one: _("是 .ods 格式：另存为 .xlsx 再导入。"),
    "bomb": lambda one: _("文件解开后大得不像一张表，没有打开它。新建一个工作簿，只粘贴数值，再导入。"),
    "too_big": lambda one: _("文件内容太多，读不下。拆成几个文件再导入。"),
    "too_slow": lambda one: _("文件读了太久，已停下。新建一个工作簿，只粘贴数值，再导入。"),
    "broken": lambda one: _("文件坏了，或者不是 Excel 存的：用 Excel 或 WPS 打开，另存为 .xlsx 再导入。"),
    "not_a_table": lambda one: _("不是表格文件：要 .xlsx 或 .csv。"),
    "encoding": lambda one: _("文字编码认不出来：用 UTF-8 或 GBK 保存 .csv，或另存为 .xlsx。"),
    "csv": lambda one: (
        _("第 %(row)s 行附近引号不成对，后面读不下去。另存为 .xlsx 再导入。") % {"row": one.get("row", "")}
    ),
    "hidden": lambda one: _("所有工作表都隐藏着：取消隐藏要导入的那张。"),
    "merged": _merged,
    "rows": lambda one: _("超过 %(limit)s 行：拆成几个文件，每个不超过 %(limit)s 行。") % {"limit": one["limit"]},
}
_NOTES: dict[str, Say] = {
    "sheet": lambda one: _("工作表“%(sheet)s”没有读，只读了一张") % {"sheet": one["sheet"]},
    "hidden_sheet": lambda one: _("隐藏的工作表“%(sheet)s”没有读") % {"sheet": one["sheet"]},
    "beside": lambda one: _("第 %(row)s 行表头以外的列里有内容，没有读") % {"row": one["row"]},
}
