"""Files of tables: exports, templates, and a file given back with what was wrong in it.

Nothing that came from a person can become a formula: text stays text in .xlsx, and gets an apostrophe in .csv.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from shoutu.county.kit.sheets.columns import Column, spoken
from shoutu.county.kit.sheets.reading import FORMULA
from shoutu.county.kit.sheets.tables import Table
from shoutu.county.kit.sheets.wording import ERROR_TITLE, EXPLAINED, LISTS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = PatternFill("solid", fgColor="E9E9E4")
_LINE = Border(bottom=Side(style="thin", color="868B85"))
_EXAMPLE = Font(color="676D68", italic=True)
TEMPLATE_ROWS = 2000


def safe(value: Any) -> Any:
    """A value for a cell: text without what XML cannot carry; numbers as they are."""
    return _UNSEEN.sub("\ufffd", value)[:32_000] if isinstance(value, str) else value


def for_csv(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it; reading takes it off again."""
    text = safe(value)
    if isinstance(text, str) and text.startswith(FORMULA):
        return f"'{text}"
    return text


def _text(sheet: Any, value: Any) -> Cell:
    """A cell whose text is never worked out, whatever it begins with."""
    cell = WriteOnlyCell(sheet, value=None)
    value = safe(value)
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
        if value.startswith(FORMULA):
            cell.quotePrefix = True
    else:
        cell.value = value
    return cell


def _head(sheet: Any, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _LINE
    return cell


def export_xlsx(table: Table, rows: Iterable[Mapping[str, Any]], mark: str) -> IO[bytes]:
    """The rows as a workbook in a temporary file, written row by row.

    `mark` says who took it out, when and what of it: above the header (reading finds the header below it), at the
    foot of every printed page, and in the file's properties.
    """
    book = Workbook(write_only=True)
    book.properties.description = safe(mark)
    sheet = book.create_sheet(str(table.title)[:31])
    _widths(sheet, table.columns)
    sheet.freeze_panes = "A3"
    sheet.oddFooter.left.text = safe(mark)[:200].replace("&", "＆")
    sheet.oddFooter.right.text = "&P / &N"
    said = _text(sheet, mark)
    said.font = _EXAMPLE
    sheet.append([said])
    sheet.append([_head(sheet, column.head.removesuffix(" *")) for column in table.columns])
    try:
        for row in rows:
            sheet.append([_text(sheet, spoken(row.get(c.name), c.choices)) for c in table.columns])
    except BaseException:
        sheet.close()  # its writer must not be left in the middle
        raise
    return _saved(book)


def export_csv(table: Table, rows: Iterable[Mapping[str, Any]], mark: str) -> IO[bytes]:
    """The rows as UTF-8 with the byte order mark Excel needs, in a temporary file; `mark` is the line above them."""
    out = _file()
    out.write(b"\xef\xbb\xbf")
    for line in _csv_lines(table, rows, mark):
        out.write(line)
    out.seek(0)
    return out


def _csv_lines(table: Table, rows: Iterable[Mapping[str, Any]], mark: str) -> Iterator[bytes]:
    text = io.StringIO()
    write = csv.writer(text).writerow
    write([for_csv(mark)])
    write([column.head.removesuffix(" *") for column in table.columns])
    for row in rows:
        write([for_csv(spoken(row.get(column.name), column.choices)) for column in table.columns])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def template(table: Table) -> IO[bytes]:
    """An empty table to fill in: header with notes, an example row to replace, drop-downs, and 填写说明."""
    book = Workbook()
    sheet = book.active
    sheet.title = str(table.title)[:31]
    _widths(sheet, table.taken)
    sheet.freeze_panes = "A2"
    lists = book.create_sheet(str(LISTS))
    lists.sheet_state = "hidden"
    for place, column in enumerate(table.taken, 1):
        letter = get_column_letter(place)
        cell = sheet.cell(1, place, column.head)
        cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _LINE
        if column.note:
            cell.comment = Comment(str(column.note), "Shoutu", width=280, height=120)
        example = sheet.cell(2, place)
        example.value = safe(spoken(column.example, column.choices))
        if isinstance(example.value, str):
            example.data_type = "s"
        example.font = _EXAMPLE
        if not isinstance(column.example, int | float):
            for row in range(2, 202):
                sheet.cell(row, place).number_format = "@"
        if column.choices:
            _drop_down(sheet, lists, place, letter, column)
    _explain(book.create_sheet(str(EXPLAINED), 1), table)
    return _saved(book)


def _drop_down(sheet: Any, lists: Any, place: int, letter: str, column: Column) -> None:
    options = [str(one) for one in column.choices.values()]
    for row, option in enumerate(options, 1):
        lists.cell(row, place, option)
    formula = f"'{lists.title}'!${letter}$1:${letter}${len(options)}"
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=False)
    rule.add(f"{letter}2:{letter}{TEMPLATE_ROWS}")
    sheet.add_data_validation(rule)


def _explain(sheet: Any, table: Table) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 10
    sheet.column_dimensions["C"].width, sheet.column_dimensions["D"].width = 64, 30
    general = [
        _("第 2 行是示例，填之前删掉它。一行一条，不要合并单元格，不要公式。"),
        _("带 * 的列必填。空着的格子：新增时按默认，已有的不改。"),
        _("导入先试读：逐行列出错误和将要发生的变化，看过再导入；有一行错就一行也不导入。"),
        _("再导入同一个文件不会重复：按“填写说明”里写明的列认同一条。"),
    ]
    for line in [*general, *(str(note) for note in table.notes)]:
        sheet.append([line])
        sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=4)
        sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.append([])
    sheet.append([_("列"), _("必填"), _("怎么填"), _("可选")])
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for column in table.taken:
        options = "、".join(str(one) for one in column.choices.values())
        required = _("必填") if column.required else _("新增必填") if column.required_new else ""
        sheet.append([column.head.removesuffix(" *"), required, str(column.note), options])
        for cell in sheet[sheet.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def with_errors(titles: Sequence[str], rows: Iterable[tuple[Sequence[Any], str]]) -> IO[bytes]:
    """The file as it came, with a column 错误: every row, so that it can be put right and sent again."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(ERROR_TITLE))
    kept = list(titles)
    for place in range(1, len(kept) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 18
    sheet.column_dimensions[get_column_letter(len(kept) + 1)].width = 70
    sheet.freeze_panes = "A2"
    sheet.append([*(_head(sheet, title) for title in kept), _head(sheet, str(ERROR_TITLE))])
    for cells, error in rows:
        padded = [*cells, *[None] * (len(kept) - len(cells))]
        sheet.append([_text(sheet, one) for one in (*padded, error)])
    return _saved(book)


def _file() -> IO[bytes]:
    return TemporaryFile()


def _saved(book: Workbook) -> IO[bytes]:
    out = _file()
    book.save(out)
    out.seek(0)
    return out


def _widths(sheet: Any, columns: Iterable[Column]) -> None:
    for place, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
